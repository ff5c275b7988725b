# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What can be set of the player."""

from __future__ import annotations

from dataclasses import dataclass

from emo_music_ros.options import option
from emo_music_ros.playback.exposure import SoundOptions
from emo_music_ros.playback.level import SILENCE


@dataclass(frozen=True)
class PlayerOptions(SoundOptions):
    """What can be set. The lowest values keep every change of the level slow."""

    crossfade: float = option(
        4.0, "cross-fade between tracks [s]", low=3.0, high=12.0, dynamic=True
    )
    fade_in: float = option(3.0, "fade-in from silence [s]", low=3.0, high=10.0, dynamic=True)
    stop_fade: float = option(SILENCE, "fade-out when stopped [s]", low=1.4, high=1.6, dynamic=True)
    volume: float = option(0.6, "volume at the start", low=0.0, high=1.0)
    max_volume: float = option(0.8, "highest volume allowed", low=0.0, high=1.0, dynamic=True)
    duck: float = option(
        0.25, "share of the volume while the robot speaks", low=0.0, high=1.0, dynamic=True
    )
    prefetch: float = option(2.0, "decoded ahead per track [s]", low=0.5, high=30.0)
