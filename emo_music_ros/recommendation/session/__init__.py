# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""When to play, change and stop."""
