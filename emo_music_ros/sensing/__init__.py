# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sensing: devices, recordings and the demonstration, all as sources of samples."""
