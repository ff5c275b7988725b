# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The rules of practice bind what the companion plays once something was entered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_library import NAN, Person, feels, library

from emo_music_ros.care.profile import NOBODY, Profile, Song, plain, read
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy import rules, scoring
from emo_music_ros.recommendation.policy.companion import OWN, Companion, explain
from emo_music_ros.recommendation.policy.effect import Effects, described
from emo_music_ros.recommendation.policy.guard import aroused
from emo_music_ros.recommendation.response.model import load
from emo_music_ros.recommendation.session.choosing import Chooser, Moment
from emo_music_ros.recommendation.session.offers import Known
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.streams import Track

TENSE = ("anxiety", feels(-0.4, 0.6))
CALM = ("calm", feels(0.4, -0.3))


def companion():
    return Companion(Companion.Options(seed=3, time_of_day=False))


@pytest.fixture
def chosen(tmp_path):
    """Return what is chosen within the rules for a profile, whatever policy it is."""

    def choose(feeling, tracks, recent=("t01",), policy=None, careful=False, **entry):
        memory = Memory(tmp_path / "memory.sqlite", durable=False)
        chooser = Chooser(
            policy or companion(), memory, Shelf(lambda: tracks), lambda person: read(entry)
        )
        moment = Moment(*feeling, careful=careful or aroused(*feeling), recent=recent)
        try:
            return chooser.choose("anna", moment, len(tracks))
        finally:
            memory.close()

    return choose


def ranked(policy, feeling, tracks, recent=(), person=None):
    return policy.rank(*feeling, tracks, person or Person(), list(recent), len(tracks))


def test_a_tense_person_gets_own_songs_only_and_slow_ones_first(chosen):
    need, found = chosen(TENSE, library(), (), risk="low", own=["Piece 3", "Piece 25"])
    assert [one.track.track_id for one in found] == ["t03"]  # 69 beats a minute, the other 135
    assert "Own songs only" in need.reason
    assert found[0].track.own
    assert found[0].propensity == 1


def test_after_recent_distress_too_there_are_own_songs_only_and_nothing_is_tried_out(chosen):
    policy = Companion(Companion.Options(seed=3, time_of_day=False, epsilon=1.0))
    own = [f"Piece {number}" for number in range(0, 30, 3)]
    need, found = chosen(CALM, library(), policy=policy, careful=True, risk="low", own=own)
    assert found
    assert all(one.track.own for one in found)
    assert "Own songs only" in need.reason
    offered = [one.propensity for one in found if one.propensity > 0]
    assert max(offered) - min(offered) > 1e-6 or len(offered) == 1  # no uniform choice


def test_where_no_own_song_may_be_played_nothing_is(chosen):
    need, found = chosen(CALM, library(), risk="high", own=["Not in the library"])
    assert found == []
    assert "no music" in need.reason


def test_an_unknown_risk_counts_as_high_in_the_first_sessions(chosen):
    for sessions, count in ((0, 2), (3, 30)):
        _, found = chosen(CALM, library(), own=["Piece 3", "Piece 5"], sessions=sessions)
        assert len(found) == count


def test_high_risk_means_major_keys_and_nothing_is_tried_out(chosen):
    tracks = [replace(track, mode=-1.0 if number % 2 else 1.0, own=True)
              for number, track in enumerate(library())]  # fmt: skip
    _, found = chosen(CALM, tracks, risk="high")
    assert found
    assert all(one.track.mode > 0 for one in found)
    policy = Companion(Companion.Options(seed=3, time_of_day=False, epsilon=1.0))
    _, found = chosen(CALM, library(), policy=policy, risk="low")
    least = min(one.propensity for one in found if one.propensity > 0)
    assert least == pytest.approx(1 / sum(one.propensity > 0 for one in found))
    _, found = chosen(CALM, tracks, policy=policy, risk="high")
    offered = [one.propensity for one in found if one.propensity > 0]
    assert max(offered) - min(offered) > 1e-6 or len(offered) == 1  # no uniform choice


def test_never_again_is_never_again_also_where_nothing_else_was_entered(chosen):
    for entry in ({"risk": "low"}, {}):
        for feeling in (TENSE, CALM):
            _, found = chosen(
                feeling,
                library(),
                never=[{"title": "PIÉCE  4!", "artist": ""}, "Piece 5"],
                **entry,
            )
            assert not {one.track.track_id for one in found} & {"t04", "t05"}


def test_hymns_are_for_those_who_asked(chosen):
    tracks = [replace(track, genre="Hymn") if i < 20 else track
              for i, track in enumerate(library())]  # fmt: skip
    _, found = chosen(CALM, tracks, risk="low")
    assert all(one.track.genre != "Hymn" for one in found)
    _, found = chosen(CALM, tracks, risk="low", opt_in=["hymn"])
    assert any(one.track.genre == "Hymn" for one in found)
    _, found = chosen(CALM, tracks)
    assert any(one.track.genre == "Hymn" for one in found)


@pytest.mark.parametrize("goal", rules.TEMPI)
def test_the_tempo_is_that_of_the_goal_except_for_own_songs(chosen, goal):
    tracks = [*library(), *(replace(track, track_id=f"s{i}", tempo=50.0)
              for i, track in enumerate(library(4)))]  # fmt: skip
    low, high = rules.TEMPI[goal]
    _, ranking = chosen(CALM, tracks, risk="low", goal=goal, own=["Piece 29"])
    found = [one.track for one in ranking]
    assert all(low <= track.tempo <= high for track in found if not track.own)
    assert any(track.tempo == 147 for track in found)


def test_the_first_piece_is_not_fast(chosen):
    cheerful = ("positive", feels(0.6, 0.7))
    _, found = chosen(cheerful, library(), (), risk="low")
    assert all(not one.track.tempo > 120 for one in found)
    _, found = chosen(cheerful, library(), ("t01",), risk="low")
    assert any(one.track.tempo > 120 for one in found)


def test_the_same_songs_may_be_right(chosen):
    own = ["Piece 0", "Piece 1"]
    heard = ["t00", "t01", "t00"]
    _, found = chosen(CALM, library(3), heard, risk="high", own=own)
    assert found[0].track.track_id == "t01"  # not twice in a row, but again
    _, found = chosen(CALM, library(6), ["t00", "t01", "t02"], risk="low", same_songs=True)
    assert found[0].track.track_id != "t02"


def test_without_an_entry_no_rule_binds(chosen):
    assert len(chosen(CALM, library())[1]) == 30
    assert not NOBODY.high_risk


def test_time_and_language_are_weak_and_end_with_the_persons_own_outcomes():
    profile = Profile(birth_year=1940, language="yue")
    tracks = [Track("a", "/a", year=1956), Track("b", "/b", year=1965), Track("c", "/c", year=2001),
              Track("d", "/d", language="yue")]  # fmt: skip
    np.testing.assert_allclose(rules.prior(tracks, profile, 0), [0.04, 0.02, 0, 0.06])
    np.testing.assert_allclose(rules.prior(tracks, profile, 5), [0.02, 0.01, 0, 0.03])
    assert not rules.prior(tracks, profile, 10).any()
    assert not rules.prior(tracks, NOBODY, 0).any()


def test_harm_first():
    policy = companion()
    tracks = library()
    answers = Effects(load())(tracks, CALM[1])
    drop = dict(zip((track.track_id for track in tracks), answers.chances[:, 0]))
    for number in range(30):
        _, found = ranked(policy, CALM, tracks, person=Person(f"p{number}"))
        possible = [one for one in found if one.propensity > 0]
        assert all(drop[one.track.track_id] <= answers.chances[:, 0].mean() + 1e-6
                   for one in possible) or len(possible) == 1  # fmt: skip


def test_five_outcomes_of_the_person_outweigh_the_model():
    policy, tracks = companion(), library()
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


def test_the_reason_of_the_decision_has_it():
    need, found = ranked(companion(), CALM, library())
    assert need.reason.endswith("learned from young adults.")
    assert found[0].propensity > 0


def test_time_and_language_count_in_the_choice():
    tracks = [replace(track, language="yue") if i == 7 else track
              for i, track in enumerate(library())]  # fmt: skip
    plain_, weighed = companion(), companion()
    plain_.rank(*CALM, tracks, Person(), [], 30)
    known = Known(Person(), Profile(language="yue"))
    weighed.rank(*CALM, tracks, known, [], 30)
    finals = np.zeros(30)
    added = weighed._finals(finals, tracks, known) - plain_._finals(finals, tracks, Person())
    assert added.argmax() == 7
    assert added.max() == pytest.approx(rules.LANGUAGE)


@given(st.text(), st.text())
def test_titles_are_compared_without_case_and_signs(title, artist):
    name = plain(title)
    assert plain(title.upper()) == plain(title.upper().casefold())
    track = Track("a", "/a", title=f" {title} ", artist=artist)
    assert rules.among(track, (Song(title),)) == bool(name)


def test_what_is_not_measured_is_left_open():
    tracks = described([Track("a", "/a", valence=-1.0, tempo=0.0), Track("b", "/b", tempo=90.0)])
    assert np.isnan(tracks.content[0]).sum() == 18
    assert np.isnan(tracks.content[1]).sum() == 17
    answers = Effects(load())([Track("a", "/a", valence=NAN)], feels(NAN, NAN))
    assert np.isfinite(answers.after).all()
