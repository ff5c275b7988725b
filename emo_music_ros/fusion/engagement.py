# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How much a person engages with the robot: by whether the head is turned to its camera.

The levels are those of ROS4HRI's EngagementLevel, which is about looking in the direction of the
robot; shares and window are those of its node hri_engagement (after Webb & Lemaignan, "Measuring
Visual Social Engagement from Proxemics and Gaze"), without the distance, which is not known here.
"""

from __future__ import annotations

import math
from collections import deque

UNKNOWN, DISENGAGED, ENGAGING, ENGAGED, DISENGAGING = (
    "unknown",
    "disengaged",
    "engaging",
    "engaged",
    "disengaging",
)
#: A head turned away less than this looks at the robot [rad]: half a field of view of 60 degrees.
LOOKS = math.radians(30)
#: What of the past counts [s].
WINDOW = 2.0
#: Fewer looks than this within the window say nothing.
LEAST = 3
#: Level -> (share of looks at the robot from which the next level holds, that level), and the same
#: for the share below which another holds.
_UP = {DISENGAGED: (0.3, ENGAGING), ENGAGING: (0.75, ENGAGED), DISENGAGING: (0.8, ENGAGED)}
_DOWN = {ENGAGING: (0.2, DISENGAGED), ENGAGED: (0.7, DISENGAGING), DISENGAGING: (0.25, DISENGAGED)}


class Engagement:
    """The level of one person.

    Attributes
    ----------
    level : str
        The last one.
    """

    def __init__(self) -> None:
        self.level = UNKNOWN
        self._looks: deque[tuple[float, bool]] = deque()

    def see(self, time: float, yaw: float, pitch: float) -> None:
        """Take how the head is turned away from the camera [rad] at a time [steady s].

        What is no number says nothing.
        """
        if all(map(math.isfinite, (time, yaw, pitch))):
            self._looks.append((time, math.cos(yaw) * math.cos(pitch) >= math.cos(LOOKS)))

    def step(self, now: float) -> str:
        """Return the level now [steady s]: unknown while the head is not seen."""
        while self._looks and now - self._looks[0][0] > WINDOW:
            self._looks.popleft()
        if len(self._looks) < LEAST:
            self.level = UNKNOWN
            return self.level
        share = sum(looks for _, looks in self._looks) / len(self._looks)
        if self.level == UNKNOWN:
            self.level = DISENGAGED
        if self.level in _UP and share > _UP[self.level][0]:
            self.level = _UP[self.level][1]
        elif self.level in _DOWN and share < _DOWN[self.level][0]:
            self.level = _DOWN[self.level][1]
        return self.level
