# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What every node shares: lifecycle, quality of service, parameters, conversions."""
