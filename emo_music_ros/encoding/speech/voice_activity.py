# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""End-pointing: cut a stream of audio into utterances (paper A, section 2.1).

The detector is Silero VAD (MIT licence); its network comes with the Python package
``silero-vad``, which is located but not imported, because importing it loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import RATE
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import open_network

FRAME = 512  # samples, 32 ms
CONTEXT = 64  # samples of the frame before that the network wants to see again
START = 0.5  # probability above which speech begins
END = 0.35  # probability below which it may end
PADDING = 0.1  # s kept before and after speech
NOISE = 0.2  # probability below which a frame shows the background
NOISE_MEMORY = 0.95  # per frame, of the background level


def detector_path() -> Path:
    """Return the network inside the installed package ``silero-vad``.

    Raises
    ------
    ModelError
        If the package or the file in it is missing.
    """
    spec = find_spec("silero_vad")
    remedy = "Install it: pip install --no-deps silero-vad==6.2.3"
    if spec is None or spec.origin is None:
        raise ModelError("the voice activity detector (package silero-vad) is missing", remedy)
    path = Path(spec.origin).parent / "data" / "silero_vad.onnx"
    if not path.is_file():
        raise ModelError(f"{path} is missing", remedy)
    return path


class VoiceActivity:
    """Probability of speech, frame by frame, 0.2 ms each.

    Raises
    ------
    ModelError
        If the network is missing or unusable.
    """

    def __init__(self) -> None:
        path = detector_path()
        self._session = open_network(
            str(path),
            str(path),
            "Install it again: pip install --no-deps --force-reinstall silero-vad==6.2.3",
        )
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context: NDArray[np.float32] = np.zeros(CONTEXT, np.float32)

    def __call__(self, frame: NDArray[np.float32]) -> float:
        """Return the probability, 0..1, that the next 512 samples hold speech."""
        whole = np.concatenate([self._context, frame])[None]
        self._context = frame[-CONTEXT:]
        answer, self._state = self._session.run(
            None, {"input": whole, "state": self._state, "sr": np.array(RATE, np.int64)}
        )
        return float(answer[0, 0])


@dataclass(frozen=True)
class Segment:
    """One utterance: samples [n] at 16 kHz, its place in the stream, and its background.

    `start` counts samples since the last reset. `speech` and `noise` are mean powers of the
    frames with and without speech; `noise` is NaN if none was heard.
    """

    samples: NDArray[np.float32]
    start: int
    speech: float
    noise: float

    @property
    def snr(self) -> float:
        """Signal-to-noise ratio in dB, 0..60, NaN if no background was heard."""
        signal = max(self.speech - self.noise, 1e-12)
        return float(np.clip(10 * np.log10(signal / max(self.noise, 1e-12)), 0.0, 60.0))


class Endpointer:
    """Cuts a stream into segments of speech.

    A segment ends when nobody spoke for `silence` seconds or when it has the length `longest`.
    What is shorter than `shortest` without its padding is dropped. The result does not depend
    on how the stream is cut into blocks.
    """

    def __init__(self, silence: float = 0.5, shortest: float = 0.5, longest: float = 8.0) -> None:
        self._detect = VoiceActivity()
        self._silence = int(silence * RATE)
        self._shortest = int(shortest * RATE)
        self._longest = int(longest * RATE)
        self._padding = int(PADDING * RATE)
        self._noise = float("nan")
        self.reset()

    def reset(self, background: bool = False) -> None:
        """Forget the stream so far and, only if told, how loud the background is."""
        if background:
            self._noise = float("nan")
        self._detect.reset()
        self._kept: NDArray[np.float32] = np.zeros(0, np.float32)  # samples from `_origin` on
        self._origin = 0
        self._seen = 0  # samples that the detector has judged
        self._begin = -1  # of the speech that goes on, -1: nobody speaks
        self._last = 0  # where speech was last heard
        self._powers: list[float] = []

    def push(self, samples: NDArray[np.float32]) -> list[Segment]:
        """Take the next samples [n] (float32, -1..1, finite) and return what they complete."""
        self._kept = np.concatenate([self._kept, samples])
        found: list[Segment] = []
        while self._origin + len(self._kept) - self._seen >= FRAME:
            offset = self._seen - self._origin
            self._judge(self._kept[offset : offset + FRAME])
            if self._begin >= 0:
                silent = self._seen - self._last >= self._silence
                if silent or self._seen - self._begin >= self._longest:
                    found += self._close()
        return found

    @property
    def quiet(self) -> float:
        """Time since somebody was heard in the utterance that goes on [s]; 0 if nobody speaks."""
        return (self._seen - self._last) / RATE if self._begin >= 0 else 0.0

    def current(self) -> tuple[int, NDArray[np.float32]] | None:
        """Return start and samples so far of an utterance that goes on, None if nobody speaks.

        The segment will begin with them, or end earlier.
        """
        if self._begin < 0:
            return None
        first = max(self._begin - self._padding, self._origin)
        return first, self._kept[first - self._origin : self._seen - self._origin]

    def flush(self) -> list[Segment]:
        """Return what is still open at the end of a recording."""
        return self._close() if self._begin >= 0 else []

    def _judge(self, frame: NDArray[np.float32]) -> None:
        probability = self._detect(frame)
        power = float(np.square(frame, dtype=np.float64).mean())
        start, self._seen = self._seen, self._seen + FRAME
        if probability >= START and self._begin < 0:
            self._begin, self._powers = start, []
        if self._begin >= 0:
            if probability >= END:
                self._last = self._seen
            if probability >= START:
                self._powers.append(power)
        elif probability < NOISE:
            known = np.isfinite(self._noise)
            memory = NOISE_MEMORY if known else 0.0
            self._noise = memory * (self._noise if known else 0.0) + (1 - memory) * power
        if self._begin < 0:
            self._forget(self._seen - self._padding)

    def _forget(self, before: int) -> None:
        drop = min(max(before - self._origin, 0), len(self._kept))
        self._kept = self._kept[drop:]
        self._origin += drop

    def _close(self) -> list[Segment]:
        begin, end = self._begin, self._last
        self._begin = -1
        first = max(begin - self._padding, self._origin)
        final = min(end + self._padding, self._seen)
        samples = self._kept[first - self._origin : final - self._origin].copy()
        self._forget(final)
        if end - begin < self._shortest:
            return []
        return [Segment(samples, first, float(np.mean(self._powers)), self._noise)]


def trim(samples: NDArray[np.float32], endpointer: Endpointer) -> Segment:
    """Return a whole recording as one utterance, without the silence around it.

    Where no speech is found the recording stays as it is, with unknown background.
    """
    found = spoken(samples, endpointer)
    if found is None:
        power = float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0
        return Segment(samples, 0, power, float("nan"))
    return found


def spoken(samples: NDArray[np.float32], endpointer: Endpointer) -> Segment | None:
    """Return what is said in a whole recording as one utterance, None if nothing is."""
    endpointer.reset(background=True)
    parts = endpointer.push(samples) + endpointer.flush()
    if not parts:
        return None
    first, last = parts[0], parts[-1]
    weights = [len(part.samples) for part in parts]
    return Segment(
        samples[first.start : last.start + len(last.samples)],
        first.start,
        float(np.average([part.speech for part in parts], weights=weights)),
        last.noise,
    )
