# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The short lines by which the robot answers."""

from __future__ import annotations

from functools import cache

from emo_music_ros.talking.commands import table

#: The line for a piece without a title, and for what did not work.
UNTITLED, FAILED = "who_untitled", "failed"
_LANGUAGE = "en"  # in which is answered what comes in a language without lines


@cache
def _lines() -> dict[tuple[str, str], str]:
    return {(language, command): text for language, command, text in table("lines")}


def line(command: str, language: str, title: str = "", artist: str = "") -> str:
    """Return what the robot answers to a command.

    Parameters
    ----------
    command : str
        One of `COMMANDS`, `UNTITLED` or `FAILED`.
    language : str
        In which it was said; of one without lines the answer is English.
    title, artist : str
        Of the piece that is on, for the command ``who``.
    """
    lines = _lines()
    language = language.split("-")[0].lower()
    language = language if (language, command) in lines else _LANGUAGE
    if command == "who" and not (title and artist):
        if not title:
            return lines[language, UNTITLED]
        return f"{title}."
    return lines[language, command].format(title=title, artist=artist)
