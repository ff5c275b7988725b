"""The mood of music: valence and arousal of what is being played, or of a file.

The estimate says what the *music* expresses to listeners, not what the person feels. Labels are
the quadrants of the circumplex as in paper B (happy, relaxed, angry, sad). Valence and arousal
are ``2 p - 1`` with p the probability of the positive half; dominance, which no music corpus
rates here, is that of the words of the quadrants (:data:`emo_music_ros.emotion.PAD`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import soxr
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding import music_features
from emo_music_ros.encoding.model import Model
from emo_music_ros.encoding.music_features import SAMPLE_RATE, Summary
from emo_music_ros.errors import InputError, ModelError
from emo_music_ros.options import option
from emo_music_ros.streams import AudioBlock, Encoding, Estimate, FloatArray, Sample

#: Window the model was trained on [s].
WINDOW = 10.0
#: The most of a file that is listened to [s], taken from its middle.
LONGEST = 120.0
#: A jump of the clock of the stream beyond this [s] begins a new piece.
_JUMP = 0.5


class MusicModel:
    """The network that turns the features of a window into a mood.

    Parameters
    ----------
    name : str
        Model file in the ``models`` folder, without ending.

    Raises
    ------
    ModelError
        If it is missing, corrupt or was trained on other features.
    """

    def __init__(self, name: str = "music") -> None:
        self._model = Model(name)
        self.version = self._model.version
        if self._model.description.get("features") != list(music_features.NAMES):
            raise ModelError(
                f"model '{name}' was trained on other features than this version computes",
                "Train it again: emo-music train music",
            )

    def __call__(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return probabilities [n, 4] and embeddings [n, 16] of feature vectors [n, features]."""
        logits, embedding = self._model(np.atleast_2d(vectors).astype(np.float32))
        positive = 1 / (1 + np.exp(-np.clip(logits.astype(float), -30, 30)))
        pleasant, active = positive[:, 0], positive[:, 1]
        return (
            np.stack(
                [
                    pleasant * active,
                    pleasant * (1 - active),
                    (1 - pleasant) * active,
                    (1 - pleasant) * (1 - active),
                ],
                axis=1,
            ).astype(np.float32),
            embedding,
        )


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
        self._resampler: soxr.ResampleStream | None = None
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
        if rate != SAMPLE_RATE and len(samples):
            if self._resampler is None:
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
            samples = self._resampler.resample_chunk(samples)
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
        summary = music_features.summarise(audio)
        quality = quality_of(audio, summary)
        if quality <= 0:
            return None
        probabilities, embedding = self._model(summary.vector)
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


def quality_of(audio: FloatArray, summary: Summary) -> float:
    """Return how usable a window is: share that sounds less the share that is clipped, 0..1."""
    sounding = 1.0 - summary.silent
    if sounding < 0.1:
        return 0.0
    clipped = float(np.mean(np.abs(audio) >= 0.999))
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
    from emo_music_ros.playback.decode import AudioReader
    from emo_music_ros.recommendation import synthesis

    remedy = "Replace the file or remove it"
    if path.suffix.lower() in synthesis.MIDI_ENDINGS:
        if not path.is_file():
            raise InputError(f"'{path}' does not exist", "Check the path")
        audio = synthesis.render_midi(path, SAMPLE_RATE).mean(axis=1)
        surplus = max(0, len(audio) - int(LONGEST * SAMPLE_RATE)) // 2
        cut = audio[surplus : surplus + int(LONGEST * SAMPLE_RATE)]
        return cut.astype(np.float32), len(audio) / SAMPLE_RATE
    reader = AudioReader(path, SAMPLE_RATE)
    duration = reader.duration
    if duration > LONGEST:
        reader.close()
        reader = AudioReader(path, SAMPLE_RATE, start=(duration - LONGEST) / 2)
    try:
        audio = reader.read(int(LONGEST * SAMPLE_RATE)).mean(axis=1)
        if reader.complaint:
            raise InputError(reader.complaint, remedy)
    finally:
        reader.close()
    if len(audio) < SAMPLE_RATE:
        raise InputError(
            f"'{path}' holds {len(audio) / SAMPLE_RATE:.2f} s of sound, too little to describe",
            remedy,
        )
    return audio.astype(np.float32), duration


@dataclass(frozen=True)
class Analysis:
    """A whole piece: its description and its mood, averaged over windows of ten seconds."""

    summary: Summary
    estimate: Estimate


def analyse(audio: FloatArray, model: MusicModel) -> Analysis:
    """Describe a piece [samples], mono at 22,050 Hz; silence gives the estimate that is unknown."""
    width = int(WINDOW * SAMPLE_RATE)
    starts = range(0, max(len(audio) - width // 2, 1), width)
    windows = [audio[start : start + width] for start in starts]
    summaries = [music_features.summarise(window) for window in windows]
    weights = np.array([quality_of(w, s) for w, s in zip(windows, summaries)])
    whole = music_features.summarise(audio) if len(windows) > 1 else summaries[0]
    if weights.sum() <= 0:
        return Analysis(whole, emotion.unknown(emotion.QUADRANTS))
    probabilities, _ = model(np.stack([summary.vector for summary in summaries]))
    mixed = weights @ probabilities / weights.sum()
    return Analysis(whole, estimate(mixed.astype(np.float32), float(weights.mean())))


def predict_music(paths: Iterable[str | Path]) -> Iterator[dict[str, Any]]:
    """Judge audio (mp3, ogg, flac, wav) or MIDI files, one result each.

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
    model = MusicModel()
    for path in paths:
        try:
            audio, _ = read_audio(Path(path))
        except InputError as error:
            yield {"input": str(path), "error": str(error)}
            continue
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
