# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How much confirmed moments of a person help, and what they cost."""
