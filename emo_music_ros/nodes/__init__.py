# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One thin node per file: messages in, one object called, messages out."""
