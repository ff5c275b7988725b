"""Training and measuring of the text encoder."""
