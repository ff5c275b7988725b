# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be entered for a person."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.care.profile import (
    GOALS,
    HEART,
    NOBODY,
    OPT_IN,
    RISKS,
    HardTime,
    Profile,
    Song,
    checked,
    plain,
    read,
    written,
)  # fmt: skip
from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.policy.rules import TEMPI

songs = st.lists(st.builds(Song, st.text("abc é", min_size=1).filter(str.strip), st.text("xyz")))
profiles = st.builds(
    Profile,
    risk=st.sampled_from(RISKS),
    own=songs.map(tuple),
    never=songs.map(tuple),
    birth_year=st.sampled_from((0, 1930, 1950)),
    same_songs=st.booleans(),
    opt_in=st.lists(st.sampled_from(OPT_IN), max_size=2).map(tuple),
    goal=st.sampled_from(GOALS),
    heart=st.lists(st.sampled_from(HEART), max_size=2).map(tuple),
    hard_times=st.lists(st.builds(HardTime, st.just("washing"), st.integers(0, 1439)), max_size=3)
    .map(tuple),
)  # fmt: skip


@given(profiles)
def test_what_is_written_is_read_again(profile):
    assert read(json.loads(json.dumps(written(checked(profile))))) == profile


def test_songs_may_be_titles_only():
    assert read({"own": ["Aria"], "never": [{"title": "War"}]}) == Profile(
        own=(Song("Aria"),), never=(Song("War"),)
    )


def test_every_goal_has_a_tempo():
    assert {*TEMPI, ""} == set(GOALS)


@pytest.mark.parametrize(
    "entry",
    [
        {"risk": "huge"}, {"goal": "joy"}, {"age": 80}, {"sessions": "two"}, {"own": [{}]}, 3,
        {"birth_year": 1066}, {"birth_year": True}, {"heart": ["stent"]}, {"opt_in": ["polka"]},
        {"own": [""]}, {"own": ["a\nb"]}, {"never": ["x" * 201]}, {"own": ["a"] * 501},
        {"hard_times": [{"name": "", "minute": 3}]},
        {"hard_times": [{"name": "x", "minute": 1440}]},
        {"hard_times": [{"name": "x", "minute": 0}] * 13}, {"language": "a\x00b"},
        {"sessions": -1}, {"comfort": 3},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(entry):
    with pytest.raises(InputError) as raised:
        read(entry)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("entry", "binds", "high"),
    [
        ({}, False, False),
        ({"never": ["x"], "birth_year": 1940, "language": "yue"}, False, False),
        ({"risk": "low"}, True, False),
        ({"risk": "high", "sessions": 9}, True, True),
        ({"own": ["x"]}, True, True),
        ({"own": ["x"], "sessions": 2}, True, True),
        ({"own": ["x"], "sessions": 3}, True, False),
        ({"hard_times": [{"name": "washing", "minute": 960}], "sessions": 3}, True, False),
        ({"planned": True, "sessions": 3}, True, False),
    ],
)
def test_the_rules_bind_once_a_risk_own_songs_or_a_plan_was_entered(entry, binds, high):
    profile = read(entry)
    assert (profile.entered, profile.high_risk) == (binds, high)
    assert not NOBODY.entered


@pytest.mark.parametrize(
    ("text", "known"),
    [("  PIÉCE  4!", "piece 4"), ("月亮代表我的心", "月亮代表我的心"), ("♥", "♥"), (" ", "")],
)
def test_names_are_compared_without_case_accents_and_signs(text, known):
    assert plain(text) == known
