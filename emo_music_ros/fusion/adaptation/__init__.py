# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What fusion learns about one person from moments whose state was confirmed."""
