# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A library of up to millions of tracks in files that are opened by memory map.

The query and the keys of paper A, Eq. 9, as :mod:`policy.scoring` has them, order tracks as the
distance does in a space of (place times root of the focus, content vector). An index of that space
(faiss: inverted lists of exact vectors, of which the nearest few are looked through) finds
candidates, and only these become :class:`Track` objects to be scored by a policy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.recommendation.policy.scoring import AXES
from emo_music_ros.streams import FloatArray, Track

#: How many candidates are found for a need, and lists that are looked through for them.
CANDIDATES, PROBES = 16, 32
#: Tracks that lists are learned from, for each list.
LEARNED = 64
#: Sharpness of the need against taste, as the default of the policies.
FOCUS = 24.0
#: Tracks that are taken over at once.
CHUNK = 10_000
FORMAT = 2

_NUMBERS = (
    *("duration", "tempo", "mode", "energy", "valence", "arousal", "dominance"),
    *("loudness", "loudest", "peak"),
)
_TEXTS = ("track_id", "path", "title", "artist", "genre", "language", "album")
_VALUES = (*_NUMBERS, "year", "number", "own", "derived")
_ROW = np.dtype(
    [
        *((name, np.float32) for name in _NUMBERS),
        *((name, np.int32) for name in ("year", "number")),
        *((name, np.bool_) for name in ("own", "derived")),
        ("begin", np.uint64),
        ("length", np.uint32),
    ]
)
#: Where a hash of an id or path leads to, in the order of the hashes.
_KEY = np.dtype([("hash", np.uint64), ("row", np.uint64)])
#: Files of a library.
INFO = "library.json"
_ROWS, _CONTENT, _KEYS, _WORDS, _INDEX = (
    *("rows.npy", "content.npy", "keys.npy", "words.bin", "near.faiss"),
)


class LargeLibrary(Sequence[Track]):
    """Tracks that are read when they are asked for.

    Parameters
    ----------
    folder : pathlib.Path
        What :func:`build` wrote.
    probes : int
        Lists of the index that are looked through; more find more and take longer.

    Raises
    ------
    InputError
        If there is no library of this format, or faiss is not installed.
    """

    def __init__(self, folder: Path, probes: int = PROBES) -> None:
        faiss = _faiss()
        try:
            info = json.loads((folder / INFO).read_text("utf-8"))
            if info["format"] != FORMAT:
                raise ValueError(f"it has format {info['format']}, not {FORMAT}")
            self._rows = np.asarray(np.load(folder / _ROWS, mmap_mode="r"))
            self._content = np.asarray(np.load(folder / _CONTENT, mmap_mode="r"))
            self._keys = np.asarray(np.load(folder / _KEYS, mmap_mode="r"))
            self._words = np.asarray(np.memmap(folder / _WORDS, np.uint8, mode="r"))
            self._index = faiss.read_index(
                str(folder / _INDEX), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY
            )
            counts = {len(self._rows), len(self._content), len(self._keys) // 2, self._index.ntotal}
            if len(counts) != 1:
                raise ValueError("its files do not belong together")
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise InputError(
                f"{folder} is no library: {error}", "Make it again: emo-music library MUSIC OUT"
            ) from error
        self._index.nprobe = probes
        # Threads that read ahead take longer than what they read.
        faiss.downcast_InvertedLists(self._index.invlists).prefetch_nthread = 0

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, row: int) -> Track: ...
    @overload
    def __getitem__(self, row: slice) -> list[Track]: ...
    def __getitem__(self, row: int | slice) -> Track | list[Track]:
        """Return a track, or some; `features` are unit vectors about the middle of the library."""
        if isinstance(row, slice):
            return self._read(np.arange(*row.indices(len(self))))
        return self._read(np.array([range(len(self))[row]]))[0]

    def _read(self, rows: NDArray[np.int64]) -> list[Track]:
        found = []
        entries, content = self._rows[rows], np.array(self._content[rows], np.float32)
        for entry, features in zip(entries.tolist(), content):
            *values, begin, length = entry
            texts = bytes(self._words[begin : begin + length]).decode("utf-8").split("\0")
            known = dict(zip(_TEXTS, texts)) | dict(zip(_VALUES, values))
            found.append(Track(**known, features=features))
        return found

    def find(self, name: str) -> Track | None:
        """Return the track with an id, or else a path; None if there is none."""
        if not name:
            return None
        key = np.uint64(_hash(name))  # a Python int would be compared as a float
        begin, end = (self._keys["hash"].searchsorted(key, side) for side in ("left", "right"))
        found = self._read(self._keys["row"][begin:end].astype(np.int64))
        by_id = (track for track in found if track.track_id == name)
        return next(by_id, next((track for track in found if track.path == name), None))

    def named(self, wanted: Callable[[str, str, str], bool]) -> list[Track]:
        """Return the tracks whose id, title and artist are wanted; reads those of all, seconds."""
        begins, lengths = self._rows["begin"].tolist(), self._rows["length"].tolist()
        at = [_TEXTS.index(name) for name in ("track_id", "title", "artist")]
        rows = []
        for row, (begin, length) in enumerate(zip(begins, lengths)):
            texts = bytes(self._words[begin : begin + length]).decode("utf-8").split("\0")
            if wanted(*(texts[each] for each in at)):
                rows.append(row)
        return self._read(np.array(rows, np.int64)) if rows else []

    @cached_property
    def derived(self) -> int:
        """How many tracks have their place from words, not from their sound."""
        return int(np.count_nonzero(self._rows["derived"]))

    @cached_property
    def own(self) -> list[Track]:
        """The tracks that are marked as the person's own, wherever they are."""
        return self._read(np.flatnonzero(self._rows["own"]))

    def candidates(
        self, places: FloatArray, preference: FloatArray, count: int = CANDIDATES
    ) -> list[Track]:
        """Return the tracks that get most attention (Eq. 9), of those looked through.

        Parameters
        ----------
        places : array [needs, 3]
            Valence, arousal and dominance of each need, -1..1.
        preference : array [features]
            Of the person; of another length, none is known.
        count : int
            How many at most for each need; each track is returned once.
        """
        return self._read(np.unique(self.nearest(places, preference, count)))

    def nearest(
        self, places: FloatArray, preference: FloatArray, count: int = CANDIDATES
    ) -> NDArray[np.int64]:
        """Return the rows of :meth:`candidates`, of each need in turn the nearest first."""
        asked = self.query(places, preference)
        _, rows = self._index.search(asked, min(count, len(self)))
        found: NDArray[np.int64] = rows[rows >= 0]
        return found

    def query(self, places: FloatArray, preference: FloatArray) -> NDArray[np.float32]:
        """Return needs and a taste as points of the space of the index [needs, 3 + features]."""
        width = self._content.shape[1]
        taste = np.nan_to_num(preference) if preference.size == width else np.zeros(width)
        near = _scaled(np.reshape(places, (-1, 3)))
        return np.column_stack([near, np.tile(taste, (len(near), 1))]).astype(np.float32)

    def vectors(self) -> NDArray[np.float32]:
        """Return all tracks as points of the space of the index [tracks, 3 + features]."""
        return np.column_stack([_scaled(_places(self._rows)), self._content])


def build(folder: Path, tracks: Iterable[Track], middle: FloatArray | None = None) -> int:
    """Write a library and return the number of its tracks.

    Parameters
    ----------
    folder : pathlib.Path
        Made on demand; what is there is replaced when all is written.
    tracks : iterable of Track
        With features of one length.
    middle : array [features], optional
        About which content vectors are; default: the mean of all.

    Raises
    ------
    InputError
        If there are none, their features differ in length, or faiss is not installed.
    StorageError
        If it cannot be written.
    """
    faiss = _faiss()
    tables: list[NDArray[Any]] = []
    contents: list[NDArray[np.float32]] = []
    names: list[NDArray[np.uint64]] = []
    begin = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{_WORDS}.part").open("wb") as words:
            for some in _chunks(tracks):
                texts = [_words(track) for track in some]
                begins = begin + np.cumsum([0, *map(len, texts)])
                begin = int(begins[-1])
                words.write(b"".join(texts))
                tables.append(_table(some, begins[:-1], texts))
                contents.append(np.array([track.features for track in some], np.float32))
                pairs = [(_hash(track.track_id), _hash(track.path)) for track in some]
                names.append(np.array(pairs, np.uint64))
        if not tables or len({one.shape[1:] for one in contents}) != 1:
            raise ValueError(f"{sum(map(len, tables))} tracks of several lengths of features")
        table = np.concatenate(tables)
        vectors = unit(np.concatenate(contents), middle)
        index = _index(faiss, np.column_stack([_scaled(_places(table)), vectors]))
        arrays = ((_ROWS, table), (_CONTENT, vectors), (_KEYS, _keys(np.concatenate(names))))
        for name, array in arrays:
            with (folder / f"{name}.part").open("wb") as file:
                np.save(file, array)
        faiss.write_index(index, str(folder / f"{_INDEX}.part"))
        (folder / f"{INFO}.part").write_text(json.dumps({"format": FORMAT}), "utf-8")
        (folder / INFO).unlink(missing_ok=True)  # without it parts of two are never taken for one
        for name in (_WORDS, _ROWS, _CONTENT, _KEYS, _INDEX, INFO):
            (folder / f"{name}.part").replace(folder / name)
    except ValueError as error:  # also where NumPy cannot stack features
        raise InputError(
            f"these are no library: {error}", "Give tracks that one analysis described"
        ) from error
    except OSError as error:
        raise StorageError(
            f"the library cannot be written into {folder}: {error}", "Free space or name another"
        ) from error
    return len(table)


def _chunks(tracks: Iterable[Track]) -> Iterator[list[Track]]:
    left = iter(tracks)
    while some := list(islice(left, CHUNK)):
        yield some


def _words(track: Track) -> bytes:
    texts = (getattr(track, name).replace("\0", " ") for name in _TEXTS)
    return "\0".join(texts).encode("utf-8", "replace")


def _table(some: Sequence[Track], begins: NDArray[np.int64], texts: list[bytes]) -> NDArray[Any]:
    table = np.zeros(len(some), _ROW)
    for name in _VALUES:
        table[name] = [getattr(track, name) for track in some]
    table["begin"], table["length"] = begins, [len(text) for text in texts]
    return table


def _hash(name: str) -> int:
    data = name.encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _keys(hashes: NDArray[np.uint64]) -> NDArray[Any]:
    """Return where hashes lead to; a row has those of one track [tracks, 2]."""
    order = hashes.ravel().argsort(kind="stable")
    keys = np.zeros(len(order), _KEY)
    keys["hash"], keys["row"] = hashes.ravel()[order], order // 2
    return keys


def unit(content: FloatArray, middle: FloatArray | None = None) -> NDArray[np.float32]:
    """Return unit vectors about the middle [tracks, features]; what is not known is in it."""
    known = np.isfinite(content)
    if middle is None:
        total = np.where(known, content, 0.0).sum(axis=0, dtype=float)
        middle = total / np.maximum(known.sum(axis=0), 1)
    away = np.where(known, content - middle, 0.0).astype(np.float32)
    length = np.linalg.norm(away, axis=1, keepdims=True)
    return np.where(length > 1e-6, away / np.maximum(length, 1e-6), 0.0).astype(np.float32)


def _places(table: NDArray[Any]) -> FloatArray:
    return np.column_stack([table[name] for name in ("valence", "arousal", "dominance")])


def _scaled(places: FloatArray) -> NDArray[np.float32]:
    """Return places so that distance counts as attention does: see `scoring.query_and_keys`."""
    return np.asarray(np.nan_to_num(places) * np.sqrt(AXES * FOCUS), np.float32)


def _index(faiss: Any, vectors: NDArray[np.float32]) -> Any:
    vectors = np.ascontiguousarray(vectors, np.float32)
    count, width = vectors.shape
    lists = max(1, min(round(2 * np.sqrt(count)), count // LEARNED))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, lists)
    chosen = np.random.default_rng(0).permutation(count)[: LEARNED * lists]
    index.cp.niter = 10
    index.train(vectors[chosen] if lists > 1 else vectors)
    index.add(vectors)
    return index


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise InputError(
            f"a large library needs faiss: {error}",
            "Install it: .venv/bin/pip install -r requirements/large.txt",
        ) from error
    return faiss
