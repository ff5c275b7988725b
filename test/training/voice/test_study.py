# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How voices are held against each other, and how often a television would be believed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.voice import run, study, television
from emo_music_ros.training.voice.study import People, Trials, equal_error

RATE = 16000


class Angles:
    """Makes one print of a sound: how loud it is, as an angle."""

    same, strange, apart, command = 0.95, 0.9, 0.9, 0.9

    def __call__(self, samples):
        angle = 1.5 * float(np.abs(samples).max(initial=0.0))
        return np.array([[math.cos(angle), math.sin(angle)]], np.float32)


def said(level, seconds=1.0):
    return np.full(int(seconds * RATE), level, np.float32)


def people(**levels):
    """Return people whose every utterance is as loud as they are."""
    each = {name: [said(level)] * 4 for name, level in levels.items()}
    return People(each, each, dict.fromkeys(levels, "en"))


def heard(who, profiles=None):
    prints = Angles()
    return study.trials(who, prints, lambda voice, draw: voice, study.enrol(who, prints))


@given(st.integers(1, 50), st.integers(1, 50))
def test_voices_that_are_apart_are_never_mistaken_and_equal_ones_half_the_time(own, others):
    truth = np.repeat([True, False], [own, others])
    assert equal_error(truth, np.where(truth, 0.9, 0.1)) == 0.0
    assert equal_error(truth, np.full(own + others, 0.5)) == pytest.approx(0.5)


def test_the_equal_error_is_where_both_errors_are_equal():
    own = np.repeat([True, False], 4)
    scores = np.array([0.9, 0.8, 0.7, 0.2, 0.75, 0.3, 0.2, 0.1])
    assert equal_error(own, scores) == pytest.approx(0.25)


def test_everybody_is_held_against_everybody_of_the_same_language():
    who = people(ada=0.1, bob=0.9, eve=0.5)
    who = People(who.enrolled, who.tried, {"ada": "en", "bob": "en", "eve": "it"})
    found = heard(who)
    assert len(found.own) == 4 * (2 + 2 + 1)
    assert found.own.sum() == 12
    assert equal_error(found.own, found.scores) == 0.0
    np.testing.assert_allclose(found.scores, found.least)


def test_people_can_be_enrolled_where_they_are_heard():
    who = people(ada=0.1, bob=0.9)

    def louder(voice, draw):
        return voice + 0.1

    found = study.there(who, Angles(), louder)
    assert equal_error(found.own, found.scores) == 0.0
    np.testing.assert_allclose(found.scores[found.own], 1.0, atol=1e-3)


def test_a_limit_lets_the_share_pass_that_was_asked_for():
    scores = np.linspace(0, 1, 101)
    own = np.arange(101) > 100
    found = Trials(np.full(101, "a"), own, scores, scores)
    assert (scores >= study.threshold(found, 0.05)).mean() == pytest.approx(0.05, abs=0.01)


def test_calm_speech_is_for_the_enrolment_and_is_not_tried_again(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(study, "Endpointer", lambda: None)
    monkeypatch.setattr(study, "trim", lambda item, cutter: SimpleNamespace(samples=item))
    items = [said(0.01 * number, 2.0) for number in range(40)]
    labels = np.array([0, 4] * 20)  # neutral, angry
    corpus = Corpus(
        "x", "", "", items, labels, tuple("abcdefgh"), np.repeat(["p", "q"], 20),
        groups={"language": np.full(40, "en")},
    )  # fmt: skip
    who = study.people(corpus)
    for person in "pq":
        enrolled = {float(one[0]) for one in who.enrolled[person]}
        tried = {float(one[0]) for one in who.tried[person]}
        assert len(enrolled) == study.ENROLMENT / 2.0
        assert not enrolled & tried
        assert len(tried) == 10  # all that is left
    half = study.calm(who)
    assert (len(half.enrolled["p"]), len(half.tried["p"])) == (5, 5)


def test_one_voice_alone_is_kept_and_one_that_changes_is_dropped():
    who = people(ada=0.2)
    assert study.dropped_alone(who, Angles()) == {"ada": 0.0}
    changing = People({}, {"ada": [said(0.1), said(0.9), said(0.1)]}, {"ada": "en"})
    assert study.dropped_alone(changing, Angles())["ada"] == pytest.approx(2 / 3)


def test_limits_are_chosen_where_they_say():
    found = heard(people(ada=0.1, bob=0.9))
    chosen = run.limits(found, found, study.pairs(people(ada=0.1, bob=0.9), Angles()))
    assert set(chosen) == {"same", "strange", "apart", "command"}
    assert chosen["strange"] == pytest.approx(1.0, abs=1e-3)
    assert chosen["apart"] == pytest.approx(1.0, abs=1e-3)
    assert chosen["same"] < 0.5


def test_a_television_is_counted_before_and_after_and_never_against_its_own_cast(monkeypatch):
    class Whole:
        """Takes every second for an utterance."""

        def reset(self, background):
            pass

        def push(self, sound):
            from types import SimpleNamespace

            parts = sound.reshape(-1, RATE)
            return [SimpleNamespace(samples=one, start=i * RATE) for i, one in enumerate(parts)]

        def flush(self):
            return []

    monkeypatch.setattr(television, "Endpointer", Whole)
    shown = [
        television.Programme(np.concatenate([said(0.1), said(0.9), said(0.1)]), frozenset({"ada"}))
    ]
    prints = Angles()
    profiles = {
        "ada": prints(said(0.1))[0],
        "eve": prints(said(0.9))[0],
        "tom": prints(said(0.5))[0],
    }
    found = television.mistakes(iter(shown * 2), prints, profiles)
    assert (found.before, found.alone, found.lasting) == (6, 2, 1)
    assert found.enrolled["ada"] == (0, 0.0)  # who speaks in it is not in the room
    assert found.enrolled["eve"] == (2, pytest.approx(6 / 3600))
    assert found.enrolled["tom"][0] == 0


def test_programmes_are_of_one_language_and_never_clip():
    who = people(**{f"p{number}": 0.1 * number + 0.1 for number in range(6)})
    music = [np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)]
    for programme in television.programmes(who, music, 2):
        assert len(programme.cast) == television.CAST
        assert np.abs(programme.sound).max() <= 0.31
        assert len(programme.sound) > television.LINES * RATE
