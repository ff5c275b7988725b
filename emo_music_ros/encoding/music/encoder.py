"""The mood of music: valence and arousal of what is being played, or of a file.

The estimate says what the *music* expresses to listeners, not what the person feels. Labels are
the quadrants of the circumplex as in paper B (happy, relaxed, angry, sad). Valence and arousal
are ``2 p - 1`` with p the probability of the positive half; dominance, which no music corpus
rates here, is that of the words of the quadrants (:data:`emo_music_ros.emotion.PAD`).

Three models are there: ``music``, ``music_forest`` (the Random Forest of paper B) and ``music_cnn``
(the one-dimensional convolutional network of paper E).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import papers as music_papers
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.features import Descriptors
from emo_music_ros.encoding.music.spectrum import FRAME_RATE, SAMPLE_RATE, Spectrum
from emo_music_ros.encoding.shared.model import Model
from emo_music_ros.encoding.shared.results import each, file
from emo_music_ros.errors import InputError, ModelError
from emo_music_ros.io.audio import AudioReader
from emo_music_ros.io.midi import MIDI_ENDINGS
from emo_music_ros.io.resampling import Resampler, mono
from emo_music_ros.io.synthesis import render_midi
from emo_music_ros.options import option
from emo_music_ros.streams import (
    AudioBlock,
    Encoding,
    Estimate,
    FloatArray,
    MusicDescription,
    Sample,
)

#: Window the models were trained on [s], and in frames.
WINDOW = 10.0
WIDTH = round(WINDOW * FRAME_RATE)
#: The most of a file that is listened to [s], taken from its middle.
LONGEST = 120.0
#: A jump of the clock of the stream beyond this [s] begins a new piece.
_JUMP = 0.5


@dataclass(frozen=True)
class FeatureSet:
    """What a model is told of a window: the names of the numbers, and how they are taken."""

    names: tuple[str, ...]
    of: Callable[[Spectrum], FloatArray]


#: The sets of features by the name that the description of a model gives.
FEATURE_SETS = {
    "music": FeatureSet(
        music_features.NAMES, lambda spectrum: music_features.describe(spectrum).vector
    ),
    "paper_b": FeatureSet(music_papers.PAPER_B, music_papers.of_paper_b),
    "paper_e": FeatureSet(music_papers.PAPER_E, music_papers.of_paper_e),
}


class MusicModel:
    """The network that turns the features of a window into a mood.

    Parameters
    ----------
    name : str
        Model file in the ``models`` folder, without ending.

    Attributes
    ----------
    version : str
        Version of the model.
    piece_temperature : float
        What the mean answer to the windows of a piece is sharpened with, see :func:`tempered`.

    Raises
    ------
    ModelError
        If it is missing, corrupt or was trained on other features.
    """

    def __init__(self, name: str = "music") -> None:
        self._model = Model(name)
        self.version = self._model.version
        description = self._model.description
        features = FEATURE_SETS.get(description.get("feature_set", ""))
        fits = features is not None and description.get("features") == list(features.names)
        if features is None or not fits or "piece_temperature" not in description:
            raise ModelError(
                f"model '{name}' was trained on other features than this version computes",
                "Train it again: emo-music train music",
            )
        self._features = features
        self._temperature = float(description["temperature"])
        # The mean over the windows of a piece is less certain than the piece is clear.
        self.piece_temperature = float(description["piece_temperature"])

    def vector(self, spectrum: Spectrum, summary: Descriptors | None = None) -> FloatArray:
        """Return the features of a window; a summary of it that is at hand saves time."""
        if summary is not None and self._features is FEATURE_SETS["music"]:
            return summary.vector
        return self._features.of(spectrum)

    def __call__(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return probabilities [n, 4] and embeddings [n, ...] of feature vectors [n, features]."""
        outputs = self._model(np.atleast_2d(vectors).astype(np.float32))
        return tempered(outputs[0], self._temperature).astype(np.float32), outputs[-1]


def tempered(probabilities: FloatArray, temperature: float) -> NDArray[np.float64]:
    """Return probabilities [..., classes] sharpened (below 1) or softened (above) and summing to 1.

    The classes of a certain model keep a millionth each.
    """
    scaled = np.maximum(probabilities, 1e-6).astype(float) ** (1 / temperature)
    return scaled / scaled.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def estimate(probabilities: FloatArray, quality: float = 1.0) -> Estimate:
    """Return the estimate for probabilities [4] of :data:`emo_music_ros.emotion.QUADRANTS`."""
    happy, relaxed, angry, sad = (float(value) for value in probabilities)
    words = emotion.from_labels(emotion.QUADRANTS, probabilities, quality)
    return Estimate(
        words.labels,
        words.probabilities,
        valence=happy + relaxed - angry - sad,
        arousal=happy + angry - relaxed - sad,
        dominance=words.dominance,
        confidence=words.confidence,
        quality=quality,
    )


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
        if not isinstance(sample, AudioBlock) or sample.sample_rate <= 0:
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
        probabilities, embedding = self._model(self._model.vector(spectrum, summary))
        begin = anchor + self._start / SAMPLE_RATE
        return Encoding(
            modality=self.modality,
            time=begin + self._window / SAMPLE_RATE,
            window_start=begin,
            estimate=estimate(probabilities[0], quality),
            embedding=embedding[0],
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
            heard.estimate,
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


def quality_of(spectrum: Spectrum) -> float:
    """Return how usable a window is: share that sounds less the share that is clipped, 0..1."""
    sounding = float(np.mean(spectrum.mean_square >= music_features.SILENCE**2))
    if sounding < 0.1:
        return 0.0
    clipped = float(spectrum.clipped.mean())
    return float(np.clip(sounding - 5 * clipped, 0.05, 1.0))


def read_audio(path: Path) -> tuple[NDArray[np.float32], float]:
    """Read audio or render MIDI as mono at 22,050 Hz.

    Returns
    -------
    audio : numpy.ndarray
        float32 [samples], at most two minutes from the middle of the file.
    duration : float
        Length of the whole file in seconds.

    Raises
    ------
    InputError
        If the file is missing, not readable, truncated or shorter than a second.
    """
    remedy = "Replace the file or remove it"
    if path.suffix.lower() in MIDI_ENDINGS:
        if not path.is_file():
            raise InputError(f"'{path}' does not exist", "Check the path")
        audio = mono(render_midi(path, SAMPLE_RATE))
        surplus = max(0, len(audio) - int(LONGEST * SAMPLE_RATE)) // 2
        cut = audio[surplus : surplus + int(LONGEST * SAMPLE_RATE)]
        return cut, len(audio) / SAMPLE_RATE
    reader = AudioReader(path, SAMPLE_RATE)
    duration = reader.duration
    if duration > LONGEST:
        reader.close()
        reader = AudioReader(path, SAMPLE_RATE, start=(duration - LONGEST) / 2)
    try:
        audio = mono(reader.read(int(LONGEST * SAMPLE_RATE)))
        if reader.complaint:
            raise InputError(reader.complaint, remedy)
    finally:
        reader.close()
    if len(audio) < SAMPLE_RATE:
        raise InputError(
            f"'{path}' holds {len(audio) / SAMPLE_RATE:.2f} s of sound, too little to describe",
            remedy,
        )
    return audio, duration


@dataclass(frozen=True)
class Analysis:
    """A whole piece: its description and its mood, taken from windows of ten seconds."""

    summary: Descriptors
    estimate: Estimate


def windows(spectrum: Spectrum, hop: int = WIDTH) -> list[tuple[int, Spectrum]]:
    """Return the first frame and the frames of every window of ten seconds.

    The last one may be cut to half its length; what is shorter than a window is one.
    """
    starts = range(0, max(len(spectrum) - WIDTH // 2, 1), hop)
    return [(start, spectrum.part(start, start + WIDTH)) for start in starts]


def analyse(audio: FloatArray, model: MusicModel) -> Analysis:
    """Describe a piece [samples], mono at 22,050 Hz; silence gives the estimate that is unknown."""
    parts = [part for _, part in windows(music_spectrum.analyse(audio))]
    summaries = [music_features.describe(part) for part in parts]
    summary = music_features.combine(summaries)
    weights = np.array([quality_of(part) for part in parts])
    if weights.sum() <= 0:
        return Analysis(summary, emotion.unknown(emotion.QUADRANTS))
    vectors = [model.vector(part, described) for part, described in zip(parts, summaries)]
    probabilities, _ = model(np.stack(vectors))
    mixed = tempered(weights @ probabilities / weights.sum(), model.piece_temperature)
    return Analysis(summary, estimate(mixed.astype(np.float32), float(weights.mean())))


def predict_music(paths: Iterable[str | Path], name: str = "music") -> Iterator[dict[str, Any]]:
    """Judge audio (mp3, ogg, flac, wav) or MIDI files by the model `name`, one result each.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence; for silence the
        probabilities are empty and the circumplex None; for a file that cannot be read input
        and error.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    """
    model = MusicModel(name)

    def one(path: Path) -> Iterator[dict[str, Any]]:
        audio, _ = read_audio(file(path))
        mood = analyse(audio, model).estimate
        heard = len(mood.probabilities) > 0
        yield {
            "input": str(path),
            "labels": list(mood.labels),
            "probabilities": [float(value) for value in mood.probabilities],
            "valence": float(mood.valence) if heard else None,
            "arousal": float(mood.arousal) if heard else None,
            "dominance": float(mood.dominance) if heard else None,
            "confidence": float(mood.confidence),
        }

    yield from each(paths, one)
