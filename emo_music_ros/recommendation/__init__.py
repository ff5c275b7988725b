# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recommendation: a library of analysed music, a memory per person, and the choice between them."""
