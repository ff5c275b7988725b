# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Playlists: M3U and M3U8, and XSPF (http://xspf.org/xspf-v1.html)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from emo_music_ros.errors import InputError
from emo_music_ros.paths import regular_file

#: What the names of playlists end in.
ENDINGS = (".m3u", ".m3u8", ".xspf")
#: Largest file that is read [bytes]: some 100 000 entries.
LARGEST = 32 << 20
_XSPF = "{http://xspf.org/ns/0/}"
_EXTINF = re.compile(r"#EXTINF:\s*(-?[\d.]*)(?:\s+[\w-]+=\"[^\"]*\")*\s*,(.*)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Entry:
    """One entry of a playlist.

    Attributes
    ----------
    locations : tuple of str
        Where it is, as written; the first that is there counts.
    title : str
        What it is called there; empty = not told.
    urls : bool
        Whether locations are URLs by the format, hence percent-encoded.
    """

    locations: tuple[str, ...]
    title: str = ""
    urls: bool = False

    def paths(self, playlist: Path) -> list[Path]:
        """Return the files it may be, most likely first; none for a stream of the network."""
        found: list[Path] = []
        for location in self.locations:
            for text in _as_paths(location, self.urls):
                if "\0" not in text:
                    path = playlist.parent / text
                    found += [path] if path not in found else []
        return found


def read_playlist(path: str | Path) -> list[Entry]:
    """Return the entries of a playlist in their order.

    Text is UTF-8 or UTF-16 where it says so by its mark or is valid UTF-8, else Latin-1; in XSPF
    its declaration counts.

    Raises
    ------
    InputError
        If it is no such file, too large, or holds something else.
    """
    file = regular_file(path, "playlist")
    if file.suffix.lower() not in ENDINGS:
        raise InputError(
            f"'{file}' is no playlist that can be read", f"Give one of {', '.join(ENDINGS)}"
        )
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            f"the playlist '{file}' cannot be read: {error.strerror}",
            "Give this user the right to read it, or connect the disk it is on",
        ) from error
    if len(content) > LARGEST:
        raise InputError(f"the playlist '{file}' is larger than 32 MiB", "Give a playlist")
    return _xspf(file, content) if file.suffix.lower() == ".xspf" else _m3u(file, content)


def _m3u(file: Path, content: bytes) -> list[Entry]:
    entries: list[Entry] = []
    title = ""
    text = _text(content)
    if "\0" in text:
        raise InputError(f"'{file}' is no text", "Give a playlist of files")
    for line in map(str.strip, text.splitlines()):
        if line.upper().startswith("#EXT-X-"):
            raise InputError(
                f"'{file}' is a stream in parts (HLS), not a list of pieces",
                "Give a playlist of files",
            )
        if line.startswith("#"):
            told = _EXTINF.match(line)
            title = told.group(2).strip() if told else title
        elif line:
            entries.append(Entry((line,), title))
            title = ""
    return entries


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


class _NoDoctype(ET.TreeBuilder):
    """Refuses entities, by which a few lines could become gigabytes."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ET.ParseError("it declares a document type")


def _xspf(file: Path, content: bytes) -> list[Entry]:
    try:
        root = ET.fromstring(content, ET.XMLParser(target=_NoDoctype()))
    except (ET.ParseError, LookupError, ValueError) as error:
        raise InputError(
            f"'{file}' is no XSPF playlist ({error})", "Write it again with the program it is from"
        ) from error
    if root.tag != f"{_XSPF}playlist":
        raise InputError(f"'{file}' is no XSPF playlist", "Write it again, as version 1")
    base = root.get("{http://www.w3.org/XML/1998/namespace}base", "")
    entries = []
    for track in root.iterfind(f"{_XSPF}trackList/{_XSPF}track"):
        texts = (place.text or "" for place in track.iterfind(f"{_XSPF}location"))
        locations = tuple(urljoin(base, text.strip()) for text in texts if text.strip())
        names = (track.findtext(f"{_XSPF}{name}", "").strip() for name in ("creator", "title"))
        title = " - ".join(filter(None, names))
        if locations or title:
            entries.append(Entry(locations, title, urls=True))
    return entries


def _as_paths(location: str, is_url: bool) -> list[str]:
    """Return the paths that a location may mean, most likely first."""
    if _DRIVE.match(location):  # of another system
        return []
    scheme, host, path = urlsplit(location)[:3] if "://" in location[:20] else ("", "", location)
    if scheme.lower() == "file":
        return [unquote(path)] if host.lower() in ("", "localhost") else []
    if scheme:
        return []
    if location.lower().startswith("file:"):
        return [unquote(location[5:])]
    if is_url:
        return [unquote(location), location]
    turned = location.replace("\\", "/")
    # Some programs write paths of M3U as if they were URLs.
    return list(dict.fromkeys([location, turned, unquote(location), unquote(turned)]))
