# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the fusion of modalities."""
