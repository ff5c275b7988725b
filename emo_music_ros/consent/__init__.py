# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who allowed what, kept across restarts, and whom the present run is for."""
