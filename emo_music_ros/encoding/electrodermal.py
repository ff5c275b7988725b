"""Electrodermal activity: level, slope and skin-conductance responses.

The phasic part is what a 0.05 Hz high-pass leaves (Boucsein 2012, "Electrodermal activity",
section 2.2); a response is a peak that rises by at least `SMALLEST` from the trough before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from emo_music_ros.encoding.buffer import Window

#: Band of the phasic part [Hz].
BAND = (0.05, 1.0)
#: Skin conductance below or above this means that the electrodes do not touch the skin [uS].
LOWEST, HIGHEST = 0.02, 100.0
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
    usable : float
        Seconds of usable signal.
    """

    level: float
    slope: float
    responses: float
    response_sum: float
    usable: float


_NAN = float("nan")
NO_SKIN = Skin(_NAN, _NAN, _NAN, _NAN, 0.0)


def summarise(window: Window, channel: int = 0) -> Skin:
    """Summarise a window of a stream filtered to `BAND`."""
    step = max(1, int(window.rate // ENOUGH))
    rate = window.rate / step
    raw, phasic = window.raw[::step, channel], window.filtered[::step, channel]
    usable = window.valid[::step, channel] & (raw > LOWEST) & (raw < HIGHEST)
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
    return Skin(
        float(level.mean()),
        float(slope),
        float(real.sum() / minutes),
        float(found["prominences"][real].sum() / minutes),
        float(seconds),
    )
