# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is measured in a stretch of speech: log-Mel spectrum, pitch, energy, rate and pauses.

Paper A, section 2.1 and table 2. All functions take float samples [n] of one channel, -1..1, at
16 kHz, and are defined for every input: broken samples count as silence (see
:func:`emo_music_ros.io.resampling.clean`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import find_peaks

from emo_music_ros.encoding.shared.mel import mel_filters
from emo_music_ros.io.resampling import clean
from emo_music_ros.streams import FloatArray

RATE = 16000  # Hz
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
FFT = 512
BANDS = 64
LOWEST_BAND = 50.0  # Hz
FLOOR = 1e-12  # epsilon of Eq. 1: about the power that rounding to 16 bit leaves in one band

PITCH_LOW, PITCH_HIGH = 65.0, 500.0  # Hz: from a deep man to a child
PITCH_RATE = RATE // 2  # of the correlation: only what is below 4 kHz counts
PITCH_WINDOW = 768  # samples, 48 ms: three periods of the lowest pitch
PITCH_FFT = 1024  # at least the window and the longest period: no lag wraps around
VOICED = 0.45  # of the autocorrelation at lag zero (Boersma 1993)
OCTAVE_COST = 0.01  # per octave, prefers the shorter of equally good periods (Boersma 1993)

PAUSE = 25.0  # dB below the loud parts
QUIET = 5.0  # per cent of the frames show the background
NUCLEUS = 2.0  # dB dip between two syllables (de Jong & Wempe 2009)


def frames(samples: FloatArray, length: int = WINDOW, hop: int = HOP) -> FloatArray:
    """Return overlapping frames [count, length]; short input is padded to one frame."""
    if len(samples) < length:
        samples = np.pad(samples, (0, length - len(samples)))
    return np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]


def log_mel(samples: FloatArray) -> NDArray[np.float32]:
    """Return the log-Mel spectrum [64, frames] of paper A, Eq. 1: log(|X|^2 H + epsilon).

    The paper gives neither window, filters nor epsilon; here they are stated above, the filters
    are Slaney's of unit area, and epsilon is about the power that rounding to 16 bit leaves.
    """
    return _log_mel(frames(clean(samples))).T


def _log_mel(cut: NDArray[np.float32]) -> NDArray[np.float32]:
    spectrum = fft.rfft(cut * _hann(WINDOW), FFT)
    power = (spectrum.real**2 + spectrum.imag**2) / FFT
    return np.log(power @ mel_filters(RATE, FFT, BANDS, LOWEST_BAND).T + np.float32(FLOOR))


def level(samples: FloatArray) -> NDArray[np.float32]:
    """Return the energy of every frame in dB below full scale, -100..0."""
    return _level(frames(clean(samples)))


def _level(cut: NDArray[np.float32]) -> NDArray[np.float32]:
    power = np.einsum("ij,ij->i", cut, cut) / cut.shape[1]
    return 10 * np.log10(power + np.float32(1e-10))


def pitch(samples: FloatArray) -> NDArray[np.float64]:
    """Return the fundamental frequency of every 10 ms [frames] in Hz, NaN where unvoiced.

    Autocorrelation of the windowed signal below 4 kHz divided by that of the window (Boersma
    1993), without his path search: a median over 50 ms takes out single octave errors.
    """
    return _steady(_periods(frames(clean(samples), PITCH_WINDOW))[0])


def _periods(cut: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the best frequency [frames] in Hz, NaN if unvoiced, and its correlation, 0..1."""
    cut = (cut - cut.mean(axis=1, keepdims=True)) * _hann(PITCH_WINDOW)
    spectrum = fft.rfft(cut, PITCH_FFT)[:, : PITCH_FFT // 4 + 1]
    first, last = int(PITCH_RATE / PITCH_HIGH), int(PITCH_RATE / PITCH_LOW) + 1
    both = fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, : last + 2]
    energy = both[:, :1]
    correlation = both / np.maximum(energy, 1e-12) / _window_correlation()[: last + 2]

    lags = np.arange(first, last + 1)
    middle = correlation[:, lags]
    before, after = correlation[:, lags - 1], correlation[:, lags + 1]
    peak = (middle > before) & (middle >= after)
    cost = (OCTAVE_COST * np.log2(lags / first)).astype(np.float32)
    merit = np.where(peak, middle - cost, np.float32(-np.inf))
    best = merit.argmax(axis=1)
    row = np.arange(len(best))
    left, top, right = before[row, best], middle[row, best], after[row, best]
    bend = left - 2 * top + right
    shift = np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    hertz = PITCH_RATE / (lags[best] + shift.astype(np.float64))
    heard = peak.any(axis=1) & (energy[:, 0] > 2e-6)
    strength = np.where(heard, np.clip(top, 0.0, 1.0), np.float32(0.0))
    return np.where(strength > VOICED, hertz, np.nan), strength


def _steady(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace what leaves the running median by a quarter, and drop voicing of a single frame."""
    known = np.isfinite(hertz)
    if not known.any():
        return hertz
    voiced = hertz[known]
    middle = median_filter(voiced, 5, mode="nearest")
    result = np.full_like(hertz, np.nan)
    result[known] = np.where(np.abs(voiced / middle - 1) > 0.25, middle, voiced)
    lonely = known & ~np.roll(known, 1) & ~np.roll(known, -1)
    result[lonely] = np.nan
    return result


@cache
def _hann(length: int) -> NDArray[np.float32]:
    return np.hanning(length + 1)[:-1].astype(np.float32)


@cache
def _window_correlation() -> NDArray[np.float32]:
    """Autocorrelation of the pitch window, 1 at lag zero."""
    spectrum = fft.rfft(_hann(PITCH_WINDOW), PITCH_FFT)[: PITCH_FFT // 4 + 1]
    both = fft.irfft(spectrum.real**2 + spectrum.imag**2)
    return both / both[0]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Prosody:
    """How something was said. NaN where nothing was voiced.

    Attributes
    ----------
    pitch_mean : float
        Median fundamental frequency [Hz].
    pitch_range : float
        From its 10th to its 90th percentile [semitones].
    energy : float
        Mean level of what is not pause [dB below full scale].
    energy_range : float
        Standard deviation of that level [dB].
    speech_rate : float
        Syllable nuclei per second.
    pause_share : float
        Share of the time more than 25 dB below the loud parts, 0..1.
    duration : float
        Length [s].
    voiced_share : float
        Share of the time with a pitch, 0..1.
    """

    pitch_mean: float
    pitch_range: float
    energy: float
    energy_range: float
    speech_rate: float
    pause_share: float
    duration: float
    voiced_share: float

    def vector(self) -> NDArray[np.float32]:
        """Return the values [7] that do not depend on the gain of the microphone, 0 = unknown."""
        values = (
            np.log2(self.pitch_mean / 150.0),
            self.pitch_range / 6.0 - 1.0,
            self.energy_range / 4.0 - 2.0,
            self.speech_rate / 2.0 - 2.0,
            self.pause_share * 4.0 - 1.0,
            np.log2(max(self.duration, 0.1) / 2.0),
            self.voiced_share * 4.0 - 2.0,
        )
        return np.clip(np.nan_to_num(np.array(values, np.float32)), -3.0, 3.0)


@dataclass(frozen=True)
class Features:
    """What is measured in one utterance.

    Attributes
    ----------
    mel : float32 [64, frames]
        Log-Mel spectrum, one frame every 10 ms.
    contour : float32 [3, frames]
        Pitch in octaves from its median (0 where unvoiced), strength of the voicing 0..1, and
        level in 20 dB below the loud parts.
    prosody : Prosody
        How it was said as a whole.
    quiet : float
        Level of its quietest moments [dB below full scale].
    """

    mel: NDArray[np.float32]
    contour: NDArray[np.float32]
    prosody: Prosody
    quiet: float


class Analyser:
    """Measures an utterance while it is spoken, so that little is left to do at its end."""

    def __init__(self) -> None:
        self._kept: NDArray[np.float32] = np.zeros(0, np.float32)  # from `_origin` on
        self._origin = 0
        self._short = self._long = 0  # frames measured so far, of 25 ms and of 48 ms
        self._mel: list[NDArray[np.float32]] = []
        self._level: list[NDArray[np.float32]] = []
        self._hertz: list[NDArray[np.float64]] = []
        self._strength: list[NDArray[np.float32]] = []

    @property
    def count(self) -> int:
        """Samples taken so far."""
        return self._origin + len(self._kept)

    def push(self, samples: FloatArray) -> None:
        """Take the next samples [n]."""
        self._kept = np.concatenate([self._kept, clean(samples)])
        count = (self.count - WINDOW) // HOP + 1
        if count > self._short:
            cut = frames(self._kept[self._short * HOP - self._origin :])
            self._mel.append(_log_mel(cut))
            self._level.append(_level(cut))
            self._short = count
        count = (self.count - PITCH_WINDOW) // HOP + 1
        if count > self._long:
            hertz, strength = _periods(
                frames(self._kept[self._long * HOP - self._origin :], PITCH_WINDOW)
            )
            self._hertz.append(hertz)
            self._strength.append(strength)
            self._long = count
        drop = min(self._long, self._short) * HOP - self._origin
        self._kept, self._origin = self._kept[drop:], self._origin + drop

    def finish(self, count: int | None = None) -> Features:
        """Return the features of the first `count` samples, by default of all.

        A part must be at least 48 ms long: what a shorter one needs was let go.
        """
        count = self.count if count is None else count
        short = max(count - WINDOW, 0) // HOP + 1
        long = max(count - PITCH_WINDOW, 0) // HOP + 1
        if self._long > 0:
            return self._result(short, long, count)
        filled = Analyser()  # too short for a pitch: fill with silence
        filled.push(np.pad(self._kept[:count], (0, PITCH_WINDOW - min(count, len(self._kept)))))
        return filled._result(short, long, count)

    def _result(self, short: int, long: int, count: int) -> Features:
        mel = np.concatenate(self._mel)[:short].T
        loudness = np.concatenate(self._level)[:short]
        hertz = _steady(np.concatenate(self._hertz)[:long])
        strength = np.concatenate(self._strength)[:long]
        loud = np.float32(np.percentile(loudness, 95))
        voiced = hertz[np.isfinite(hertz)]
        contour = np.zeros((3, short), np.float32)
        place = slice(1, 1 + min(long, short - 1)) if short > 1 else slice(0, 1)
        held = place.stop - place.start
        if voiced.size:
            octaves = np.nan_to_num(np.log2(hertz[:held] / np.median(voiced)))
            contour[0, place] = np.clip(octaves, -1.5, 1.5)
        contour[1, place] = strength[:held]
        contour[2] = np.maximum((loudness - loud) / 20.0, -3.0)
        quiet = float(np.percentile(loudness, QUIET))
        return Features(mel, contour, _prosody(loudness, hertz, count / RATE), quiet)


def features(samples: FloatArray) -> Features:
    """Measure one whole utterance."""
    analyser = Analyser()
    analyser.push(samples)
    return analyser.finish()


def prosody(samples: FloatArray) -> Prosody:
    """Measure the prosody of one utterance."""
    return features(samples).prosody


def _prosody(loudness: NDArray[np.float32], hertz: NDArray[np.float64], duration: float) -> Prosody:
    count = min(len(loudness), len(hertz))
    loudness, hertz = loudness[:count], hertz[:count]
    heard = loudness > max(float(np.percentile(loudness, 95)) - PAUSE, -90.0)
    voiced = hertz[np.isfinite(hertz)]
    nan = float("nan")
    spread = np.percentile(voiced, (10, 50, 90)) if voiced.size else np.full(3, nan)
    return Prosody(
        pitch_mean=float(spread[1]),
        pitch_range=float(12 * np.log2(spread[2] / spread[0])),
        energy=float(loudness[heard].mean()) if heard.any() else -100.0,
        energy_range=float(loudness[heard].std()) if heard.any() else 0.0,
        speech_rate=_nuclei(loudness, np.isfinite(hertz) & heard) / max(duration, 0.1),
        pause_share=float(1 - heard.mean()),
        duration=duration,
        voiced_share=float(np.isfinite(hertz).mean()),
    )


def _nuclei(loudness: NDArray[np.float32], voiced: NDArray[np.bool_]) -> int:
    """Count syllables: voiced peaks of the level with a dip of 2 dB between them."""
    smooth = uniform_filter1d(np.pad(loudness, 1, constant_values=-100.0), 5)
    peaks, _ = find_peaks(smooth, prominence=NUCLEUS, distance=8)
    return int(voiced[np.clip(peaks - 1, 0, len(voiced) - 1)].sum())
