# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is remembered about a person, and what a listen was worth."""
