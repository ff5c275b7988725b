# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.policy.guard import (
    AGITATED,
    FASTEST,
    admissible,
    aroused,
    gentle,
)
from emo_music_ros.streams import Estimate, Track

WILD = Track("wild", "", valence=-0.6, arousal=0.8, tempo=160)
FAST = Track("fast", "", valence=0.5, arousal=0.6, tempo=130)
SOFT = Track("soft", "", valence=0.4, arousal=-0.5, tempo=70)
UNTIMED = Track("untimed", "", valence=0.2, arousal=0.1)
OWN = Track("own", "", valence=-0.3, arousal=0.4, tempo=140, own=True)


def feels(arousal):
    return Estimate((), np.zeros(0, np.float32), -0.5, arousal, math.nan, 1.0)


def ids(tracks):
    return [track.track_id for track in tracks]


@pytest.mark.parametrize("state", [*STATES, UNKNOWN])
def test_agitated_is_who_is_anxious_with_high_arousal(state):
    assert aroused(state, feels(0.9)) == (state == "anxiety")
    assert not aroused(state, feels(AGITATED - 0.01))


def test_an_anxious_person_whose_arousal_is_not_known_is_treated_with_care():
    assert aroused("anxiety", feels(math.nan))


def test_gentle_is_neither_fast_where_known_nor_unpleasant():
    assert gentle(SOFT)
    assert gentle(UNTIMED)
    assert gentle(replace(SOFT, tempo=FASTEST))
    assert not gentle(FAST)
    assert not gentle(WILD)
    assert not gentle(replace(SOFT, valence=math.nan))


def test_who_is_not_agitated_may_hear_all_that_is_not_blocked():
    pool, note = admissible([WILD, FAST, SOFT, OWN], careful=False, blocked={"fast"})
    assert ids(pool) == ["wild", "soft", "own"]
    assert note == ""


def test_own_songs_come_first_for_who_is_agitated_whatever_they_are():
    pool, note = admissible([WILD, FAST, SOFT, OWN], careful=True)
    assert ids(pool) == ["own"]
    assert "Own songs" in note


def test_gentle_music_stands_in_where_nobody_entered_own_songs():
    pool, note = admissible([WILD, FAST, SOFT, UNTIMED], careful=True)
    assert ids(pool) == ["soft", "untimed"]
    assert "No own songs" in note


def test_a_blocked_own_song_is_not_played_either():
    pool, _ = admissible([SOFT, OWN], careful=True, blocked={"own"})
    assert ids(pool) == ["soft"]


def test_without_gentle_music_the_least_unpleasant_is_left():
    wild = [replace(WILD, track_id=f"w{i}", valence=-0.9 + i / 10) for i in range(8)]
    pool, note = admissible(wild, careful=True)
    assert ids(pool) == ["w7", "w6", "w5"]
    assert "least unpleasant" in note


def test_what_was_skipped_returns_only_where_there_is_nothing_else():
    assert ids(admissible([FAST, SOFT], careful=False, rejected=["soft"])[0]) == ["fast"]
    assert ids(admissible([SOFT], careful=False, rejected=["soft"])[0]) == ["soft"]


def test_where_all_was_skipped_the_half_skipped_longest_ago_returns():
    four = [WILD, FAST, SOFT, UNTIMED]
    rejected = ["untimed", "fast", "gone", "wild", "soft"]
    assert ids(admissible(four, careful=False, rejected=rejected)[0]) == ["untimed", "fast"]


TRACKS = st.lists(
    st.builds(
        Track,
        st.sampled_from("abcdefgh"),
        st.just(""),
        valence=st.floats(-1, 1),
        arousal=st.floats(-1, 1),
        tempo=st.one_of(st.just(0.0), st.floats(40, 220)),
        own=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda track: track.track_id,
)


@given(TRACKS, st.booleans(), st.sets(st.sampled_from("abcdefgh")), st.permutations("abcdefgh"))
def test_the_rules_hold_for_every_library(tracks, careful, blocked, rejected):
    rejected = rejected[: len(blocked)]
    pool, note = admissible(tracks, careful=careful, blocked=blocked, rejected=rejected)
    left = [track for track in tracks if track.track_id not in blocked]
    assert not blocked & set(ids(pool))
    assert bool(pool) == bool(left)
    assert bool(note) == (careful and bool(left))
    if len(pool) > 1 and any(name in rejected for name in ids(pool)):
        assert all(name in rejected for name in ids(pool))
    if careful and any(track.own for track in left):
        assert all(track.own for track in pool)
    elif careful and any(gentle(track) for track in left):
        assert all(gentle(track) for track in pool)
