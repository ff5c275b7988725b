# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The whole loop, every node in a process of its own.

ros2 launch emo_music_ros companion.launch.py input:=demo scenario:=home duration:=90
ros2 launch emo_music_ros companion.launch.py composed:=true without:=eeg,physiology
"""

from emo_music_ros.ros.bringup import description
from emo_music_ros.ros.graph import graph


def generate_launch_description():
    """Return the launch description."""
    return description(
        graph,
        (
            "input",
            "replay",
            "library",
            "scenario",
            "duration",
            "summary",
            "consent",
            "without",
            "encoders",
            "dashboard",
            "talking",
        ),
        composed="companion",
    )
