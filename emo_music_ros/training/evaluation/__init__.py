# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Protocols and measures on people who were never seen."""
