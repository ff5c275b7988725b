# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measuring on the speech of older adults."""
