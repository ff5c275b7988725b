# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One module per command of ``emo-music``: `add` declares its arguments and what it runs."""
