# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure dynamic sampling: what is saved against what is lost."""
