# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Protocols part people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.training.evaluation.protocol import by_group, leave_one_out, random_split


@given(
    st.lists(st.integers(0, 9), min_size=30, max_size=80).filter(lambda x: len(set(x)) >= 4),
    st.integers(2, 4),
)
def test_folds_never_part_a_group_and_test_every_row_once(groups, count):
    column = np.array(groups)
    folds = by_group(column, count)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested.tolist()) == list(range(len(column)))
    for train, test in folds:
        assert not set(column[train]) & set(column[test])
        assert len(train) + len(test) == len(column)


def test_folds_are_balanced_and_too_few_groups_are_refused():
    sizes = [len(test) for _, test in by_group(np.repeat(np.arange(20), 60), 5)]
    assert sizes == [240] * 5
    with pytest.raises(ValueError, match="groups"):
        by_group([1, 1, 2], 3)


def test_leave_one_out_tests_each_alone():
    folds = leave_one_out(["x", "y", "x"])
    assert [(a.tolist(), b.tolist()) for a, b in folds] == [([1], [0, 2]), ([0, 2], [1])]


@given(st.integers(4, 100), st.integers(2, 4))
def test_random_split_tests_every_row_once(rows, count):
    tested = np.concatenate([test for _, test in random_split(rows, count)])
    assert sorted(tested.tolist()) == list(range(rows))
