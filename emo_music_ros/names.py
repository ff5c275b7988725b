"""Names that come from outside: tags, topics, diagnostics."""

from __future__ import annotations

#: Most characters of a name that are kept.
LONGEST = 200


def printable(text: str, longest: int = LONGEST) -> str:
    """Return a text as it can be stored, sent and printed: one line, of bounded length."""
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return "".join(each if each.isprintable() else "?" for each in text)
