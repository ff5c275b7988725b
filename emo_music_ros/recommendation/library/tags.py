# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Title, artist and genre, as written into an audio file."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emo_music_ros.names import printable, shown

log = logging.getLogger(__name__)

#: What the number of a disc adds to that of a track: tracks of two discs are no neighbours.
_DISC = 1000
#: Most characters of a tag that are looked at.
_LONGEST = 1000
_GB2312 = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")
_CYRILLIC = re.compile(rb"[\xa8\xb8\xc0-\xff]+")
#: A word with letters within and beyond ASCII.
_MIXED = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")


def read_tags(path: Path) -> tuple[str, str, str]:
    """Return title (the file name if there is none), artist and genre."""
    tags = _Tags(path)
    return (
        tags.first("title", "TIT2") or printable(path.stem.replace("_", " ")),
        tags.first("artist", "TPE1", "composer", "TCOM"),
        tags.first("genre", "TCON"),
    )


def read_place(path: Path) -> tuple[str, int]:
    """Return the album and the place on it, counted from 1 and from 1001 on its second disc.

    Both are empty, ``""`` and 0, unless both are known.
    """
    tags = _Tags(path)
    album = tags.first("album", "TALB")
    track = _number(tags.first("tracknumber", "TRCK"))
    disc = _number(tags.first("discnumber", "TPOS")) or 1
    return (album, (disc - 1) * _DISC + track) if album and track else ("", 0)


class _Tags:
    """The tags of a file, as far as they can be read."""

    def __init__(self, path: Path) -> None:
        import mutagen

        self._path = path
        self._tags: Mapping[str, Any] = {}
        try:
            self._tags = mutagen.File(path, easy=True) or {}  # type: ignore[attr-defined]
        except Exception as error:  # damaged tags do not make the music unusable
            log.debug("tags of %s are unreadable: %.200r", shown(path), error)

    def first(self, *names: str) -> str:
        """Return the first of these tags that says something, empty if none does."""
        for name in names:
            try:
                text = _text(self._tags.get(name))
            except Exception as error:  # neither does a frame that is none
                log.debug("tag %s of %s is unreadable: %.200r", name, shown(self._path), error)
                continue
            if text:
                return text
        return ""


def _number(text: str) -> int:
    """Return the first number of a tag such as ``3/12``, 0 if there is none that can be meant."""
    found = re.match(r"\s*0*([0-9]{1,3})\b", text, re.ASCII)
    return int(found.group(1)) if found else 0


def _text(values: Any) -> str:
    """Return the first value of a tag."""
    value = values[0] if isinstance(values, list) and values else values
    # A WAV file has ID3 frames under their own names.
    text = getattr(value, "text", [value])[0] if value else ""
    # What is no text, or as long as a book, would end up in databases, messages and logs.
    clean = str(text)[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
    return printable(" ".join(decoded(clean).split()))


def decoded(text: str) -> str:
    """Return a tag that was read as Latin-1 in the code it was written in, where that is clear.

    Old tags do not say how they are coded. Clear is UTF-8; Chinese, where all bytes beyond ASCII
    are pairs of GB 2312, most of them frequent characters; and Cyrillic, where words have no other
    letters than those of Windows-1251.
    """
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    foreign = re.findall(rb"[\x80-\xff]+", raw)
    if not foreign:
        return text
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    run = b"".join(foreign)
    pairs = [run[place : place + 2] for place in range(0, len(run), 2)]
    if len(pairs) > 1 and not any(len(part) % 2 for part in foreign):
        frequent = sum(0xB0 <= pair[0] <= 0xD7 for pair in pairs)
        if all(_GB2312.fullmatch(pair) for pair in pairs) and frequent >= 0.8 * len(pairs):
            return raw.decode("gbk", "replace")
    if len(run) > 2 and _CYRILLIC.fullmatch(run) and not _MIXED.search(raw):
        return raw.decode("cp1251")
    return text
