# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The mood of music: valence and arousal of what is being played, or of a file.

The estimate says what the *music* expresses to listeners, not what the person feels; what
listeners say they feel is told beside it (see :mod:`emo_music_ros.encoding.music.model`).

Three models are there: ``music``, ``music_forest`` (the Random Forest of paper B) and ``music_cnn``
(the one-dimensional convolutional network of paper E).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.model import WINDOW, MusicModel, estimate
from emo_music_ros.encoding.music.pieces import analyse, quality_of, read_audio
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE
from emo_music_ros.encoding.shared.results import each, file
from emo_music_ros.io.resampling import Resampler
from emo_music_ros.options import option
from emo_music_ros.streams import AudioBlock, Encoding, FloatArray, MusicDescription, Sample

#: A jump of the clock of the stream beyond this [s] begins a new piece.
_JUMP = 0.5


class MusicEncoder:
    """Listens along with the player and says every few seconds how the music sounds.

    Windows lie at whole multiples of the hop from the beginning of the stream, so that the
    result does not depend on the size of the blocks. A gap, another rate, another source or a
    jump of the clock begins anew. Silent windows give nothing.

    Parameters
    ----------
    options : MusicEncoder.Options
        What can be set.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    """

    modality: ClassVar[str] = "music"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        window: float = option(WINDOW, "length of one window [s]", low=5.0, high=60.0)
        hop: float = option(5.0, "time from window to window [s]", low=0.5, high=60.0)
        model: str = option("music", "name of the network in the models folder")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or MusicEncoder.Options()
        self._model = MusicModel(self.options.model)
        self.version = self._model.version
        self._window = int(round(self.options.window * SAMPLE_RATE))
        self._hop = int(round(self.options.hop * SAMPLE_RATE))
        self.reset()

    def reset(self) -> None:
        """Forget everything about the stream so far."""
        self._buffer: FloatArray = np.zeros(0, np.float32)
        self._start = 0  # index of the first sample of the buffer since the reset
        self._skip = 0  # samples still to be dropped before the next window begins
        self._resampler: Resampler | None = None
        self._next: tuple[int, float, int, str] | None = None  # sample, time, rate, source
        self._received = 0

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next block of what is played and return the encodings it completes."""
        if not isinstance(sample, AudioBlock) or not sample.usable:
            return []
        rate = sample.sample_rate
        if self._next is not None:
            expected, due, known_rate, source = self._next
            if (
                sample.first_sample != expected
                or rate != known_rate
                or sample.source != source
                or not abs(sample.time - due) < _JUMP
            ):
                self.reset()
        anchor = sample.time - self._received / rate
        samples = np.nan_to_num(np.asarray(sample.samples, np.float32).ravel(), posinf=0, neginf=0)
        self._received += len(samples)
        self._next = (
            sample.first_sample + len(samples),
            sample.time + len(samples) / rate,
            rate,
            sample.source,
        )
        if self._resampler is None:
            self._resampler = Resampler(rate, SAMPLE_RATE)
        samples = self._resampler(samples)
        self._buffer = np.concatenate([self._buffer, samples])
        found: list[Encoding] = []
        while True:
            if self._skip:
                dropped = min(self._skip, len(self._buffer))
                self._buffer = self._buffer[dropped:]
                self._start += dropped
                self._skip -= dropped
            if self._skip or len(self._buffer) < self._window:
                return found
            encoding = self._encode(self._buffer[: self._window], anchor, sample.source)
            if encoding is not None:
                found.append(encoding)
            self._skip = self._hop

    def _encode(self, audio: FloatArray, anchor: float, source: str) -> Encoding | None:
        spectrum = music_spectrum.analyse(audio)
        quality = quality_of(spectrum)
        if quality <= 0:
            return None
        summary = music_features.describe(spectrum)
        answers = self._model(self._model.vector(spectrum, summary))
        dominance = None if answers.dominance is None else float(answers.dominance[0])
        begin = anchor + self._start / SAMPLE_RATE
        return Encoding(
            modality=self.modality,
            time=begin + self._window / SAMPLE_RATE,
            window_start=begin,
            estimate=estimate(answers.quadrants[0], quality, dominance),
            embedding=answers.embedding[0],
            features={
                "tempo": summary.tempo,
                "mode": summary.mode,
                "key": float(summary.key),
                "energy": summary.energy,
                "level": summary.level,
                "onset_rate": summary.onset_rate,
                "centroid": summary.centroid,
            },
            source=source,
        )

    def describe(self, path: Path) -> MusicDescription:
        """Return what a whole file sounds like; the stream is not touched.

        Raises
        ------
        InputError
            If the file is missing, not readable, truncated or shorter than a second.
        """
        audio, duration = read_audio(path)
        heard = analyse(audio, self._model)
        return MusicDescription(
            duration,
            heard.summary.tempo,
            heard.summary.mode,
            heard.summary.energy,
            heard.summary.timbre,
            np.roll(heard.summary.chroma, -heard.summary.key),
            heard.mood.estimate,
        )


class ForestMusicEncoder(MusicEncoder):
    """The music encoder with the Random Forest of paper B, section C.3."""

    @dataclass(frozen=True)
    class Options(MusicEncoder.Options):
        """What can be set."""

        model: str = option("music_forest", "name of the network in the models folder")


class CnnMusicEncoder(MusicEncoder):
    """The music encoder with the one-dimensional CNN of paper E, section 3.1."""

    @dataclass(frozen=True)
    class Options(MusicEncoder.Options):
        """What can be set."""

        model: str = option("music_cnn", "name of the network in the models folder")


def predict_music(paths: Iterable[str | Path], name: str = "music") -> Iterator[dict[str, Any]]:
    """Judge audio (mp3, ogg, flac, wav) or MIDI files by the model `name`, one result each.

    Yields
    ------
    dict
        What the music expresses (input, labels, probabilities, valence, arousal, dominance,
        confidence), and what listeners feel: ``felt``, the share that would feel each emotion of
        :data:`emo_music_ros.emotion.GEMS`, and ``liked``, the share that would like it, 0..1.
        For silence the probabilities are empty, the others None; likewise ``felt`` and ``liked``
        of the models of the papers, which do not know. For a file that cannot be read input and
        error.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    """
    model = MusicModel(name)

    def one(path: Path) -> Iterator[dict[str, Any]]:
        audio, _ = read_audio(file(path))
        found = analyse(audio, model).mood
        mood, heard = found.estimate, len(found.estimate.probabilities) > 0
        yield {
            "input": str(path),
            "labels": list(mood.labels),
            "probabilities": [float(value) for value in mood.probabilities],
            "valence": float(mood.valence) if heard else None,
            "arousal": float(mood.arousal) if heard else None,
            "dominance": float(mood.dominance) if heard else None,
            "confidence": float(mood.confidence),
            "felt": found.felt or None,
            "liked": found.liked if found.felt else None,
        }

    yield from each(paths, one)
