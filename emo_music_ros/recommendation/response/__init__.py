# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How somebody answers to music: liked or not, and how they feel afterwards."""
