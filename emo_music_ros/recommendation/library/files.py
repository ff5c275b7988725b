# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The audio files of a folder: which there are, whether they changed, what they hold."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.io.formats import SOUND
from emo_music_ros.names import shown
from emo_music_ros.paths import kind
from emo_music_ros.recommendation.library.tags import read_place, read_tags


@dataclass(frozen=True)
class AudioFile:
    """What is known about one file; `error` says why it is unusable, empty = usable.

    `track_id` is the hash of its content, `version` that of the analysis it was made for, `number`
    its place on the album, 0 = not known.
    """

    path: str
    size: int
    modified: int
    track_id: str = ""
    title: str = ""
    artist: str = ""
    genre: str = ""
    version: str = ""
    error: str = ""
    album: str = ""
    number: int = 0


def audio_files(folder: Path, on_error: Callable[[OSError], None] | None = None) -> list[Path]:
    """Return the audio files in and below a folder, sorted; linked folders belong to it.

    Parameters
    ----------
    folder : pathlib.Path
        Where to look.
    on_error : callable, optional
        Told of each folder below it that cannot be read.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or it holds no audio.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(
            f"the music folder '{folder}' {what}",
            "Give the path of a folder with music (mp3, ogg, flac, wav, m4a and others)",
        )
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise InputError(
            f"the music folder '{folder}' cannot be read: {error.strerror}",
            "Give this user the right to read it",
        ) from error
    found = sorted(
        Path(where) / name
        for where, names in _walk(folder, on_error)
        for name in names
        if name.lower().endswith(SOUND) and not name.startswith(".")
    )
    if not found:
        raise InputError(
            f"the music folder '{folder}' holds no music",
            f"Put music into it (files ending in {', '.join(SOUND)}), or leave the path empty "
            "for the built-in library",
        )
    return found


def _walk(
    folder: Path, on_error: Callable[[OSError], None] | None
) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders in and below a folder with the files in each; links are followed.

    A folder that was seen on another way is left out, so that links may go in circles.
    """
    seen: set[tuple[int, int]] = set()
    for where, below, names in os.walk(folder, onerror=on_error, followlinks=True):
        try:
            status = os.stat(where)
        except OSError as error:
            if on_error is not None:
                on_error(error)
            below.clear()
            continue
        place = status.st_dev, status.st_ino
        if place in seen:
            below.clear()
            continue
        seen.add(place)
        yield where, names


def unusable(path: Path, reason: str) -> AudioFile:
    """Return the entry of a file that cannot be used now; it is never remembered.

    What is wrong may pass without the file changing.
    """
    return AudioFile(str(path), -1, -1, error=f"'{shown(path)}' {reason}")


def examine(path: Path, known: AudioFile | None, version: str) -> AudioFile:
    """Return what is known about a file, reading it only if it may have changed."""
    if shown(path) != str(path):
        return unusable(path, "has a name that is no UTF-8 text. Rename it")
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            return unusable(path, f"is a {kind(path)}, not a file")
        if (
            known is not None
            and (known.size, known.modified) == (status.st_size, status.st_mtime_ns)
            and known.version == version
        ):
            return known
        entry = AudioFile(str(path), status.st_size, status.st_mtime_ns, version=version)
        if status.st_size == 0:
            return replace(entry, error=f"'{path}' is empty. Replace the file or remove it")
        with path.open("rb") as content:
            digest = hashlib.blake2b(digest_size=16)
            while block := content.read(1 << 20):
                digest.update(block)
    except OSError as error:
        return unusable(path, f"cannot be read: {error.strerror}")
    title, artist, genre = read_tags(path)
    album, number = read_place(path)
    return replace(
        entry,
        track_id=digest.hexdigest(),
        title=title,
        artist=artist,
        genre=genre,
        album=album,
        number=number,
    )


def refuse_truncated_ogg(path: Path) -> None:
    """Raise if the last page of an Ogg file is not marked as the end: decoders do not notice.

    Raises
    ------
    InputError
        If it is not.
    """
    if path.suffix.lower() != ".ogg":
        return
    with path.open("rb") as content:
        content.seek(max(0, path.stat().st_size - (1 << 17)))
        tail = content.read()
    page = tail.rfind(b"OggS")
    if page >= 0 and len(tail) > page + 5 and not tail[page + 5] & 4:
        raise InputError(
            f"'{path}' is truncated: its end is missing",
            "Copy it again; if this is all there is, write it anew: "
            "ffmpeg -i in.ogg -c copy out.ogg",
        )
