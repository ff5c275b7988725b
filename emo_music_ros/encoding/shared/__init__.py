# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the encoders share: interface, buffers, filters, networks, results."""
