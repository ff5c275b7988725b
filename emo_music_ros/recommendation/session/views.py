# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the session takes from the player and what it decides."""

from __future__ import annotations

from dataclasses import dataclass

from emo_music_ros.recommendation.base import Need, RankedTrack
from emo_music_ros.streams import Estimate


@dataclass(frozen=True)
class PlayerView:
    """What the player reports. `status` is stopped, playing, paused or fading; [s]."""

    time: float
    status: str
    track_id: str = ""
    position: float = 0.0
    duration: float = 0.0
    recommendation_id: str = ""


@dataclass(frozen=True)
class Decision:
    """What to do now.

    Attributes
    ----------
    action : str
        ``play``: ranked[0] now, cross-faded; ``stop``: fade out within two seconds.
    trigger : str
        start, end, next, state, asked, select, comfort, never, repeat, plan, stop, distress,
        consent or absent.
    reason : str
        One sentence or two for carers.
    time : float
        When it was decided [steady s].
    emotion_time : float
        Time of the emotion it answers [steady s], NaN = none.
    """

    action: str
    trigger: str
    reason: str
    time: float
    recommendation_id: str
    person_id: str
    state: str
    estimate: Estimate
    emotion_time: float
    need: Need | None
    ranked: tuple[RankedTrack, ...]
