# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people ask for aloud: recognisers of speech, commands, short answers and voices."""
