# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The worst is shown until it is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.ros.health import LEVELS, Health


@pytest.fixture
def log():
    return []


@pytest.fixture
def health(log):
    return Health(lambda level, text: log.append((level, text)))


def test_a_fault_is_not_painted_over_by_what_goes_well(health):
    health.fault("memory", "cannot be written")
    health.state("ok", "library of 5 tracks")
    level, text = health.worst(0.0)
    assert level == "error"
    assert text == "memory: cannot be written; library of 5 tracks"
    health.over("memory")
    assert health.worst(0.0) == ("ok", "library of 5 tracks")


def test_worst_first(health):
    health.fault("a", "slow", "warn")
    health.fault("b", "dead", "error")
    health.state("warn", "opening")
    assert health.worst(0.0) == ("error", "b: dead; opening; a: slow")


def test_a_fault_that_does_not_come_back_is_over_after_a_while(health):
    health.fault("stamps", "in the future", "warn", now=100.0, lasts=10.0)
    assert health.worst(110.0)[0] == "warn"
    assert health.worst(110.1)[0] == "ok"


def test_a_change_is_logged_once_and_numbers_are_none(health, log):
    for number in range(5):
        health.fault("stamps", f"{number} refused", "warn")
    assert log == [("warn", "stamps: 0 refused")]
    health.over("stamps")
    health.over("stamps")
    assert log[1:] == [("ok", "stamps: over")]


def test_what_somebody_wants_is_shown_and_not_logged(health, log):
    health.state("ok", "closed")
    log.clear()
    health.fault("silent", "'anna' has withdrawn consent", "ok")
    assert health.worst(0.0) == ("ok", "closed; silent: 'anna' has withdrawn consent")
    health.over("silent")
    assert log == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(LEVELS)), max_size=20))
def test_the_level_is_that_of_the_worst_fault(faults):
    health = Health(lambda level, text: None)
    held = {}
    for part, level in faults:
        health.fault(part, "x", level)
        held[part] = level
    assert health.worst(0.0)[0] == max(held.values(), key=LEVELS.index, default="ok")


def test_what_is_gone_is_wrong_no_longer_and_not_called_mended(health, log):
    health.fault("messages of a", "no picture", "warn")
    health.gone("messages of a")
    health.gone("messages of b")
    assert health.worst(0.0)[0] == "ok"
    assert log == [("warn", "messages of a: no picture")]
