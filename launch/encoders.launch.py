# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The nodes that recognise emotions: encoders and fusion."""

from emo_music_ros.ros.bringup import description
from emo_music_ros.ros.graph import recognising


def generate_launch_description():
    """Return the launch description."""
    return description(recognising, ("encoders", "without"))
