# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The built-in music library: free scores played by sampled instruments on first use.

The sound is that of TimGM6mb.sf2 (see :mod:`emo_music_ros.io.synthesis`). The result depends on
nothing but the table of pieces and the versions of the packages.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io import synthesis
from emo_music_ros.io.synthesis import FloatArray
from emo_music_ros.recommendation.library.apart import apart
from emo_music_ros.recommendation.library.piece import Piece
from emo_music_ros.recommendation.library.pieces import PIECES
from emo_music_ros.recommendation.library.scores import REMEDY, arrange, read_score

SAMPLE_RATE = 44100
FADE_IN, FADE_OUT = 0.3, 3.0
_MANIFEST = "library.json"
_LOCK = ".library.lock"
_LOG = "rendering.log"


def ensure(
    folder: Path,
    progress: Callable[[int, int, str], None] | None = None,
    pieces: Sequence[Piece] = PIECES,
) -> Path:
    """Make what is missing of the library and return its folder.

    Every file is complete or absent: an interrupted run goes on where it ended. Of several
    processes one makes the library and the others wait for it. Scores, samples and reverberation
    take some hundred megabytes, and libraries have much to say about old scores: all of that is
    in a process of its own.

    Parameters
    ----------
    folder : pathlib.Path
        Where the library is, made on demand.
    progress : callable, optional
        Gets (done, total, title) after every piece that had to be made.
    pieces : sequence of Piece
        What belongs into it.

    Raises
    ------
    CompanionError
        If the process that makes it breaks off: an `InputError` if a package that is needed, or
        a score, is missing, a `StorageError` if the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {f"{piece.name}.ogg": piece for piece in pieces}
        # Nothing is opened for writing in a library that is complete: it may be read-only.
        if _missing(folder, wanted) or set(_read_manifest(folder)) - set(wanted):
            apart(complete, folder, wanted, progress=progress, log=folder / _LOG)
    except OSError as error:
        raise StorageError(
            f"the music library in '{folder}' cannot be written: {error}",
            "Free space, or set EMO_MUSIC_CACHE to a folder that can be written",
        ) from error
    return folder


def discard(paths: Iterable[Path]) -> None:
    """Remove pieces that cannot be played; :func:`ensure` makes them again."""
    for path in paths:
        with contextlib.suppress(OSError):  # a library of somebody else
            path.unlink(missing_ok=True)


def _missing(folder: Path, wanted: dict[str, Piece]) -> list[str]:
    manifest = _read_manifest(folder)
    return [
        name
        for name, piece in wanted.items()
        if manifest.get(name) != piece.digest() or not (folder / name).is_file()
    ]


def complete(
    folder: Path, wanted: dict[str, Piece], progress: Callable[[int, int, str], None]
) -> None:
    """Make the pieces that are missing, by file name, and remove what is not wanted any more."""
    with _alone(folder):
        manifest, missing = _read_manifest(folder), _missing(folder, wanted)
        for done, name in enumerate(missing, start=1):
            piece = wanted[name]
            _write(perform(piece), piece, folder / name)
            manifest[name] = piece.digest()
            _write_manifest(folder, manifest)
            progress(done, len(missing), piece.title)
        for name in set(manifest) - set(wanted):
            (folder / name).unlink(missing_ok=True)
            del manifest[name]
            _write_manifest(folder, manifest)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process works on the library; a lock ends with its process."""
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def perform(piece: Piece) -> FloatArray:
    """Read the score of a piece and play it: float32 [samples, 2] at 44.1 kHz, about -20 dB RMS.

    Raises
    ------
    InputError
        If a package that is needed, or the score, is missing.
    """
    parts = arrange(piece, read_score(piece))
    audio = synthesis.render(parts, SAMPLE_RATE, tail=2.5)
    audio = synthesis.set_level(synthesis.room(audio, SAMPLE_RATE))
    return synthesis.fade(audio, SAMPLE_RATE, FADE_IN, FADE_OUT)


def _write(audio: FloatArray, piece: Piece, path: Path) -> None:
    """Write Ogg Vorbis with tags beside its place, then move it there."""
    try:
        import soundfile
        from mutagen.oggvorbis import OggVorbis
    except ImportError as error:
        raise InputError(f"{error.name} is not installed", REMEDY) from error
    partial = path.with_name(f".{path.stem}.partial.ogg")
    try:
        with soundfile.SoundFile(
            partial, "w", SAMPLE_RATE, 2, format="OGG", subtype="VORBIS", compression_level=0.5
        ) as out:
            # libsndfile needs stack in proportion to the block.
            for start in range(0, len(audio), SAMPLE_RATE):
                out.write(audio[start : start + SAMPLE_RATE])
        tags = OggVorbis(partial)
        tags["title"] = piece.title
        tags["artist"] = piece.composer
        tags["composer"] = piece.composer
        tags["genre"] = piece.genre
        tags["album"] = "emo_music_ros built-in library"
        tags["comment"] = f"{piece.reference}. {piece.rights}. Sound: TimGM6mb.sf2"
        tags.save()
        _fix_serial(partial, zlib.crc32(piece.name.encode()))
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except soundfile.LibsndfileError as error:
        raise OSError(str(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def _fix_serial(path: Path, serial: int) -> None:
    """Replace the random number of the Ogg stream, so that the same music gives the same file."""
    from mutagen.ogg import OggPage

    pages = bytearray()
    with path.open("rb") as content:
        while True:
            try:
                page = OggPage(content)
            except EOFError:
                break
            page.serial = serial
            pages += page.write()
    path.write_bytes(pages)


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        content = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(name): str(digest) for name, digest in content.items() if name.endswith(".ogg")}


def _write_manifest(folder: Path, manifest: dict[str, str]) -> None:
    partial = folder / f".{_MANIFEST}.partial"
    partial.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")
    os.replace(partial, folder / _MANIFEST)
