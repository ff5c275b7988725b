# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What simulated listeners and libraries are drawn from."""
