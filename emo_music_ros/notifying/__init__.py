# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calls to carers: which are pushed, when again, by what, and what came of them."""
