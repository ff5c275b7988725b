# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fusion: from encodings of several modalities to one emotion state."""
