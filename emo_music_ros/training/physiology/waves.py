# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The signals of a window as sequences, for the networks of the papers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.physiology import cardiac
from emo_music_ros.encoding.physiology.encoder import FLOOR
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.streams import BiosignalBlock
from emo_music_ros.training.corpora import stress_predict
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.physiology.network import Floats

#: Length [s] and number of the steps in which the networks of the papers see a window.
STEP, STEPS = 2.0, 30
#: Distance of the windows that the networks of the papers are trained on, in windows.
STRIDE = 3


def sequences(data: Path, corpus: Corpus) -> NDArray[np.float32]:
    """Return the signals of every window against what was usual before, [n, steps, 4].

    Heart rate, height of the pulse, skin conductance and temperature (paper A, Eq. 3).
    """
    found = np.zeros((len(corpus), STEPS, 4), np.float32)
    ends = np.array([item.moment.time for item in corpus.items])
    for person, folder, _ in stress_predict.people(data):
        start, steps = _steps(folder)
        count = np.arange(1, len(steps) + 1)[:, None]
        mean = steps.cumsum(axis=0) / count
        spread = np.sqrt(np.maximum((steps**2).cumsum(axis=0) / count - mean**2, 0.0))
        for row in np.flatnonzero(corpus.people == person):
            end = min(int((ends[row] - start) / STEP), len(steps))
            part = steps[max(0, end - STEPS) : end]
            scaled = (part - mean[end - 1]) / (spread[end - 1] + 1e-3)
            found[row, STEPS - len(part) :] = np.clip(scaled, -4.0, 4.0)
    return found


def _steps(folder: Path) -> tuple[float, Floats]:
    """Return the start [unix s] and heart rate, pulse height, skin, temperature of every step."""
    blocks: dict[str, list[BiosignalBlock]] = {}
    for block in read_e4(folder):
        blocks.setdefault(block.kind, []).append(block)
    whole = {
        kind: (found[0].time, found[0].rate, np.concatenate([block.samples for block in found]))
        for kind, found in blocks.items()
    }
    start = max(begin for begin, _, _ in whole.values())
    end = min(begin + len(samples) / rate for begin, rate, samples in whole.values())
    middle = start + STEP * (np.arange(int((end - start) / STEP)) + 0.5)
    begin, rate, samples = whole["ppg"]
    samples = samples.astype(float)
    wave = cardiac.PULSE
    band = StreamingFilter(rate, *wave.band)
    window = Window(samples, band(samples), np.ones(samples.shape, bool), rate)
    rhythm = cardiac.find_beats(window, wave)
    gaps, kept = cardiac.intervals(rhythm)
    columns = [
        np.interp(middle, begin + rhythm.times[1:][kept], 60.0 / gaps[kept]),
        np.interp(middle, begin + rhythm.times, np.log(np.maximum(rhythm.amplitudes, 1e-3))),
    ]
    for kind, floor in (("eda", FLOOR), ("temperature", 0.0)):
        begin, rate, samples = whole[kind]
        values = np.log(samples[:, 0] + floor) if floor else samples[:, 0]
        columns.append(np.interp(middle, begin + np.arange(len(values)) / rate, values))
    return start, np.stack(columns, axis=1)


WAVE_CODE = (sequences, _steps, STEP, STEPS, STRIDE)
