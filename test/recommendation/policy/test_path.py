# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.emotion import STATES
from emo_music_ros.recommendation.policy.path import (
    CHOICE,
    EDGE,
    FEW,
    MOST_NEGATIVE,
    REACH,
    TURN,
    Path,
    advance,
    fitting,
    in_quadrant,
    snapped,
    within_reach,
)
from emo_music_ros.recommendation.policy.target import meeting, target
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Estimate

TENSE, CALM, LOW = np.array([-0.5, 0.6, 0]), np.array([0.5, -0.4, 0]), np.array([-0.5, -0.4, 0])
AXIS = st.floats(-1, 1)
POINT = arrays(float, 3, elements=AXIS)
POINTS = st.integers(1, 12).flatmap(lambda size: arrays(float, (size, 3), elements=AXIS))


def walk(path, last, start=TENSE, end=CALM, state="anxiety", heard=None):
    return advance(path, state, last, heard, start, end, 0.15)


def test_a_path_meets_the_person_and_goes_one_step():
    path = walk(None, "")
    assert path.proposed == pytest.approx([-0.35, 0.45, 0])
    assert path.negative == 1


def test_each_track_heard_is_a_step_and_the_end_is_reached():
    path = None
    for number in range(12):
        before = path
        path = walk(path, f"t{number}", start=np.array([-0.2, 0.6, 0]))
        if before is not None:
            assert abs(path.proposed - before.proposed).max() <= 0.15 + 1e-9
    assert path.proposed == pytest.approx(CALM)


@given(st.sampled_from(["anxiety", "depression"]), st.floats(-0.25, 0.25), st.floats(-0.25, 0.25))
def test_from_around_a_state_it_takes_three_to_eight_pieces(state, valence, arousal):
    centre = STATE_CENTRES[STATES.index(state)]
    there = Estimate((), np.zeros(0), centre[0] + valence, centre[1] + arousal, math.nan, 1.0)
    end = target(state, there)
    start = meeting(state, there, end)
    step = TherapeuticRecommender.Options().max_step
    path, pieces = advance(None, state, "", None, start, end, step), 1
    while not np.allclose(path.proposed[:2], end[:2]):
        path = advance(path, state, f"t{pieces}", path.proposed, start, end, step)
        pieces += 1
        assert pieces <= 8
    assert pieces >= 3


@pytest.mark.parametrize("heard", [None, np.array([0.9, 0.9, 0])])
@pytest.mark.parametrize("before", [None, Path("calm", "t0", None, CALM)])
def test_asking_again_before_anything_was_heard_changes_nothing(heard, before):
    """A player that is dead, or a first track that was skipped unheard, leads nobody on."""
    first = path = walk(before, "t1", heard=heard)
    for _ in range(5):
        path = walk(path, "t1", heard=heard)
        assert path.proposed == pytest.approx(first.proposed)
        assert path.negative == first.negative


def test_a_new_state_turns_the_path_from_where_the_music_is():
    path = walk(None, "")
    turned = walk(path, "t1", start=CALM, end=CALM, state="calm")
    step = turned.proposed[:2] - path.proposed[:2]
    assert np.hypot(*step) == pytest.approx(TURN)
    near = walk(turned, "t2", start=turned.proposed + 0.01, end=CALM, state="positive")
    assert near.proposed == pytest.approx(turned.proposed + 0.01)


def test_after_a_restart_it_goes_on_from_the_track_heard_last():
    path = walk(None, "t4", heard=np.array([0.2, 0.1, 0]))
    assert np.hypot(*(path.proposed[:2] - [0.2, 0.1])) == pytest.approx(TURN)


@given(
    st.lists(st.tuples(st.integers(0, 3), POINT, POINT), min_size=1, max_size=15),
    POINTS.filter(lambda points: (points[:, 0] >= 0).any()),
)
def test_at_most_two_needs_of_one_path_are_negative(steps, points):
    """However the way goes: where there is pleasant music, a third sad track is not asked for."""
    path, negative = None, 0
    for track, start, end in steps:
        before, path = path, snapped(walk(path, f"t{track}", start, end), points, None)
        if before is not None and before.last == f"t{track}":
            negative -= int(before.proposed[0] < 0)  # asked again, it was not heard
        negative += int(path.proposed[0] < 0)
        assert path.negative == negative <= MOST_NEGATIVE


@given(POINT, POINTS)
def test_a_need_is_moved_into_the_quadrant_of_a_track_that_exists(need, points):
    path = snapped(Path("calm", "", None, need, int(need[0] < 0)), points, None)
    assert in_quadrant(path.proposed, points).any()
    assert abs(path.proposed[:2]).min() >= EDGE
    assert path.negative == int(path.proposed[0] < 0)
    assert path.moved == (not in_quadrant(need, points).any())
    if not path.moved:
        assert in_quadrant(need, path.proposed[None]).all()
    elif need[0] >= 0 and (points[:, 0] >= 0).any():
        assert path.proposed[0] > 0  # pleasant music is not replaced by sad


def test_without_tracks_a_need_stays_where_it_is():
    path = Path("calm", "", None, CALM)
    assert snapped(path, np.zeros((0, 3)), None) is path


@given(POINT, POINTS, st.data())
def test_need_bounds_what_fits(need, points, data):
    played = data.draw(arrays(np.intp, len(points), elements=st.integers(0, 5)))
    heard = data.draw(st.one_of(st.none(), POINT))
    fit, answered = fitting(need, points, played, heard)
    inside = in_quadrant(need, points)
    assert answered == inside.any()
    assert 1 <= len(fit) <= CHOICE
    assert len(set(fit.tolist())) == len(fit)
    if answered:
        assert inside[fit].all()
        if not (played[inside] > 0).any():
            assert (played[fit] == 0).all()
    away = np.hypot(*(points[fit, :2] - need[:2]).T)
    assert (np.diff(away) >= 0).all()


def test_of_many_that_fit_the_near_and_fresh_are_chosen():
    need, heard = np.array([0.5, 0.5, 0]), np.array([0.2, 0.2, 0])
    points = np.array(
        [[0.3, 0.3, 0], [0.4, 0.4, 0], [0.5, 0.5, 0], [0.95, 0.95, 0], [-0.5, 0.5, 0]]
    )
    assert np.hypot(*(points[3] - heard)[:2]) > REACH
    fit, _ = fitting(need, points, np.zeros(5, int), heard)
    assert fit.tolist() == [2, 1, 0]
    fit, _ = fitting(need, points, np.array([0, 0, 1, 0, 0]), heard)
    assert fit.tolist() == [1, 0]


def test_where_enough_are_near_one_heard_lately_comes_before_a_large_change():
    need, heard = np.array([0.5, 0.5, 0]), np.array([0.0, 0.5, 0])
    near = [[0.5, 0.5 - 0.01 * number, 0] for number in range(FEW)]
    points = np.array([*near, [0.7, 0.5, 0]])
    played = np.array([*range(1, FEW + 1), 0])
    assert within_reach(points, heard).tolist() == [True] * FEW + [False]
    fit, _ = fitting(need, points, played, heard)
    assert sorted(fit.tolist()) == list(range((FEW + 1) // 2))
    fit, _ = fitting(need, points[1:], played[1:], heard)  # too few are near
    assert fit.tolist() == [FEW - 1]


def test_when_all_were_heard_the_ones_longest_ago_come_again():
    points = np.tile([0.5, 0.5, 0.0], (4, 1))
    fit, _ = fitting(points[0], points, np.array([4, 1, 3, 2]), None)
    assert sorted(fit.tolist()) == [1, 3]
