# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One file for each step; a database that exists is never changed in any other way."""
