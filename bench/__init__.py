# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Benchmarks beside named peers: ``python -m bench``, one thread, one process for each."""
