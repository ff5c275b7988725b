# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Take stationary noise out of a log-Mel spectrum: minimum statistics and a Wiener gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

SMOOTHING = 0.85  # per frame, of the power whose minimum is the noise (Martin 2001)
BIAS = 2.0  # mean of noise over the minimum of its smoothed power, for about 2 s
PRIOR = 0.6  # per frame, of the signal-to-noise ratio that the gain follows
LOWEST = 0.1  # gain of power, -10 dB: what is left of the noise masks the errors


def noise_floor(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power of the noise [64] from a log-Mel spectrum [64, frames] of speech.

    Speech pauses in every band now and then: the minimum over the utterance of the smoothed power
    is noise, too low by a known factor (Martin 2001, without his adaptive smoothing).
    """
    power = np.exp(mel)
    start = power[:, :1] * SMOOTHING
    smooth, _ = lfilter([1 - SMOOTHING], [1, -SMOOTHING], power, axis=1, zi=start)
    return (BIAS * smooth.min(axis=1)).astype(np.float32)


def reduce_noise(mel: NDArray[np.float32], noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a log-Mel spectrum [64, frames] with noise of the power [64] attenuated.

    The Wiener gain follows the smoothed ratio of signal to noise in every band (as Ephraim & Malah
    1984, without their feedback) and never falls below -10 dB. A frame depends on those before
    it alone.
    """
    ratio = np.maximum(np.exp(mel) / np.maximum(noise, 1e-12)[:, None] - 1.0, 0.0)
    prior, _ = lfilter([1 - PRIOR], [1, -PRIOR], ratio, axis=1, zi=ratio[:, :1] * PRIOR)
    gain = np.maximum(prior / (1.0 + prior), LOWEST)
    return (mel + np.log(gain)).astype(np.float32)
