# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Names that come from outside: tags, files, topics, diagnostics."""

from __future__ import annotations

import os

#: Most characters of a name that are kept.
LONGEST = 200
#: Most characters of a message to people.
LONGEST_LINE = 2000


def printable(text: str, longest: int = LONGEST) -> str:
    """Return a text as it can be stored, sent and printed: one line, of bounded length."""
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return "".join(each if each.isprintable() else "?" for each in text)


def shown(name: object) -> str:
    """Return the name of a file as it can be printed and sent, whatever bytes it is made of."""
    text = os.fspath(name) if isinstance(name, os.PathLike) else str(name)
    try:
        return os.fsencode(text).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """Return a message as one line of bounded length; its middle gives way, not cause or remedy."""
    if len(text) > longest:
        half = (longest - 5) // 2
        text = f"{text[:half]} ... {text[-half:]}"
    return printable(" ".join(shown(text).split()), 2 * longest)
