# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recognisers of speech, each a plugin."""
