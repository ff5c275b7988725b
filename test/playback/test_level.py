# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.playback.envelope import FLOOR
from emo_music_ros.playback.level import FALL, RISE, SILENCE, STEP, STEP_TIME, Level

RATE = 1000


def test_full_level_is_silent_after_its_time_and_no_fall_is_a_step():
    level = Level(RATE, 1.0)
    level.go(0.0)
    gains = level.take(2 * RATE)[:, 0]
    assert gains[round(SILENCE * RATE)] == 0.0
    assert gains[round(SILENCE * RATE) - 20] > 0.0
    assert FALL * STEP_TIME <= STEP
    assert FALL / 1.4 * SILENCE * STEP_TIME <= STEP  # with the shortest fade that can be set


def test_a_rise_takes_as_many_seconds_as_it_has_decibels():
    level = Level(RATE, 0.1)
    level.go(0.8)
    change = 20 * np.log10((0.8 + FLOOR) / (0.1 + FLOOR))
    assert level.remaining == pytest.approx(RATE * change / RISE, abs=1)
    gains = level.take(level.remaining)[:, 0].astype(float)
    assert gains[-1] == np.float32(0.8)
    assert np.ptp(np.diff(20 * np.log10(gains + FLOOR))[:-1]) < 1e-4


GAINS = st.floats(0, 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(GAINS, st.integers(1, 300)), min_size=1, max_size=6))
def test_no_sequence_of_targets_is_a_step_and_the_cuts_do_not_matter(targets):
    whole, pieces = Level(RATE, 0.5), Level(RATE, 0.5)
    one, other = [], []
    for target, samples in targets:
        whole.go(target)
        pieces.go(target)
        one.append(whole.take(samples))
        other += [pieces.take(1) for _ in range(samples)]
    gains = np.concatenate(one)[:, 0].astype(float)
    assert np.allclose(gains, np.concatenate(other)[:, 0], atol=1e-6)
    assert ((gains >= 0) & (gains <= 1)).all()
    decibels = 20 * np.log10(np.concatenate([[0.5], gains]) + FLOOR)
    assert abs(np.diff(decibels)).max() <= FALL / RATE + 1e-3
    assert np.diff(decibels).max() <= RISE / RATE + 1e-3


def test_a_jump_is_where_it_says():
    level = Level(RATE, 1.0)
    level.go(0.0)
    level.take(10)
    level.jump(0.3)
    assert (level.gain, level.remaining) == (0.3, 0)
    assert (level.take(5) == np.float32(0.3)).all()
