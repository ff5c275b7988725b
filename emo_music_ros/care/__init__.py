# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What carers, therapists and the family enter about a person, and where it is kept."""
