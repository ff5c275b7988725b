# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Emotion that music expresses."""
