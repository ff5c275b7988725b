# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The music: files, their analysis, the built-in pieces."""
