# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How spoken commands are measured, and the Chinese keyword model is trained."""
