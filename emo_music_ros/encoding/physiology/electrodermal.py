# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Electrodermal activity: level, slope and skin-conductance responses.

The phasic part is what a 0.05 Hz high-pass leaves (Boucsein 2012, "Electrodermal activity",
section 2.2); a response is a peak that rises by at least `SMALLEST` from the trough before it. What
is out of range or changes faster than skin can is an artefact of movement or contact, and so is
what lies close to it (Kleckner et al. 2018, "Simple, transparent, and flexible automated quality
assessment procedures for ambulatory electrodermal activity data", IEEE Trans. Biomed. Eng. 65).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import Floats

#: Band of the phasic part [Hz].
BAND = (0.05, 1.0)
#: Skin conductance below or above this means that the electrodes do not touch the skin [uS].
LOWEST, HIGHEST = 0.02, 100.0
#: Fastest change of real skin conductance [uS/s], and how far around a faster one is spoilt [s].
FASTEST, AROUND = 10.0, 2.5
#: Length of the newest part that is also looked at on its own [s].
RECENT = 20.0
#: Smallest response [uS] and smallest distance between two [s].
SMALLEST, DISTANCE = 0.01, 1.0
#: Rate that is enough to find responses [Hz].
ENOUGH = 8.0
#: Usable signal needed [s].
FEWEST = 8.0


@dataclass(frozen=True)
class Skin:
    """What the skin conductance of a window says; NaN = too little usable signal.

    Attributes
    ----------
    level : float
        Mean [uS].
    slope : float
        Of a straight line through it [uS/s].
    responses : float
        Skin-conductance responses per minute.
    response_sum : float
        Sum of their amplitudes per minute [uS].
    phasic : float
        Standard deviation of the phasic part [uS].
    recent : float
        Mean of the last `RECENT` seconds [uS].
    lowest, highest : float
        Of the window [uS].
    usable : float
        Seconds of usable signal.
    """

    level: float
    slope: float
    responses: float
    response_sum: float
    phasic: float
    recent: float
    lowest: float
    highest: float
    usable: float


_NAN = float("nan")
NO_SKIN = Skin(*(_NAN,) * 8, usable=0.0)


def summarise(window: Window, channel: int = 0) -> Skin:
    """Summarise a window of a stream filtered to `BAND`."""
    step = max(1, int(window.rate // ENOUGH))
    rate = window.rate / step
    raw, phasic = window.raw[::step, channel], window.filtered[::step, channel]
    usable = window.valid[::step, channel] & plausible(raw, rate)
    seconds = usable.sum() / rate
    if seconds < FEWEST or np.ptp(raw[usable]) < 1e-6:
        return NO_SKIN
    time = np.flatnonzero(usable) / rate
    level = raw[usable]
    centred = time - time.mean()
    slope = centred @ (level - level.mean()) / (centred @ centred)
    peaks, found = find_peaks(
        np.where(usable, phasic, 0.0), prominence=SMALLEST, distance=max(1, round(DISTANCE * rate))
    )
    real = usable[peaks]
    minutes = seconds / 60.0
    last = usable.copy()
    last[: max(0, len(raw) - round(RECENT * rate))] = False
    return Skin(
        float(level.mean()),
        float(slope),
        float(real.sum() / minutes),
        float(found["prominences"][real].sum() / minutes),
        float(phasic[usable].std()),
        float(raw[last].mean()) if last.any() else float(level[-1]),
        float(level.min()),
        float(level.max()),
        float(seconds),
    )


def plausible(conductance: Floats, rate: float) -> NDArray[np.bool_]:
    """Return which samples [n] of skin conductance [uS] at a rate [Hz] are no artefacts."""
    good = (conductance > LOWEST) & (conductance < HIGHEST)
    jumps = np.abs(np.diff(conductance, prepend=conductance[:1])) * rate > FASTEST
    if jumps.any():
        size = 2 * round(AROUND * rate) + 1
        good &= uniform_filter1d(jumps.astype(float), size, mode="constant") < 0.5 / size
    return good
