# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A panel of rqt. Qt and rqt are not required by the package: only rqt loads the panel."""
