# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether what was learned does worse than the shipped weights."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from confirmed import answer, misread

from emo_music_ros.fusion.adaptation.head import learn
from emo_music_ros.fusion.adaptation.watch import (
    FEWEST,
    difference,
    has_turned_worse,
    prepare,
)


def test_the_difference_is_that_of_half_the_brier_scores():
    head = learn(misread(16))
    with_head, without = head(answer(3)), np.array([0.1, 0.1, 0.1, 0.7])
    expected = (((with_head - np.eye(4)[1]) ** 2).sum() - ((without - np.eye(4)[1]) ** 2).sum()) / 2
    assert difference(head, answer(3), 1) == pytest.approx(expected, abs=1e-3)
    assert difference(None, answer(3), 1) == 0.0


def test_nothing_is_told_of_few_moments_or_where_it_helps():
    assert has_turned_worse([1.0] * (FEWEST - 1)) is False
    assert has_turned_worse([-0.2] * 100) is False
    draw = np.random.default_rng(0)
    assert has_turned_worse(list(draw.normal(-0.03, 0.05, 60))) is False


def test_what_helped_and_turned_worse_is_told_and_so_is_what_never_helped():
    assert any(has_turned_worse([-0.2] * 20 + [0.2] * count) for count in range(1, 16))
    assert any(has_turned_worse([0.0] + [0.2] * count) for count in range(1, 16))


def test_a_smaller_gain_is_no_harm():
    assert has_turned_worse([-0.5] * 20 + [-0.05] * 10) is False


def test_without_the_library_nobody_is_watched(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "river"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "river", None)
    assert prepare() is False
    assert has_turned_worse([1.0] * 20) is None
    assert has_turned_worse([1.0] * (FEWEST - 1)) is False  # nothing to be watched yet


def test_it_is_as_the_definition_of_page_and_hinkley_says():
    draw = np.random.default_rng(3)
    stream = list(draw.normal(0.0, 0.1, 12)) + list(draw.normal(0.4, 0.1, 12))
    for end in range(FEWEST, len(stream)):
        lowest = total = mean = 0.0
        alarm, changed, count = False, False, 0
        for value in [0.0] * 8 + stream[:end]:
            if alarm:
                lowest = total = mean = 0.0
                count = 0
            count += 1
            mean += (value - mean) / count
            total += value - mean - 0.01
            lowest = total if count == 1 else min(lowest, total)
            alarm = total - lowest > 0.4
            changed = changed or alarm
        assert has_turned_worse(stream[:end]) == (changed and np.mean(stream[:end][-8:]) > 0.01)
