# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Stress from heart, skin and breath: features on a common grid, a personal baseline, a network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emo_music_ros.emotion import STRESS, circumplex, credible, entropy, unknown
from emo_music_ros.encoding.physiology import cardiac, electrodermal, respiration
from emo_music_ros.encoding.physiology.smoothing import SmoothedOdds
from emo_music_ros.encoding.physiology.states import StateModel
from emo_music_ros.encoding.shared.baseline import RunningBaseline
from emo_music_ros.encoding.shared.biosignals import matching_model, predict_recording
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import Floats
from emo_music_ros.encoding.shared.grid import Stream, WindowGrid
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.numerics import plain
from emo_music_ros.options import build, option
from emo_music_ros.streams import BiosignalBlock, Encoding, Estimate, Sample

LABELS = STRESS
#: Length of a window, and of the signal needed for a first answer [s].
WINDOW, FIRST = 60.0, 10.0
#: Memory of the baselines [s]: the last minutes, slow change of the signal, the whole session.
MEMORIES = (200.0, 600.0, math.inf)
#: What the network sees, each against all baselines -> its usual spread within a person, where the
#: personal one is not known yet. Rates are per minute, `log` is the logarithm of uS (level, newest,
#: lowest and highest value, phasic part), of uS/min (sum of the responses) or of their rate.
SPREAD = {
    "heart_rate": 6.0,
    "heart_rate_recent": 7.0,
    "log_eda_level": 0.35,
    "log_eda_recent": 0.35,
    "log_eda_lowest": 0.35,
    "log_eda_highest": 0.35,
    "log_phasic": 0.7,
    "log_scr_sum": 0.9,
    "log_scr_rate": 1.0,
    "eda_slope": 0.004,  # [uS/s]
}
MEASURES = tuple(SPREAD)
#: Which measures come from which signal.
GROUPS = {"heart": (0, 1), "skin": tuple(range(2, len(MEASURES)))}
#: Added to conductances [uS] and rates before their logarithm is taken, and to the phasic part.
FLOOR, PHASIC_FLOOR = 0.05, 0.01
#: Acceleration beyond which the wrist is taken to shake [g].
SHAKING = 0.3

STREAMS = {
    "ppg": Stream(cardiac.PULSE.band, 20.0, 2000.0, settle=2.0),
    "ecg": Stream(cardiac.QRS.band, 60.0, 5000.0, settle=1.0),
    "eda": Stream(electrodermal.BAND, 2.0, 2000.0, settle=4.0, order=1),
    "respiration": Stream(respiration.BAND, 2.0, 2000.0, settle=4.0),
    "temperature": Stream((None, 0.1), 0.5, 1000.0, settle=0.0, order=1),
    "acceleration": Stream((0.5, None), 5.0, 2000.0, settle=2.0),
}


@dataclass(frozen=True)
class PhysiologyWindow:
    """What the signals say about one window, without any network.

    Attributes
    ----------
    time, start : float
        End and begin of the window [unix s].
    features : dict
        Name -> value, NaN = unknown. heart_rate [1/min], rmssd and sdnn [ms], pnn50 0..1,
        pulse_amplitude (unit of the signal), eda_level [uS], eda_slope [uS/s], scr_rate [1/min],
        scr_sum [uS/min], respiration_rate [1/min], temperature [degC], temperature_slope
        [degC/min], movement [g], pulse_disturbance 0..1 (share of seconds in which the pulse wave
        shows movement), baseline_ready 0..1.
    normalised : ndarray
        float32 [memories * measures]: `MEASURES` against every baseline, 0 where missing.
    mask : ndarray
        float32 [groups]: 1 where the measures of a group of `GROUPS` are known.
    source : str
        Where the signals come from; simulated ones first.
    quality : float
        0..1.
    since : float
        Time since the window before [s].
    """

    time: float
    start: float
    features: dict[str, float]
    normalised: Floats
    mask: Floats
    quality: float
    source: str
    since: float = 0.0


class PhysiologyFeatures:
    """The part of :class:`PhysiologyEncoder` before the network; training uses the same.

    Parameters
    ----------
    update : float
        Distance of two windows [s].
    baseline : float
        Seconds of usable signal after which the personal baseline counts as known.
    slowest : float
        Longest distance of two windows that somebody may ask for [s]; 0 = `update`.

    Attributes
    ----------
    pace : Pace
        How often windows are asked for.
    """

    def __init__(self, update: float = 2.0, baseline: float = 120.0, slowest: float = 0.0) -> None:
        self._grid = WindowGrid(STREAMS, WINDOW, update, slowest=slowest)
        self.pace = self._grid.pace
        self._needed = baseline
        spread = list(SPREAD.values())
        self._baselines = [RunningBaseline(spread, memory) for memory in MEMORIES]
        self._sources: dict[str, str] = {}

    def reset(self) -> None:
        """Forget the streams and the person."""
        self._grid.reset()
        for baseline in self._baselines:
            baseline.reset()

    def push(self, block: BiosignalBlock) -> Iterator[PhysiologyWindow]:
        """Take a block and yield the moments it completes; see :class:`WindowGrid`."""
        self._sources[block.kind] = block.source
        for time, windows in self._grid.push(block):
            longest = max(len(window) / window.rate for window in windows.values())
            if longest >= FIRST - 0.5:
                yield self._moment(time, longest, windows)

    def _moment(
        self, time: float, longest: float, windows: Mapping[str, Window]
    ) -> PhysiologyWindow:
        beating = _heart(windows)
        heart = beating.heart
        skin = electrodermal.NO_SKIN
        if "eda" in windows:
            skin = electrodermal.summarise(windows["eda"])
        movement = _movement(windows)
        qualities = []
        if "ppg" in windows or "ecg" in windows:
            qualities.append(beating.quality * _steadiness(beating, movement))
        if "eda" in windows:
            qualities.append(math.sqrt(skin.usable / WINDOW))
        measures = np.array(
            [
                heart.rate,
                heart.recent,
                math.log(skin.level + FLOOR),
                math.log(skin.recent + FLOOR),
                math.log(skin.lowest + FLOOR),
                math.log(skin.highest + FLOOR),
                math.log(skin.phasic + PHASIC_FLOOR),
                math.log(skin.response_sum + FLOOR),
                math.log(skin.responses + FLOOR),
                skin.slope,
            ]
        )
        normalised = [baseline(measures, self._grid.since) for baseline in self._baselines]
        learned = float(self._baselines[-1].seconds.max())
        temperature, warming = _temperature(windows)
        breath = float("nan")
        if "respiration" in windows:
            breath = respiration.from_belt(windows["respiration"])
        if math.isnan(breath) and beating.kind == "ppg":
            breath = respiration.from_pulse(windows["ppg"], beating.rhythm, beating.channel)
        if math.isnan(breath):
            breath = respiration.from_heart(beating.rhythm)
        features = {
            "heart_rate": heart.rate,
            "rmssd": heart.rmssd,
            "sdnn": heart.sdnn,
            "pnn50": heart.pnn50,
            "pulse_amplitude": heart.amplitude,
            "eda_level": skin.level,
            "eda_slope": skin.slope,
            "scr_rate": skin.responses,
            "scr_sum": skin.response_sum,
            "respiration_rate": breath,
            "temperature": temperature,
            "temperature_slope": warming,
            "movement": movement,
            "pulse_disturbance": beating.disturbed,
            "baseline_ready": min(1.0, learned / self._needed),
        }
        return PhysiologyWindow(
            time,
            time - min(longest, WINDOW),
            features,
            np.nan_to_num(np.concatenate(normalised)).astype(np.float32),
            np.array(
                [np.isfinite(measures[list(group)]).all() for group in GROUPS.values()], np.float32
            ),
            float(np.mean(qualities)) if qualities else 0.0,
            ", ".join(sorted({self._sources[kind] for kind in windows} - {""}, reverse=True)),
            self._grid.since,
        )


class PhysiologyEncoder:
    """Stress from pulse wave or electrocardiogram, skin conductance, and what else is worn.

    Blocks of all kinds are pushed in order of time, in any cut. Every `update_interval` comes
    one encoding of the last 60 s, from 10 s on; which of the signals are there may change at
    any time. What is usual for the person is learned from the stream alone, looking only back
    (paper A, Eq. 3), and until `baseline_seconds` of it are known the confidence is lowered
    in proportion.

    The labels are ``calm`` and ``stress``. The body shows arousal, not whether it is pleasant:
    valence and dominance stay unknown, and joyful excitement may be taken for stress. The
    probability is calibrated where stress is as frequent as calm, so 0.5 says nothing, and averaged
    over the last seconds (`smoothing` of the model).

    Without usable heart and skin signal the estimate is unknown, with quality 0.

    The features ``state_calm``, ``state_stress`` and ``state_amusement`` are a hint beside the
    estimate at what arousal cannot tell, against the person's first minutes: see
    :class:`StateModel`.

    Parameters
    ----------
    options : PhysiologyEncoder.Options
        What can be set.

    Attributes
    ----------
    version : str
        Version of the model.
    pace : Pace
        How often encodings are asked for.

    Raises
    ------
    ModelError
        If the network is missing, corrupt, or was trained for other features.
    """

    modality: ClassVar[str] = "physiology"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        update_interval: float = option(
            2.0, "time from one encoding to the next [s]", low=0.5, high=60.0
        )
        longest_interval: float = option(
            6.0,
            "the longest, however few are asked for, in whole update_intervals [s]",
            low=0.5,
            high=60.0,
        )
        baseline_seconds: float = option(
            120.0, "signal until the personal baseline counts as known [s]", low=10.0, high=3600.0
        )
        model: str = option("physiology", "name of the network in the models folder")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or PhysiologyEncoder.Options()
        self._model = matching_model(self.options.model, self.modality, LABELS, MEASURES)
        self.version = self._model.version
        self._features = PhysiologyFeatures(
            self.options.update_interval,
            self.options.baseline_seconds,
            self.options.longest_interval,
        )
        self.pace = self._features.pace
        self._states = StateModel()
        self._smoothed = SmoothedOdds(float(self._model.description.get("smoothing", 0.0)))

    def reset(self) -> None:
        """Forget the streams and what is usual for the person."""
        self._features.reset()
        self._smoothed.reset()
        self._states.reset()

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next block of any kind and return the encodings it completes."""
        if not isinstance(sample, BiosignalBlock):
            return []
        return [self._encode(moment) for moment in self._features.push(sample)]

    def _encode(self, moment: PhysiologyWindow) -> Encoding:
        embedding = np.concatenate([moment.normalised, moment.mask])
        features = dict(moment.features)
        states = self._states(features, moment.since)
        features |= {f"state_{name}": chance for name, chance in states.items()}
        estimate = unknown(LABELS)
        if moment.mask.any():
            newest = self._model(embedding[None])[0][0, LABELS.index("stress")]
            stress = features["stress"] = self._smoothed(float(newest), moment.time)
            probabilities = np.array([1.0 - stress, stress])
            _, arousal, _ = circumplex(LABELS, probabilities)
            estimate = Estimate(
                LABELS,
                probabilities,
                float("nan"),
                arousal,
                float("nan"),
                (1.0 - entropy(probabilities)) * features["baseline_ready"],
                moment.quality,
                credible(LABELS, probabilities, self._model.conformal),
            )
        else:
            features["stress"] = float("nan")
        return Encoding(
            self.modality,
            moment.time,
            moment.start,
            estimate,
            embedding,
            features,
            moment.source,
        )


def predict_e4(folder: Path, update: float = 10.0) -> Iterator[dict[str, Any]]:
    """Yield what the encoder makes of an Empatica E4 export, one result every `update` seconds.

    Each has `input`, `time` (unix seconds at the end of the window), `stress` 0..1, `labels`,
    `probabilities`, `valence`, `arousal`, `dominance`, `confidence`, `quality` and the
    interpretable `features`, and `notes` where something was left out or assumed; None stands for
    unknown. An export that cannot be read yields one result with `input` and `error`.

    Parameters
    ----------
    folder : pathlib.Path
        The unpacked export with BVP.csv, EDA.csv, TEMP.csv, ACC.csv.
    update : float
        Distance of two results [s], 0.5..60.

    Raises
    ------
    ModelError
        If the network cannot be loaded.
    """
    encoder = PhysiologyEncoder(build(PhysiologyEncoder.Options, {"update_interval": update}))

    def details(encoding: Encoding) -> dict[str, Any]:
        features = {name: plain(value) for name, value in encoding.features.items()}
        return {"stress": features["stress"], "features": features}

    notes: list[str] = []
    yield from predict_recording(folder, encoder, read_e4(folder, notes=notes), details, notes)


@dataclass(frozen=True)
class _Beating:
    """The heart as the best signal and channel there is shows it; quality and `disturbed` 0..1."""

    kind: str = ""
    channel: int = 0
    heart: cardiac.Heart = cardiac.NO_HEART
    rhythm: cardiac.Rhythm = cardiac.NO_BEATS
    disturbed: float = float("nan")

    @property
    def quality(self) -> float:
        return math.sqrt(min(1.0, self.heart.covered / WINDOW))


def _heart(windows: Mapping[str, Window]) -> _Beating:
    best = _Beating()
    for kind, wave in (("ecg", cardiac.QRS), ("ppg", cardiac.PULSE)):
        window = windows.get(kind)
        if window is None:
            continue
        for channel in range(window.raw.shape[1]):
            rhythm = cardiac.find_beats(window, wave, channel)
            heart = cardiac.summarise(rhythm)
            if heart.covered > best.heart.covered:
                best = _Beating(kind, channel, heart, rhythm, cardiac.disturbed(window, channel))
            if best.heart.covered > 0.5 * WINDOW:
                return best
    return best


def _steadiness(beating: _Beating, movement: float) -> float:
    """Return how far the heart signal can be trusted, 0..1: by acceleration, else by its swings."""
    if beating.kind == "ecg":
        return 1.0
    if math.isnan(movement):
        return 1.0 if math.isnan(beating.disturbed) else 1.0 - beating.disturbed
    return 1.0 / (1.0 + (movement / SHAKING) ** 2)


def _movement(windows: Mapping[str, Window]) -> float:
    """Return the root mean square of the acceleration without gravity over 10 s [g]."""
    window = windows.get("acceleration")
    if window is None:
        return float("nan")
    last = slice(-round(10 * window.rate), None)
    usable = window.valid[last].all(axis=1)
    if not usable.any():
        return float("nan")
    return float(np.sqrt(np.mean(np.sum(window.filtered[last][usable] ** 2, axis=1))))


def _temperature(windows: Mapping[str, Window]) -> tuple[float, float]:
    """Return mean [degC] and slope [degC/min] of the skin temperature."""
    window = windows.get("temperature")
    nothing = float("nan"), float("nan")
    if window is None:
        return nothing
    value = window.raw[:, 0]
    usable = window.valid[:, 0] & (value > 15.0) & (value < 45.0)
    if usable.sum() < FIRST * window.rate * 0.5:
        return nothing
    time = np.flatnonzero(usable) / window.rate
    time -= time.mean()
    value = value[usable]
    spread = float(time @ time)
    slope = float(time @ (value - value.mean())) / spread if spread > 0 else float("nan")
    return float(value.mean()), slope * 60.0
