# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Mental state from the band powers of a few dry EEG electrodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import credible, entropy, unknown
from emo_music_ros.encoding.shared.biosignals import matching_model, predict_recording
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import Floats
from emo_music_ros.encoding.shared.grid import Stream, WindowGrid
from emo_music_ros.io.muse import MUSE_CHANNELS, read_muse
from emo_music_ros.numerics import plain
from emo_music_ros.options import build, option
from emo_music_ros.streams import BiosignalBlock, Encoding, Estimate, Sample

LABELS = ("concentrating", "neutral", "relaxed")
#: Arousal that goes with each label, -1..1: the order is known, the size a cautious guess.
AROUSAL = (0.3, 0.0, -0.4)
#: Mental states are no emotions: the estimate never counts for more than this.
LARGEST_CONFIDENCE = 0.3

#: Length of a window and of the segments whose spectra are combined [s].
WINDOW, SEGMENT = 4.0, 1.0
STREAMS = {"eeg": Stream((0.5, 50.0), 100.0, 5000.0, settle=1.0)}
#: Edges of the bands [Hz].
BANDS = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
#: A segment that swings by more is saturated, by less dead; both are left out [uV].
LARGEST_SWING, SMALLEST_SWING = 1500.0, 1.0
#: A segment that swings by more has an artefact of eye, muscle or movement; it costs quality [uV].
CLEAN_SWING = 200.0
#: What networks on the signal itself take: rate [Hz], largest value in usual swings.
WAVE_RATE, LARGEST_WAVE = 128.0, 8.0
#: Share of good segments a channel needs.
FEWEST_SEGMENTS = 0.4
#: Electrode of the Muse headband -> electrodes of other layouts that lie close, nearest first.
NEIGHBOURS = {
    "TP9": ("TP9", "TP7", "T9", "T7", "T3", "P7", "T5"),
    "AF7": ("AF7", "F7", "AF3", "FP1", "F3"),
    "AF8": ("AF8", "F8", "AF4", "FP2", "F4"),
    "TP10": ("TP10", "TP8", "T10", "T8", "T4", "P8", "T6"),
}
#: Columns of the channels by region.
REGIONS = {"temporal": (0, 3), "frontal": (1, 2)}
MEASURES = tuple(f"{region}_{band}" for region in REGIONS for band in BANDS)


def pick(samples: Floats, names: Sequence[str]) -> Floats:
    """Return the columns of TP9, AF7, AF8 and TP10, or of what lies close; zero where nothing does.

    Parameters
    ----------
    samples : ndarray
        [samples, channels].
    names : sequence of str
        Electrode names; upper and lower case do not matter.
    """
    place = {name.strip().upper(): column for column, name in enumerate(names)}
    picked = np.zeros((len(samples), len(MUSE_CHANNELS)))
    for target, electrode in enumerate(MUSE_CHANNELS):
        for name in NEIGHBOURS[electrode]:
            column = place.get(name)
            if column is not None and column < samples.shape[1]:
                picked[:, target] = samples[:, column]
                break
    return picked


@dataclass(frozen=True)
class BandPowers:
    """Band powers of one window.

    Attributes
    ----------
    measures : ndarray
        float32 [regions * bands], see `MEASURES`: logarithm of each band's share of the power
        density, NaN for a region without a usable channel.
    asymmetry : float
        Logarithm of the alpha power at AF8 over that at AF7, NaN = unknown.
    quality : float
        Share of the segments of all channels that are free of artefacts, 0..1.
    """

    measures: NDArray[np.float32]
    asymmetry: float
    quality: float


def spectrum(window: Window) -> BandPowers:
    """Return the band powers of a window [samples, 4] filtered to 0.5..50 Hz.

    Spectra of half-overlapping segments are combined by their median, so that a single blink or
    touch of the electrode does not count.
    """
    size = round(SEGMENT * window.rate)
    starts = np.arange(0, len(window) - size + 1, max(1, size // 2))
    rows = starts[:, None] + np.arange(size)
    pieces, valid = window.filtered[rows], window.valid[rows]  # [segments, samples, channels]
    swing = np.ptp(pieces, axis=1)
    good = valid.all(axis=1) & (swing < LARGEST_SWING) & (swing > SMALLEST_SWING)
    power = np.abs(np.fft.rfft(pieces * np.hanning(size)[:, None], axis=1)) ** 2
    power *= 8 / 3 / (window.rate * size)
    frequency = np.fft.rfftfreq(size, 1 / window.rate)
    density = np.full((len(BANDS), pieces.shape[2]), np.nan)
    for channel in range(pieces.shape[2]):
        usable = good[:, channel]
        if usable.any() and usable.mean() >= FEWEST_SEGMENTS:
            median = np.median(power[usable, :, channel], axis=0)
            density[:, channel] = [
                median[(frequency >= low) & (frequency < high)].mean()
                for low, high in BANDS.values()
            ]
    share = np.log(density / density.sum(axis=0) + 1e-6)
    measures = []
    for columns in REGIONS.values():
        there = [column for column in columns if np.isfinite(share[0, column])]
        measures.append(
            share[:, there].mean(axis=1) if there else np.full(len(BANDS), float("nan"))
        )
    left, right = density[list(BANDS).index("alpha"), list(REGIONS["frontal"])]
    return BandPowers(
        np.concatenate(measures).astype(np.float32),
        float(np.log(right / left)),
        float((good & (swing < CLEAN_SWING)).mean()),
    )


def waves(window: Window) -> NDArray[np.float32]:
    """Return a window [samples, 4] as a network takes it, float32 [4, 512].

    It is resampled to `WAVE_RATE` (it holds nothing above 50 Hz), every channel divided by its
    usual swing (1.4826 median absolute deviations) and cut off at `LARGEST_WAVE` of them, so that
    neither the contact of the electrodes nor an artefact decides.
    """
    size = round(WINDOW * WAVE_RATE)
    place = np.linspace(0, len(window) - 1, size)
    whole = np.arange(len(window))
    even = np.stack([np.interp(place, whole, column) for column in window.filtered.T])
    even -= np.median(even, axis=1, keepdims=True)
    usual = 1.4826 * np.median(np.abs(even), axis=1, keepdims=True)
    return np.clip(even / (usual + 1e-3), -LARGEST_WAVE, LARGEST_WAVE).astype(np.float32)


@dataclass(frozen=True)
class EegWindow:
    """The window [start, time] in unix seconds: its band powers and its :func:`waves`."""

    time: float
    start: float
    spectrum: BandPowers
    waves: NDArray[np.float32]


class EegFeatures:
    """The part of :class:`EegEncoder` before the network; training uses the same.

    Parameters
    ----------
    update : float
        Distance of two windows [s].
    slowest : float
        Longest distance of two windows that somebody may ask for [s]; 0 = `update`.

    Attributes
    ----------
    pace : Pace
        How often windows are asked for.
    """

    def __init__(self, update: float = 1.0, slowest: float = 0.0) -> None:
        self._grid = WindowGrid(STREAMS, WINDOW, update, slowest=slowest)
        self.pace = self._grid.pace

    def reset(self) -> None:
        """Forget the stream."""
        self._grid.reset()

    def push(self, block: BiosignalBlock) -> Iterator[EegWindow]:
        """Take a block and yield the full windows it completes."""
        samples = np.asarray(block.samples, float)
        if block.kind != "eeg" or samples.ndim != 2:
            return
        picked = replace(block, samples=pick(samples, block.channels), channels=MUSE_CHANNELS)
        for time, windows in self._grid.push(picked):
            window = windows["eeg"]
            if len(window) >= round((WINDOW - 0.1) * window.rate):
                start = time - len(window) / window.rate
                yield EegWindow(time, start, spectrum(window), waves(window))


class EegEncoder:
    """Concentrating, neutral or relaxed, from temporal and frontal electrodes.

    A demonstrator: these are mental states, learned from three people with dry electrodes, and
    much of what tells them apart is the movement of eyes and muscles. The estimate therefore
    has weak arousal only, no valence and dominance, and a confidence of 0.3 at most.

    Other layouts than that of the Muse headband are taken by the names of their electrodes; if
    nothing lies near the temples or near the forehead the estimate is unknown, quality 0.

    Parameters
    ----------
    options : EegEncoder.Options
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

    modality: ClassVar[str] = "eeg"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        update_interval: float = option(
            1.0, "time from one encoding to the next [s]", low=0.25, high=60.0
        )
        longest_interval: float = option(
            3.0,
            "the longest, however few are asked for, in whole update_intervals [s]",
            low=0.25,
            high=60.0,
        )
        model: str = option(
            "eeg", "network in the models folder: eeg (band powers), eeg_eegnet (EEGNet)"
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or EegEncoder.Options()
        self._model = matching_model(self.options.model, self.modality, LABELS, MEASURES)
        self._takes_waves = self._model.description.get("input") == "waves"
        self.version = self._model.version
        self._features = EegFeatures(self.options.update_interval, self.options.longest_interval)
        self.pace = self._features.pace

    def reset(self) -> None:
        """Forget everything about the stream so far."""
        self._features.reset()

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next block and return the encodings it completes."""
        if not isinstance(sample, BiosignalBlock):
            return []
        return [self._encode(moment, sample.source) for moment in self._features.push(sample)]

    def _encode(self, moment: EegWindow, source: str) -> Encoding:
        found = moment.spectrum
        estimate = unknown(LABELS)
        if np.isfinite(found.measures).all():
            seen = moment.waves if self._takes_waves else found.measures
            probabilities = self._model(seen[None])[0][0]
            estimate = Estimate(
                LABELS,
                probabilities,
                float("nan"),
                float(probabilities @ np.array(AROUSAL)),
                float("nan"),
                LARGEST_CONFIDENCE * (1.0 - entropy(probabilities)),
                found.quality,
                credible(LABELS, probabilities, self._model.conformal),
            )
        features = {name: float(value) for name, value in zip(MEASURES, found.measures)}
        return Encoding(
            self.modality,
            moment.time,
            moment.start,
            estimate,
            np.nan_to_num(found.measures),
            {**features, "frontal_asymmetry": found.asymmetry},
            source,
        )


def predict_muse(csv: Path, update: float = 1.0) -> Iterator[dict[str, Any]]:
    """Yield what the encoder makes of a Muse csv file, one result every `update` seconds.

    Each has `input`, `time` (unix seconds at the end of the window), `labels`, `probabilities`,
    `valence`, `arousal`, `dominance`, `confidence` and `quality`, and `notes` where something was
    left out or assumed; None stands for unknown. A file that cannot be read yields one result with
    `input` and `error`.

    Parameters
    ----------
    csv : pathlib.Path
        With the columns timestamps, TP9, AF7, AF8, TP10.
    update : float
        Distance of two results [s], 0.25..60.

    Raises
    ------
    ModelError
        If the network cannot be loaded.
    """
    encoder = EegEncoder(build(EegEncoder.Options, {"update_interval": update}))

    def details(encoding: Encoding) -> dict[str, Any]:
        return {"frontal_asymmetry": plain(encoding.features["frontal_asymmetry"])}

    notes: list[str] = []
    yield from predict_recording(csv, encoder, read_muse(csv, notes=notes), details, notes)
