# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Every policy keeps to the interface, its propensities are true, and it does what it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_library import NAN, Person, feels, library

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.errors import PluginError
from emo_music_ros.recommendation.policy import paper_a, scoring
from emo_music_ros.recommendation.policy.bandit import Bandit
from emo_music_ros.recommendation.policy.companion import Companion
from emo_music_ros.recommendation.policy.paper_a import PaperA
from emo_music_ros.recommendation.policy.simple import (
    FixedPlaylist,
    GenreTable,
    PolarityRules,
    Popular,
    polarity,
)
from emo_music_ros.streams import Track


def made(kind, **options):
    if kind is Bandit:
        pytest.importorskip("mabwiser")
    known = kind.Options.__dataclass_fields__
    return kind(kind.Options(**{k: v for k, v in {"seed": 5, **options}.items() if k in known}))


KINDS = (Companion, PaperA, GenreTable, PolarityRules, FixedPlaylist, Popular, Bandit)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", [*STATES, UNKNOWN])
def test_any_policy_answers_in_any_state(kind, state):
    policy, tracks = made(kind), library()
    for estimate in (feels(-0.4, 0.5), feels(NAN, NAN)):
        need, ranked = policy.rank(state, estimate, tracks, Person(), ["t03"], 4)
        assert need.reason
        assert 1 <= len(ranked) <= 4
        assert len({one.track.track_id for one in ranked}) == len(ranked)
        assert ranked[0].propensity > 0
        assert np.isfinite([one.score for one in ranked]).all()
    assert policy.rank(state, feels(0, 0), [], Person(), [], 4)[1] == []
    assert "empty" in policy.rank(state, feels(0, 0), [], Person(), [], 4)[0].reason
    broken = [Track("x", "/x", valence=NAN, arousal=NAN, features=np.full(4, NAN))]
    assert policy.rank(state, feels(0, 0), broken, Person(), ["x"], 4)[1][0].track.track_id == "x"


@pytest.mark.parametrize("kind", [Companion, GenreTable, PolarityRules, Popular])
def test_propensities_are_the_shares_of_the_choices(kind):
    tracks, chosen, told = library(), Counter(), {}
    policy = made(kind, time_of_day=False)
    for number in range(1500):
        # Another person each time: a path goes on with one.
        person = Person(f"p{number}")
        _, ranked = policy.rank("calm", feels(0.4, -0.3), tracks, person, [], len(tracks))
        chosen[ranked[0].track.track_id] += 1
        told[ranked[0].track.track_id] = ranked[0].propensity
        assert sum(one.propensity for one in ranked) == pytest.approx(1)
    for name, count in chosen.items():
        assert count / 1500 == pytest.approx(told[name], abs=0.06)


def test_the_table_chooses_by_genre_and_says_when_it_cannot():
    policy, tracks = made(GenreTable), library()
    for state, genres in (("positive", {"pop"}), ("calm", {"jazz"}), ("depression", {"piano"})):
        found = {policy.rank(state, feels(0, 0), tracks, Person(), [], 1)[1][0].track.genre
                 for _ in range(20)}  # fmt: skip
        assert found == genres
    folk = [track for track in tracks if track.genre == "folk"]
    need, ranked = policy.rank("calm", feels(0, 0), folk, Person(), [], 1)
    assert "No track" in need.reason
    assert ranked[0].track.genre == "folk"


def test_polarity_is_that_of_table_2_of_paper_e():
    points = np.array(
        [[0.9, 0.0, 0.8], [0.9, 0.7, -0.8], [0.0, -0.9, 0.0], [-0.9, -0.9, 0.9], [0.3, -0.9, -0.9]]
    )
    np.testing.assert_array_equal(polarity(points), [1, 1, -1, -1, 1])
    policy = made(PolarityRules)
    for state in STATES:
        track = policy.rank(state, feels(-0.5, 0), library(), Person(), [], 1)[1][0].track
        assert polarity(scoring.places([track]))[0] == 1


def test_the_fixed_list_has_one_order_whatever_a_person_feels():
    policy, tracks, heard = made(FixedPlaylist), library(6), []
    for state in ("anxiety", "calm", "positive", "depression", "unknown", "calm", "calm"):
        _, ranked = policy.rank(state, feels(0.1, 0.2), tracks[::-1], Person(), heard, 3)
        heard.append(ranked[0].track.track_id)
        assert ranked[0].propensity == 1
        following = ranked[1].track.track_id
    assert heard == ["t00", "t01", "t02", "t03", "t04", "t05", "t00"]
    assert following == "t01"


def test_popular_is_what_earned_most():
    history = {"t04": (0.5, 4), "t05": (0.9, 1), "t06": (-1.0, 3)}
    need, ranked = made(Popular).rank("calm", feels(0, 0), library(), Person("a", history), [], 1)
    assert ranked[0].track.track_id == "t04"
    assert "earned most" in need.reason


def test_eq_8_and_9_of_paper_a_rank():
    policy, tracks = made(PaperA), library()
    history = {"t07": (1.0, 9), "t08": (-1.0, 9)}
    _, ranked = policy.rank("anxiety", feels(-0.3, 0.5), tracks, Person("a", history), [], 5)
    for one in ranked:
        expected = (one.emotion_match + one.preference_match + one.history_match) / 3
        assert one.score == pytest.approx(expected)
    finals = [one.score + one.attention for one in ranked]
    assert finals == sorted(finals, reverse=True)
    assert [one.propensity for one in ranked] == [1, 0, 0, 0, 0]


def test_paper_a_says_where_the_attention_of_all_centres():
    one = [replace(library()[0], valence=0.6, arousal=-0.4)]
    need, _ = made(PaperA).rank("calm", feels(0.3, -0.3), one, Person(), [], 1)
    assert "valence +0.6, arousal -0.4." in need.reason


def test_the_weights_of_eq_8_are_learned_from_what_came_of_a_track():
    policy, tracks, person = made(PaperA, rate=0.5), library(), Person()
    _, ranked = policy.rank("calm", feels(0.3, -0.3), tracks, person, [], 1)
    before = policy.weights["anna"].copy()
    policy.rank("calm", feels(0.3, -0.3), tracks, person, [], 1)
    np.testing.assert_array_equal(policy.weights["anna"], before)
    _, ranked = policy.rank("calm", feels(0.3, -0.3), tracks, person, [], 1)
    # phi was high, psi and eta in the middle: a bad outcome speaks against phi most.
    person.known[ranked[0].track.track_id] = (-1.0, 1)
    policy.rank("calm", feels(0.3, -0.3), tracks, person, [], 1)
    after = policy.weights["anna"]
    assert ranked[0].emotion_match > 0.6
    assert after[0] < before[0] - 0.01
    assert after.sum() == pytest.approx(1)


def test_the_intention_is_the_values_by_attention():
    np.testing.assert_allclose(
        paper_a.fused(np.array([0.25, 0.75]), np.array([[1.0, 0.0], [0.0, 2.0]])), [0.25, 1.5]
    )


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_weights_stay_on_the_simplex(values):
    found = paper_a.on_simplex(np.array(values))
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    inside = np.array([0.2, 0.3, 0.5])
    assert np.linalg.norm(found - values) <= np.linalg.norm(inside - values) + 1e-9


def test_the_bandit_finds_what_earns():
    policy, tracks, person = made(Bandit, epsilon=0.0), library(5), Person()
    chosen = []
    for _ in range(40):
        _, ranked = policy.rank("calm", feels(0.3, -0.3), tracks, person, [], 1)
        name = ranked[0].track.track_id
        chosen.append(name)
        mean, count = person.history(name)
        reward = 1.0 if name == "t03" else -0.5
        person.known[name] = ((mean * count + reward) / (count + 1), count + 1)
    assert chosen[-15:].count("t03") >= 12


def test_a_bandit_takes_its_options():
    assert made(Bandit, alpha=0.25).options.alpha == 0.25


def test_a_bandit_without_its_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mabwiser", None)
    monkeypatch.setitem(__import__("sys").modules, "mabwiser.mab", None)
    with pytest.raises(PluginError, match="mabwiser"):
        Bandit()
