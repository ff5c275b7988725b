# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The tables of WESAD are read, and what only looks like meditation is left out."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import wesad


def test_segments_come_in_order_with_their_condition(wesad_folder):
    corpus = wesad.load(wesad_folder)
    assert corpus.classes == wesad.CONDITIONS
    assert np.unique(corpus.people).tolist() == [2, 3, 5, 6, 7, 8]
    mine = corpus.items[corpus.people == 2]
    assert (np.diff(mine[:, 0]) >= 0).all()
    assert mine.shape[1] == 1 + len(wesad.MEASURES)
    rate = 1 + list(wesad.MEASURES.values()).index("heart_rate")
    stress = corpus.items[corpus.labels == wesad.CONDITIONS.index("stress"), rate]
    assert stress.mean() > corpus.items[corpus.labels == 0, rate].mean() + 10
    amplitude = 1 + list(wesad.MEASURES.values()).index("wrist_scr_amplitude")
    assert np.isnan(mine[0, amplitude])  # an empty cell


def test_people_kept_apart_are_never_read(wesad_folder):
    text = gzip.open(wesad_folder / wesad.TABLE, "rt").read()
    assert "\n4," in text
    assert not np.isin(wesad.load(wesad_folder).people, list(wesad.APART)).any()


def test_only_the_meditations_themselves_count(wesad_folder):
    corpus = wesad.load(wesad_folder)
    mine = corpus.people == 3
    ends = corpus.items[mine & (corpus.labels == wesad.CONDITIONS.index("meditation")), 0]
    stress = corpus.items[mine & (corpus.labels == wesad.CONDITIONS.index("stress")), 0]
    between = (ends > stress.min() - 30) & (ends < stress.max() + 30)
    assert len(ends) == 2 * 25
    assert not between.any()


def test_a_missing_or_damaged_table_is_named(tmp_path):
    assert wesad.find(tmp_path) is None
    with pytest.raises(InputError, match="has no wesad_segments"):
        wesad.load(tmp_path)
    path = tmp_path / wesad.TABLE
    for content in (b"no gzip", gzip.compress(b"subject\n2\n"), gzip.compress(b"subject\n")):
        path.write_bytes(content)
        with pytest.raises(InputError, match="wesad_segments"):
            wesad.load(tmp_path)
