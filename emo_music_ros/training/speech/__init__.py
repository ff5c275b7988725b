# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Training and measuring of the speech encoder."""
