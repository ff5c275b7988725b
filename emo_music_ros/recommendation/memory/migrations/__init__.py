# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Steps from one format of the memory to the next, run by Alembic."""
