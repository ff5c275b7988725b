"""One module per command of ``emo-music``: `add` declares its arguments and what it runs."""
