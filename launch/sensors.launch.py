# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The nodes that sense."""

from emo_music_ros.ros.bringup import description
from emo_music_ros.ros.graph import sensors


def generate_launch_description():
    """Return the launch description."""
    return description(sensors, ("input", "replay", "consent"))
