# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Paths over tracks that exist: limits and exact values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.recommendation.policy.path import (
    CHOICE,
    FEW,
    LEAST,
    MOST_NEGATIVE,
    REACH,
    TOLERANCE,
    TURN,
    Path,
    advance,
    fitting,
    in_quadrant,
    snapped,
    within_reach,
)
from emo_music_ros.states import EDGE

NAN = math.nan


def point(valence, arousal, dominance=0.0):
    return np.array([valence, arousal, dominance], float)


START, END = point(-0.5, 0.6), point(0.5, -0.4)


def walk(path, last, *, state="anxiety", start=START, end=END, heard=None):
    return advance(path, state, last, heard, start, end, 0.15)


@given(arrays(float, 3, elements=st.floats(-1, 1)), arrays(float, 3, elements=st.floats(-1, 1)))
def test_a_turn_goes_straight_to_the_person_and_not_further_than_a_turn(before, start):
    """No further than TURN, on the line between, and all the way where that is nearer."""
    path = Path("calm", "t0", None, before)
    turned = advance(path, "positive", "t1", None, start, start, 0.15)
    away = start - before
    length = math.hypot(away[0], away[1])
    share = 1.0 if length <= TURN else TURN / length
    expected = before + share * away
    assert turned.turned
    assert turned.proposed == pytest.approx(expected, abs=1e-9)


def test_a_turn_begins_to_count_sad_music_anew():
    path = Path("anxiety", "t0", None, point(-0.5, -0.5), negative=2)
    turned = walk(path, "t1", state="depression", start=point(-0.5, -0.5))
    assert turned.negative == 1
    assert turned.proposed[0] < 0


def test_after_the_most_sad_tracks_the_next_need_is_just_pleasant():
    path = Path("anxiety", "t0", None, point(-0.5, 0.5), negative=MOST_NEGATIVE)
    found = walk(path, "t1")
    assert found.proposed == pytest.approx([EDGE, 0.35, 0.0])
    assert found.negative == MOST_NEGATIVE
    one_less = Path("anxiety", "t0", None, point(-0.5, 0.5), negative=MOST_NEGATIVE - 1)
    assert walk(one_less, "t1").proposed == pytest.approx([-0.35, 0.35, 0.0])


def test_asking_again_takes_back_the_count_of_what_was_not_heard():
    first = walk(Path("anxiety", "t0", None, point(-0.2, 0.5)), "t1")
    assert (first.negative, first.previous[0]) == (1, -0.2)
    again = walk(first, "t1")
    assert again.negative == 1
    assert again.proposed == pytest.approx(first.proposed)
    pleasant = replace(first, proposed=point(0.3, 0.5), negative=0)
    assert walk(pleasant, "t1").negative == 1


def test_from_low_to_bright_leads_not_through_anger():
    path = Path("depression", "t0", None, point(-0.2, -0.05))
    through = walk(path, "t1", state="depression", end=point(0.5, 0.2))
    assert through.proposed == pytest.approx([-0.05, -EDGE, 0.0])
    # who is anxious is met in it
    assert walk(replace(path, state="anxiety"), "t1", end=point(0.5, 0.2)).proposed[1] > 0
    past = walk(Path("depression", "t0", None, point(0.2, -0.05)), "t1", state="depression",
                end=point(0.5, 0.2))  # fmt: skip
    assert past.proposed == pytest.approx([0.35, 0.1, 0.0])


def test_at_first_it_goes_one_step_from_the_person():
    assert walk(None, "").proposed == pytest.approx([-0.35, 0.45, 0.0])
    near = walk(None, "", start=point(0.45, -0.38))
    assert near.proposed == pytest.approx([0.5, -0.4, 0.0])
    assert near.turned  # until something was heard of it


@pytest.mark.parametrize(("valence", "negative"), [(-0.5, 1), (0.5, 0)])
def test_moving_a_need_corrects_the_count_of_sad_ones(valence, negative):
    path = Path("calm", "", None, point(0.5, 0.5), negative=0)
    found = snapped(path, np.array([point(valence, 0.5)]), None)
    assert found.negative == negative
    assert found.proposed[0] == pytest.approx(EDGE * np.sign(valence) if valence < 0 else 0.5)


def test_a_need_keeps_off_the_edges_of_its_quadrant():
    path = Path("calm", "", None, point(0.01, -0.02))
    found = snapped(path, np.array([point(0.6, -0.6)]), None)
    assert found.proposed == pytest.approx([EDGE, -EDGE, 0.0])
    assert not found.moved


def test_what_is_too_far_from_the_track_before_is_not_asked_for_where_something_is_near():
    path = Path("calm", "", None, point(0.5, -0.5))
    points = np.array([point(0.5, -0.5), point(0.4, 0.2), point(-0.4, 0.3)])
    heard = point(0.3, 0.4)
    found = snapped(path, points, heard)
    assert found.proposed == pytest.approx([0.5, EDGE, 0.0])
    assert not found.moved  # the library has such music, only not near
    assert snapped(path, points, None).proposed == pytest.approx([0.5, -0.5, 0.0])
    # with nothing near a jump is all there is
    assert snapped(path, points[:1], point(-0.9, 0.9)).proposed == pytest.approx([0.5, -0.5, 0.0])


def test_pleasant_music_that_is_further_off_comes_before_sad_music_that_is_near():
    path = Path("calm", "", None, point(0.05, -0.5))
    points = np.array([point(-0.1, -0.5), point(0.9, 0.9)])
    assert snapped(path, points, None).proposed == pytest.approx([EDGE, EDGE, 0.0])
    sad = Path("calm", "", None, point(-0.05, 0.5), negative=1)
    assert snapped(sad, points, None).proposed == pytest.approx([-EDGE, -EDGE, 0.0])


def test_the_origin_belongs_to_the_pleasant_and_lively():
    points = np.array([point(0, 0), point(-1e-9, 0), point(0, -1e-9)])
    assert in_quadrant(point(0, 0), points).tolist() == [True, False, False]


def test_reach_includes_its_limit_and_leaves_dominance_out():
    heard = point(0.1, 0.1, -1.0)
    inside = [0.1 + REACH - 1e-9, 0.1, 1.0]
    points = np.array([inside, [0.1 + REACH + 1e-6, 0.1, -1.0], [-0.35, -0.35, 0]])
    assert within_reach(points, heard).tolist() == [True, False, False]


def test_where_no_track_is_of_the_mood_the_nearest_are_taken():
    need = point(0.5, 0.5)
    points = np.array([point(-0.2, 0.5), point(-0.29, 0.5), point(-0.31, 0.5), point(-0.9, -0.9)])
    fit, answered = fitting(need, points, np.zeros(4, int), None)
    assert (fit.tolist(), answered) == ([0, 1], False)


def test_taste_may_choose_among_a_few_or_among_all_that_are_about_as_near():
    need = point(0.5, 0.5)
    line = np.array([point(0.5, 0.5 - 0.06 * number) for number in range(9)])
    near = int((0.06 * np.arange(9) <= TOLERANCE).sum())
    fit, _ = fitting(need, line, np.zeros(9, int), None)
    assert len(fit) == near > LEAST
    far = np.array([point(0.5, 0.5), *[point(0.95, 0.95 - 0.01 * n) for n in range(6)]])
    fit, _ = fitting(need, far, np.zeros(7, int), None)
    assert len(fit) == LEAST
    many = np.tile(need, (30, 1))
    fit, _ = fitting(need, many, np.zeros(30, int), None)
    assert len(fit) == CHOICE


@pytest.mark.parametrize(("near", "stays"), [(FEW, True), (FEW - 1, False)])
def test_enough_tracks_within_reach_are_enough(near, stays):
    need, heard = point(0.5, 0.5), point(0.2, 0.5)
    points = np.array(
        [*[point(0.55 + 0.01 * n, 0.5) for n in range(near)], point(0.8, 0.5), point(0.8, 0.4)]
    )
    played = np.array([*range(1, near + 1), 0, 0])
    fit, _ = fitting(need, points, played, heard)
    assert set(fit.tolist()).isdisjoint({near, near + 1}) == stays


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_of_tracks_all_heard_the_longest_ago_half_comes_again(count):
    points = np.tile(point(0.5, 0.5), (count, 1))
    played = np.arange(count, 0, -1)  # the last one was heard longest ago
    fit, _ = fitting(points[0], points, played, None)
    assert sorted(fit.tolist()) == list(range(count))[-((count + 1) // 2) :]
