# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which recommendation a listen belongs to, event by event."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, unknown
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.session.attribution import OFFERS, Attribution
from emo_music_ros.recommendation.session.listening import ONSET
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.streams import Emotion, Estimate, Track

NAN = math.nan
AHEAD = 1000.0  # of the clock of the session, to the wall


def feels(valence):
    return Estimate(STATES, np.full(4, 0.25), valence, 0.1, 0.0, 0.9)


def offer(number, *names, state="calm"):
    ranked = tuple(
        RankedTrack(Track(name, "", duration=60.0), 0.5, 0.5, 0.5, 0.5, 0.2, 0.3) for name in names
    )
    return Decision(
        "play", "start", "", 0.0, f"r{number}", "anna", state, unknown(STATES), NAN, None, ranked
    )


def view(track, recommendation="", time=0.0, position=0.0):
    return PlayerView(time, "playing", track, position, 60.0, recommendation)


class Session:
    def __init__(self, folder):
        self.outcomes = []
        self.memory = Memory(folder / "memory.sqlite")
        self.signals = Signals()
        library = [Track(name, "", duration=60.0, features=np.eye(3)[n]) for n, name in
                   enumerate("abc")]  # fmt: skip
        self.it = Attribution(
            self.memory,
            Shelf(lambda: library),
            self.signals,
            lambda state, estimate: np.array([0.5 if state == "calm" else -0.5, 0.0, 0.0]),
            self.outcomes.append,
            lambda time: time + AHEAD,
        )

    def begin(self, track="a", recommendation="", time=100.0, reported=True):
        self.it.begin(track, recommendation, time, reported)
        return self.it.listening

    def end(self, time=130.0, **more):
        options = {"consent": True, "crossfade": 4.0, "heart_reward": False, **more}
        return self.it.end(time, "anna", **options)


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


def test_a_listen_has_the_state_target_and_score_of_its_recommendation(session):
    session.it.offer(offer(1, "a", "b", state="anxiety"))
    listening = session.begin("b", "r1")
    assert (listening.recommendation_id, listening.state) == ("r1", "anxiety")
    assert listening.target[0] == -0.5
    assert listening.ranked.track.track_id == "b"
    other = session.begin("c", "r1")  # of the same offer, but not in it
    assert (other.recommendation_id, other.ranked) == ("r1", None)
    assert session.begin("a", "unheard of").ranked is None


def test_the_last_recommendations_are_remembered(session):
    for number in range(OFFERS + 1):
        session.it.offer(offer(number, f"x{number}"))
    assert session.it.find("x0") is None
    assert session.it.find("x1").track_id == "x1"
    assert session.it.find(f"x{OFFERS}") is not None
    assert session.it.find("a").features.size == 3  # the library knows more of it
    session.it.clear()
    assert session.it.find("x1") is None


def test_a_track_that_begins_is_that_of_the_offer_it_is_in(session):
    assert session.it.heard_now("a", 100.0, offer(1, "b", "a")) == "r1"
    assert session.it.heard_now("a", 100.0, offer(1, "b")) == ""
    assert session.it.heard_now("a", 100.0, None) == ""


def test_a_track_that_is_known_to_be_on_does_not_begin_again(session):
    listening = session.begin("a", "r1", reported=False)
    assert session.it.heard_now("a", 101.0, offer(2, "a")) is None
    assert listening.reported
    assert session.it.heard_now("a", 100.0, offer(2, "a")) is None  # reported late
    assert session.it.heard_now("a", 100.1, offer(2, "a")) == "r2"  # once more
    assert session.it.heard_now("b", 100.0, offer(2, "b")) == "r2"


def test_what_the_player_showed_tells_the_recommendation(session):
    session.it.view = view("a", "r7")
    assert session.it.heard_now("a", 100.0, None) == "r7"
    assert session.it.heard_now("b", 100.0, None) == ""
    session.begin("a", "r7")
    assert session.it.heard_now("a", 101.0, None) == ""  # that is the one that was on
    session.end()
    assert session.it.heard_now("a", 140.0, None) == ""  # and this the one that ended
    session.it.view = view("a", "r6")
    assert session.it.heard_now("a", 140.0, None) == "r6"


def test_a_view_begins_a_listen_unless_it_is_on_or_just_ended(session):
    assert session.it.begins(view("a", "r1"))
    session.begin("a", "r1")
    assert not session.it.begins(view("a", "r1"))
    assert not session.it.begins(view("a"))
    assert session.it.begins(view("a", "r2"))  # asked for again
    assert session.it.begins(view("b", "r1"))
    session.end()
    assert not session.it.begins(view("a", "r1"))
    assert session.it.begins(view("a", "r0"))
    assert session.it.begins(view("b", "r1"))


def test_a_view_tells_late_which_recommendation_it_was(session):
    session.it.offer(offer(1, "a", state="anxiety"))
    listening = session.begin("a", "")
    assert not session.it.begins(view("a", "r1"))
    assert (listening.recommendation_id, listening.state) == ("r1", "anxiety")


def test_the_first_emotion_and_heart_rate_soon_after_the_start_still_count_as_before(session):
    listening = session.begin("a", time=100.0)
    session.it.late_before(100.1 + ONSET, feels(0.1))
    session.it.late_heart_rate(100.1 + ONSET, 70.0)
    assert math.isnan(listening.before.valence)
    assert math.isnan(listening.heart_before)
    session.it.late_before(100.0 + ONSET, feels(0.2))
    session.it.late_heart_rate(100.0 + ONSET, 71.0)
    session.it.late_before(101.0, feels(0.3))  # it is known by now
    session.it.late_heart_rate(101.0, 72.0)
    assert listening.before.valence == 0.2
    assert listening.heart_before == 71.0
    session.end()
    session.it.late_before(101.0, feels(0.3))  # nothing is on
    session.it.late_heart_rate(101.0, 72.0)


def test_what_was_felt_when_it_began_is_before_it(session):
    for time, valence in ((95.0, -0.3), (105.0, 0.6)):
        session.signals.add_emotion(
            Emotion(time, "depression", feels(valence), 0.2, (), "", "anna", True)
        )
        session.signals.add_heart_rate(time, 70.0 + valence)
    listening = session.begin("a", time=100.0)
    assert listening.before.valence == -0.3
    assert listening.state == "depression"
    assert listening.heart_before == 69.7
    assert listening.duration == 60.0


def test_an_outcome_is_numbered_and_kept_with_consent_only(session):
    assert session.end() is None
    session.begin("a")
    assert session.end(consent=False).listen_id == 0
    forgotten = session.begin("a")
    forgotten.forgotten = True
    assert session.end().listen_id == 0
    session.begin("a")
    assert session.end().listen_id == 1
    session.begin("b")
    assert session.end().listen_id == 2
    assert len(session.outcomes) == 4
    assert session.memory.person("anna").listens == 2
    assert session.it.listening is None


def test_a_late_rating_corrects_the_listen_and_is_told_again(session):
    session.begin("a")
    first = session.end()
    session.it.rate(Track("a", ""), 1.0, "anna", 200.0)
    told = session.outcomes[-1]
    assert (told.listen_id, told.track.track_id) == (first.listen_id, "a")
    assert (told.rating, told.reward, told.learned, told.time) == (1.0, 1.0, True, 200.0)
    assert told.signals == {"rating": 1.0}
    assert told.dwell == first.dwell
    assert session.memory.person("anna").history("a") == (1.0, 1)
    session.it.rate(Track("a", ""), -1.0, "anna", 300.0)
    assert session.memory.person("anna").history("a") == (-1.0, 1)
    assert session.memory.person("anna").listens == 1


def test_a_rating_of_what_was_never_heard_is_learned_and_not_told(session):
    session.it.rate(Track("b", ""), 0.5, "anna", 200.0)
    assert session.outcomes == []
    assert session.memory.person("anna").history("b") == (0.5, 1)
