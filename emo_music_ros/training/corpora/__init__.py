# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Loaders of published corpora, one a file; each returns a :class:`~.base.Corpus`."""
