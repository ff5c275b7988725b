# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One stimulus and the signals of one person during it, as DEAP and AMIGOS publish them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: What the trials are rated on, in the order of their targets.
DIMENSIONS = ("valence", "arousal")


@dataclass(frozen=True)
class Trial:
    """The signals of one trial, all at one rate.

    Attributes
    ----------
    rate : float
        Sampling rate [Hz].
    rest : float
        Length of the part before the stimulus [s].
    signals : mapping of str to ndarray
        Kind (``eeg``, ``ecg``, ``ppg``, ``eda``, ``respiration``, ``temperature``) -> float32
        [samples, channels], in the units of the corpus.
    channels : mapping of str to tuple of str
        Kind -> names of the channels.
    """

    rate: float
    rest: float
    signals: Mapping[str, NDArray[np.float32]]
    channels: Mapping[str, tuple[str, ...]]
