# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How loud a track is played before the volume: as loud as all others (EBU R128)."""

from __future__ import annotations

import math

from emo_music_ros.playback.voices import Loudness
from emo_music_ros.streams import Track

#: Loudness that every track is brought to [LUFS]: the target of EBU R128.
TARGET = -23.0
#: Highest true peak after that [dB of full scale]: R128's, for a track that has to be raised.
PEAK = -1.0
#: A track is raised by at most this [dB]: more would raise its noise.
MOST = 12.0
#: Assumed of a track that was not measured [LUFS]: as loud as the loudest masters.
UNKNOWN = -9.0
#: Highest level that any sound can have [dB of full scale, both channels, A-weighted]: a full
#: square wave in both at the frequency that A-weighting raises most (+1.27 dB at 2.5 kHz).
FULL = 10 * math.log10(2) + 1.27
#: A-weighting exceeds the K-weighting of R128 nowhere by more than this [dB] (0.07 at 1.1 kHz).
A_OVER_K = 0.2


def measured(track: Track) -> bool:
    """Return whether the loudness of a track is known."""
    return math.isfinite(track.loudness) and math.isfinite(track.loudest)


def loudness_of(track: Track) -> Loudness:
    """Return how a track is played.

    One whose loudness is not known is played as if it were among the loudest: it may be too soft
    and is never too loud.
    """
    if not measured(track):
        gain = TARGET - UNKNOWN
        return Loudness(_ratio(gain), FULL + gain)
    gain = min(TARGET - track.loudness, MOST)
    if math.isfinite(track.peak) and gain > 0:
        gain = max(min(gain, PEAK - track.peak), 0.0)
    return Loudness(_ratio(gain), min(track.loudest + A_OVER_K, FULL) + gain)


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))
