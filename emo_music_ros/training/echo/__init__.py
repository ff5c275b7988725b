# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What taking the robot's own music out is worth to emotion in the voice."""
