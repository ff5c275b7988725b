# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Reports of recorded sessions: what they are made of, what is said, and how it is shown."""
