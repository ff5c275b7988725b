# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Emotion in the voice: one encoding per utterance."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import from_labels
from emo_music_ros.encoding.shared.results import each, file, plain_estimate, unanswered
from emo_music_ros.encoding.speech.audio_features import (
    BANDS,
    RATE,
    Analyser,
    Features,
    Prosody,
    features,
)
from emo_music_ros.encoding.speech.functionals import COUNT, functionals
from emo_music_ros.encoding.speech.noise_reduction import noise_floor, reduce_noise
from emo_music_ros.encoding.speech.voice_activity import Endpointer, Segment, spoken
from emo_music_ros.errors import ModelError
from emo_music_ros.io.audio import read_mono
from emo_music_ros.io.model import Model
from emo_music_ros.io.resampling import Resampler, clean, mono
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.streams import AudioBlock, Encoding, Estimate, FloatArray, Sample

FILL = 0.2  # s, gaps up to this length are filled with silence
TOLERANCE = 0.1  # s, by which the time of a block without numbering may be off
CLEAN_SNR = 20.0  # dB, from which noise does not matter
ENOUGH = 1.5  # s of speech, from which the length does not matter
SYLLABLE = 0.1  # s of speech that count in a file that holds no longer ones
FULL_SCALE = 0.98  # samples beyond are taken as clipped


class SpeechModel:
    """The trained network with what goes into it.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where the model is; default is the package's.
    reduction : float
        Signal-to-noise ratio in dB below which noise is taken out of the spectrum.

    Raises
    ------
    ModelError
        If a file of the model is missing, corrupt or of another network.
    """

    #: Of its files.
    name: ClassVar[str] = "speech"

    def __init__(self, folder: Path | None = None, reduction: float = 0.0) -> None:
        self._model = Model(self.name, folder)
        self._temperature = float(self._model.description.get("temperature", 1.0))
        self._reduction = reduction
        self.version = self._model.version
        self.digest = str(self._model.description["sha256"])
        nothing = [
            np.zeros(shape, np.float32) for shape in ((1, BANDS, 16), (1, 3, 16), (1, COUNT))
        ]
        try:
            fits = self.run(*nothing)[0].shape == (1, len(self._model.labels))
        except Exception as error:  # onnxruntime raises its own kinds
            raise self._misfit(folder) from error
        if not fits:
            raise self._misfit(folder)

    @property
    def silence(self) -> Estimate:
        """What is known where nobody speaks: nothing."""
        nan, none = float("nan"), np.zeros(0, np.float32)
        return Estimate(self._model.labels, none, nan, nan, nan, confidence=0.0, quality=0.0)

    def _misfit(self, folder: Path | None) -> ModelError:
        return ModelError(
            f"model {self.name}.onnx {self.version} in {folder or 'the package'} does not take "
            "spectrum, contour and statistics, or answers in other labels than it describes",
            "Restore it from the release, or train it again: emo-music train speech",
        )

    def __call__(
        self, segment: Segment, lost: float = 0.0, found: Features | None = None
    ) -> tuple[Estimate, NDArray[np.float32], Prosody]:
        """Return estimate, embedding [64] and prosody of one utterance.

        Parameters
        ----------
        segment : Segment
            The utterance.
        lost : float
            Share of its samples that were missing or no numbers.
        found : Features, optional
            Its features, where they were measured while it was spoken.
        """
        found = features(segment.samples) if found is None else found
        ratio = signal_to_noise(segment, found)
        if ratio < self._reduction:
            found = denoised(found)
        logits, embedding, *affect = self.run(
            found.mel[None], found.contour[None], functionals(found)[None]
        )
        estimate = from_labels(
            self._model.labels,
            softmax(logits[0], self._temperature),
            _quality(segment, ratio, found.prosody.duration, lost),
            self._model.conformal,
        )
        if affect:  # how strongly it was said is more than which emotion it was
            valence, arousal = (float(value) for value in affect[0][0])
            estimate = dataclasses.replace(estimate, valence=valence, arousal=arousal)
        return estimate, embedding[0], found.prosody

    def run(self, *inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return what the network makes of spectra, contours and statistics.

        Logits [n, 8], embedding [n, 64] and, where it judges them, valence and arousal [n, 2].
        """
        return self._model(*inputs)


def denoised(found: Features) -> Features:
    """Return the features of an utterance with stationary noise taken out of the spectrum."""
    return dataclasses.replace(found, mel=reduce_noise(found.mel, noise_floor(found.mel)))


def signal_to_noise(segment: Segment, found: Features) -> float:
    """Return the signal-to-noise ratio of an utterance in dB, 0..60.

    The background is what was heard before it or the quietest moments within it, whichever is less:
    cut closely, or with soft speech around it, an utterance shows no background of its own.
    """
    quiet = 10 ** (found.quiet / 10)
    noise = quiet if np.isnan(segment.noise) else min(quiet, segment.noise)
    signal = max(segment.speech - noise, 1e-12)
    return float(np.clip(10 * np.log10(signal / max(noise, 1e-12)), 0.0, 60.0))


def _quality(segment: Segment, ratio: float, duration: float, lost: float) -> float:
    """Return 0 (unusable) .. 1 (clean) from noise, length, clipping and lost samples."""
    clipped = float(np.mean(np.abs(segment.samples) >= FULL_SCALE)) if duration > 0 else 0.0
    parts = np.clip(
        (ratio / CLEAN_SNR, duration / ENOUGH, 1 - 10 * clipped, 1 - 2 * lost), 0.0, 1.0
    )
    return float(np.prod(parts)) if segment.speech > 0 else 0.0


class SpeechEncoder:
    """Cuts the microphone's stream into utterances and judges each when it ends.

    Features: `pitch_mean` [Hz], `pitch_range` [semitones], `energy` [dB full scale],
    `speech_rate` [syllables/s], `pause_share` (0..1), `duration` [s], `snr` [dB]; NaN = unknown.
    `time` of an encoding is that of the last sample of the utterance, 0.1 s after its last
    sound. Any sampling rate is taken; gaps up to 0.2 s count as silence and lower the quality,
    longer ones start anew.

    Attributes
    ----------
    admits : callable
        Gets an utterance [n] at 16 kHz and when it ended [s] before anything is inferred from it;
        one that it does not admit is dropped.

    Raises
    ------
    ModelError
        If the network or the voice activity detector is missing or corrupt.
    """

    modality: ClassVar[str] = "speech"
    Model: ClassVar[type[SpeechModel]] = SpeechModel

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        silence: float = option(0.5, "pause that ends an utterance [s]", low=0.2, high=3.0)
        shortest: float = option(
            0.5, "utterances with less speech are ignored [s]", low=0.1, high=5.0
        )
        longest: float = option(8.0, "utterances are cut at this length [s]", low=1.0, high=30.0)
        noise_reduction: float = option(
            0.0,
            "signal-to-noise ratio below which noise is taken out of the spectrum [dB]; 0: never",
            low=0.0,
            high=40.0,
        )
        models: str = option("", "folder with the network and its .json; empty: the package's")

    def __init__(self, options: Options | None = None) -> None:
        chosen = self.Options() if options is None else options
        folder = Path(chosen.models) if chosen.models else None
        self._judge = self.Model(folder, chosen.noise_reduction)
        self._analyser: Analyser | None = None  # of the utterance that goes on
        self._analysed = -1  # sample at which that begins
        self._endpointer = Endpointer(chosen.silence, chosen.shortest, chosen.longest)
        self._memory = 2 * chosen.longest + chosen.silence  # s of bookkeeping kept
        self.version = self._judge.version
        self.admits: Callable[[NDArray[np.float32], float], bool] = lambda samples, time: True
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far."""
        self._endpointer.reset()
        self._analyser = None
        self._rate = 0
        self._resample = Resampler(RATE, RATE)
        self._count = 0  # input samples since the reset, filled ones included
        self._next = 0  # number of the sample expected next
        self._anchors: deque[tuple[int, float]] = deque()  # input sample and its time
        self._broken: deque[tuple[int, int]] = deque()  # input samples that are no signal

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next block of audio and return the utterances it completes."""
        if not isinstance(sample, AudioBlock) or not sample.usable:
            return []
        samples = np.asarray(sample.samples)
        if samples.ndim == 2:
            samples = mono(samples)
        if samples.ndim != 1 or samples.size == 0 or not np.isfinite(sample.time):
            return []
        missing = self._missing(sample)
        if sample.sample_rate != self._rate or missing is None:
            self.reset()
            self._start(sample)
            missing = 0
        if missing:
            samples = np.concatenate([np.full(missing, np.nan, np.float32), samples])
        self._anchors.append((self._count + missing, sample.time))
        self._note(samples)
        self._next = sample.first_sample + len(samples) - missing
        self._count += len(samples)
        found = self._endpointer.push(clean(self._resample(clean(samples))))
        admitted = [each for each in found if self.admits(each.samples, self._end(each))]
        encodings = [self._encode(segment, sample.source) for segment in admitted]
        self._analyse()
        self._forget()
        return encodings

    def _analyse(self) -> None:
        """Measure what was said so far, so that little is left to do at the end."""
        current = self._endpointer.current()
        if current is None:
            self._analyser = None
            return
        start, samples = current
        if self._analyser is None or self._analysed != start:
            self._analyser, self._analysed = Analyser(), start
        self._analyser.push(samples[self._analyser.count :])

    def _features(self, segment: Segment) -> Features:
        analyser = self._analyser
        if analyser is None or self._analysed != segment.start:
            analyser = Analyser()
        analyser.push(segment.samples[analyser.count :])
        return analyser.finish(len(segment.samples))

    def _start(self, block: AudioBlock) -> None:
        self._rate = block.sample_rate
        self._resample = Resampler(self._rate, RATE)

    def _missing(self, block: AudioBlock) -> int | None:
        """Return how many samples are lost before this block, None if it is another stream."""
        if not self._anchors:
            return None
        missing = block.first_sample - self._next
        if missing == 0:
            return 0
        if 0 < missing <= FILL * self._rate:
            return missing
        # A sender that does not number its samples: trust the time instead.
        late = block.time - self._time(self._count)
        if block.first_sample == 0 and block.dropped == 0 and abs(late) < TOLERANCE:
            return 0
        return None

    def _note(self, samples: FloatArray) -> None:
        """Remember where the signal is broken."""
        bad = np.flatnonzero(~np.isfinite(samples)) + self._count
        if bad.size:
            self._broken.extend(
                (int(run[0]), int(run[-1]) + 1)
                for run in np.split(bad, np.flatnonzero(np.diff(bad) > 1) + 1)
            )

    def _time(self, position: int) -> float:
        """Return when an input sample was acquired."""
        place, moment = self._anchors[0]
        for later, at in self._anchors:
            if later > position:
                break
            place, moment = later, at
        return moment + (position - place) / self._rate

    def _end(self, segment: Segment) -> float:
        """Return when the last sample of an utterance was acquired."""
        return self._time(int((segment.start + len(segment.samples)) * self._rate / RATE))

    def _forget(self) -> None:
        old = self._count - int(self._memory * self._rate)
        while len(self._anchors) > 1 and self._anchors[1][0] <= old:
            self._anchors.popleft()
        while self._broken and self._broken[0][1] <= old:
            self._broken.popleft()

    def _encode(self, segment: Segment, source: str) -> Encoding:
        scale = self._rate / RATE
        first = int(segment.start * scale)
        last = int((segment.start + len(segment.samples)) * scale)
        lost = sum(max(0, min(end, last) - max(begin, first)) for begin, end in self._broken) / max(
            last - first, 1
        )
        found = self._features(segment)
        estimate, embedding, spoken = self._judge(segment, lost, found)
        values = dataclasses.asdict(spoken)
        names = (
            "pitch_mean",
            "pitch_range",
            "energy",
            "speech_rate",
            "pause_share",
            "duration",
        )
        return Encoding(
            modality=self.modality,
            time=self._end(segment),
            window_start=self._time(first),
            estimate=estimate,
            embedding=embedding,
            features={
                **{name: float(values[name]) for name in names},
                "snr": signal_to_noise(segment, found),
            },
            source=source,
        )


def predict_audio(
    paths: Sequence[str | Path], models: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Judge files of any sound that can be decoded, each as one utterance.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence, quality, and notes
        where there is something odd about the file; for one that cannot be read input and error.
        Where nobody speaks there is an error, the probabilities are empty and the circumplex None.

    Raises
    ------
    ModelError
        If the model or the voice activity detector is missing or corrupt.
    """
    judge, endpointer, brief = SpeechModel(models), Endpointer(), Endpointer(shortest=SYLLABLE)

    def one(path: Path) -> Iterator[dict[str, Any]]:
        sound = read_mono(file(path), RATE)
        # A single word counts where there is nothing else.
        said = spoken(sound.samples, endpointer) or spoken(sound.samples, brief)
        if said is None:
            yield {**unanswered(path, "nobody speaks in it"), **plain_estimate(judge.silence)}
            return
        estimate, _, _ = judge(said, sound.lost)
        notes = {"notes": list(sound.notes)} if sound.notes else {}
        yield {"input": str(path), **plain_estimate(estimate), **notes}

    yield from each(paths, one)
