# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Playback: decode, mix, cross-fade and put out sound."""
