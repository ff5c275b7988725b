# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Readers of files: one per format, used by sensing, encoding, library and training."""
