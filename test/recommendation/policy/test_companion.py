# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The rules of practice bind what the companion plays once something was entered."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_library import NAN, Person, feels, library

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.policy import rules, scoring
from emo_music_ros.recommendation.policy.companion import OWN, Companion, explain
from emo_music_ros.recommendation.policy.effect import Effects, described
from emo_music_ros.recommendation.policy.rules import NOBODY, Profile, Song
from emo_music_ros.recommendation.response.model import load
from emo_music_ros.streams import Track

TENSE = ("anxiety", feels(-0.4, 0.6))
CALM = ("calm", feels(0.4, -0.3))


def companion(tmp_path, **profile):
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps({"anna": profile} if profile else {}))
    return Companion(Companion.Options(profiles=str(path), seed=3, time_of_day=False))


def ranked(policy, feeling, tracks, recent=(), person=None):
    return policy.rank(*feeling, tracks, person or Person(), list(recent), len(tracks))


def test_a_tense_person_gets_own_songs_only_and_slow_ones_first(tmp_path):
    policy = companion(tmp_path, risk="low", own=["Piece 3", "Piece 25"])
    need, found = ranked(policy, TENSE, library())
    assert [one.track.track_id for one in found] == ["t03"]  # 69 beats a minute, the other 135
    assert "Own songs only" in need.reason
    assert found[0].track.own
    assert found[0].propensity == 1


def test_where_no_own_song_may_be_played_nothing_is(tmp_path):
    policy = companion(tmp_path, risk="high", own=["Not in the library"])
    need, found = ranked(policy, CALM, library())
    assert found == []
    assert "no music" in need.reason


def test_an_unknown_risk_counts_as_high_in_the_first_sessions(tmp_path):
    for sessions, count in ((0, 2), (3, 30)):
        policy = companion(tmp_path, own=["Piece 3", "Piece 5"], sessions=sessions)
        assert len(ranked(policy, CALM, library(), ["t01"])[1]) == count


def test_high_risk_means_major_keys_and_no_exploration(tmp_path):
    tracks = [replace(track, mode=-1.0 if number % 2 else 1.0, own=True)
              for number, track in enumerate(library())]  # fmt: skip
    policy = companion(tmp_path, risk="high")
    _, found = ranked(policy, CALM, tracks)
    assert found
    assert all(one.track.mode > 0 for one in found)
    assert not policy._explores(*CALM)


def test_never_again_is_never_again(tmp_path):
    policy = companion(
        tmp_path, risk="low", never=[{"title": "PIÉCE  4!", "artist": ""}, "Piece 5"]
    )
    for feeling in (TENSE, CALM):
        names = {one.track.track_id for one in ranked(policy, feeling, library())[1]}
        assert not names & {"t04", "t05"}


def test_hymns_are_for_those_who_asked(tmp_path):
    tracks = [replace(track, genre="Hymn") if i < 20 else track
              for i, track in enumerate(library())]  # fmt: skip
    without = companion(tmp_path, risk="low")
    assert all(one.track.genre != "Hymn" for one in ranked(without, CALM, tracks)[1])
    welcome = companion(tmp_path, risk="low", opt_in=["hymn"])
    assert any(one.track.genre == "Hymn" for one in ranked(welcome, CALM, tracks)[1])
    assert any(one.track.genre == "Hymn" for one in ranked(companion(tmp_path), CALM, tracks)[1])


@pytest.mark.parametrize("goal", rules.TEMPI)
def test_the_tempo_is_that_of_the_goal_except_for_own_songs(tmp_path, goal):
    tracks = [*library(), *(replace(track, track_id=f"s{i}", tempo=50.0)
              for i, track in enumerate(library(4)))]  # fmt: skip
    policy = companion(tmp_path, risk="low", goal=goal, own=["Piece 29"])
    low, high = rules.TEMPI[goal]
    found = [one.track for one in ranked(policy, CALM, tracks, ["t01"])[1]]
    assert all(low <= track.tempo <= high for track in found if not track.own)
    assert any(track.tempo == 147 for track in found)


def test_the_first_piece_is_not_fast(tmp_path):
    policy = companion(tmp_path, risk="low")
    _, found = ranked(policy, ("positive", feels(0.6, 0.7)), library())
    assert all(not one.track.tempo > 120 for one in found)


def test_the_same_songs_may_be_right(tmp_path):
    tracks = library(3)
    own = ["Piece 0", "Piece 1"]
    heard = ["t00", "t01", "t00"]
    same = companion(tmp_path, risk="high", own=own)
    first = ranked(same, CALM, tracks, heard)[1][0].track.track_id
    assert first == "t01"  # not twice in a row, but again


def test_without_an_entry_no_rule_binds(tmp_path):
    policy = companion(tmp_path)
    assert len(ranked(policy, CALM, library())[1]) == 30
    assert not NOBODY.high_risk


def test_time_and_language_are_weak_and_end_with_the_persons_own_outcomes():
    profile = Profile(birth_year=1940, language="yue")
    tracks = [Track("a", "/a", year=1956), Track("b", "/b", year=1965), Track("c", "/c", year=2001),
              Track("d", "/d", language="yue")]  # fmt: skip
    np.testing.assert_allclose(rules.prior(tracks, profile, 0), [0.04, 0.02, 0, 0.06])
    np.testing.assert_allclose(rules.prior(tracks, profile, 5), [0.02, 0.01, 0, 0.03])
    assert not rules.prior(tracks, profile, 10).any()
    assert not rules.prior(tracks, NOBODY, 0).any()


def test_a_group_gets_what_is_least_bad_for_the_worst_served_and_anybody_has_a_veto():
    ours, theirs = np.array([0.9, 0.5, 0.1]), np.array([0.1, 0.45, 0.9])
    assert rules.least_misery([ours, theirs]).argmax() == 1
    left = rules.for_all(library(4), [NOBODY, Profile(never=(Song("Piece 2"),))])
    assert [track.track_id for track in left] == ["t00", "t01", "t03"]


def test_harm_first(tmp_path):
    policy = companion(tmp_path)
    tracks = library()
    answers = Effects(load())(tracks, CALM[1])
    drop = dict(zip((track.track_id for track in tracks), answers.chances[:, 0]))
    for number in range(30):
        _, found = ranked(policy, CALM, tracks, person=Person(f"p{number}"))
        possible = [one for one in found if one.propensity > 0]
        assert all(drop[one.track.track_id] <= answers.chances[:, 0].mean() + 1e-6
                   for one in possible) or len(possible) == 1  # fmt: skip


def test_five_outcomes_of_the_person_outweigh_the_model(tmp_path):
    policy, tracks = companion(tmp_path), library()
    policy._answers = Effects(load())(tracks, CALM[1])
    finals = np.linspace(0, 1, 30)
    alone = policy._finals(finals, tracks, Person())
    assert np.ptp(alone - policy._finals(1 - finals, tracks, Person())) < 1e-9
    person = Person(history={f"t{i:02}": (0.1, 1) for i in range(5)})
    both = policy._finals(finals, tracks, person)
    did = (0.5 + 2.0 * scoring.history_match(person, tracks)) / 3.0
    learned = (1 - OWN) * finals + OWN * did
    assert np.ptp(both - (5 / 9.5) * learned) == pytest.approx(np.ptp(alone) * 4.5 / 9.5, abs=1e-6)


def test_a_choice_explains_itself_truly():
    own = Track("a", "/a", own=True, year=1961)
    assert explain(own, (0.6, 2), 0.5) == (
        "Your song from 1961; it was judged 2 times and on the whole did good."
    )
    assert "did no good" in explain(own, (-0.6, 1), 0.5)
    new = explain(Track("b", "/b", artist="Ensemble"), (0.0, 0), 0.714)
    assert new == (
        "Music by Ensemble, not judged yet, expected to be liked with 71 % by a model that "
        "learned from young adults."
    )


def test_the_reason_of_the_decision_has_it(tmp_path):
    need, found = ranked(companion(tmp_path), CALM, library())
    assert need.reason.endswith("learned from young adults.")
    assert found[0].propensity > 0


@pytest.mark.parametrize(
    "entry", [{"risk": "huge"}, {"goal": "joy"}, {"age": 80}, {"sessions": "two"}, {"own": [{}]}, 3]
)
def test_a_wrong_profile_is_refused(tmp_path, entry):
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps({"anna": entry}))
    with pytest.raises(InputError, match=r"profiles\.json"):
        rules.read_profiles(path)


@given(st.text(), st.text())
def test_titles_are_compared_without_case_and_signs(title, artist):
    name = rules.plain(title)
    assert rules.plain(title.upper()) == rules.plain(title.upper().casefold())
    track = Track("a", "/a", title=f" {title} ", artist=artist)
    assert rules.among(track, [Song(title)]) == bool(name)


def test_what_is_not_measured_is_left_open():
    tracks = described([Track("a", "/a", valence=-1.0, tempo=0.0), Track("b", "/b", tempo=90.0)])
    assert np.isnan(tracks.content[0]).sum() == 18
    assert np.isnan(tracks.content[1]).sum() == 17
    answers = Effects(load())([Track("a", "/a", valence=NAN)], feels(NAN, NAN))
    assert np.isfinite(answers.after).all()
