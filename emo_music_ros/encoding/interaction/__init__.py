# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a person's behaviour towards the player says."""
