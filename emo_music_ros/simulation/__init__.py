# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The closed loop without ROS: a virtual player, scripted and seeded listeners, the judge."""
