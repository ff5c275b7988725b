# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether somebody is there, apart from how they feel."""

from __future__ import annotations

import math

from emo_music_ros.states import states_from
from emo_music_ros.streams import Encoding

#: Modalities that a person has to be there for. Music is the robot's own, and what the player
#: reports goes on in an empty room.
SENSED = frozenset({"face", "speech", "text", "physiology", "eeg"})
#: Quality below which a signal may come from nobody (a picture on the wall, a loose electrode).
LEAST_QUALITY = 0.2


def is_sign(encoding: Encoding) -> bool:
    """Return whether an encoding can only come from somebody who is there."""
    estimate = encoding.estimate
    if encoding.modality not in SENSED or not estimate.quality >= LEAST_QUALITY:
        return False
    if states_from(estimate) is not None and estimate.confidence > 0:
        return True
    return any(math.isfinite(value) for value in encoding.features.values())


class Presence:
    """Remembers the last sign of a person: what was sensed, or what the person did.

    Attributes
    ----------
    last : float
        Time of the last sign [s], -inf = none yet.
    """

    def __init__(self) -> None:
        self.last = -math.inf

    def sign(self, time: float) -> None:
        """Take a sign of the person."""
        if math.isfinite(time):
            self.last = max(self.last, time)

    def at(self, now: float, hold: float) -> bool:
        """Return whether somebody counts as present, `hold` seconds after the last sign."""
        return now - self.last <= hold
