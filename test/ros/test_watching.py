# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the topics say is put on the board, as far as the person allows it."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from emo_music_ros import msg
from emo_music_ros.consent.rules import SENSING, Consent
from emo_music_ros.dashboard.state import Board
from emo_music_ros.errors import InputError
from emo_music_ros.ros.steering import pass_on
from emo_music_ros.ros.subject import Subject
from emo_music_ros.ros.watching import Watcher


class Watching:
    """A watcher with its board, and its topics to be called."""

    def __init__(self) -> None:
        turned = lambda *_: self.watcher.turned()  # noqa: E731 - the watcher comes later
        self.subject = Subject("", "", (SENSING,), False, "/robot", turned, turned)
        self.board = Board(lambda: 100.0)
        self.watcher = Watcher(self.board, self.subject, "/robot", lambda: 100.0)
        self.topics = {each.topic: each.callback for each in self.watcher.topics()}

    def emotion(self, person):
        """Return what is known after a state of a person came."""
        message = msg.EmotionState(person_id=person, state=msg.EmotionState.CALM, present=True)
        message.estimate = msg.EmotionEstimate(valence=0.5, arousal=0.1, confidence=0.8)
        self.topics["emotion"](message)
        return self.board.snapshot().emotion


@pytest.fixture
def watching() -> Watching:
    return Watching()


def test_before_anybody_is_named_everybody_is_meant(watching):
    assert watching.emotion("anna").person_id == "anna"
    assert watching.emotion("bert").person_id == "bert"
    watching.subject.turn("anna")
    assert watching.board.snapshot().emotion is None  # whose it was is not known
    assert watching.emotion("bert") is None
    assert watching.emotion("anna").person_id == "anna"
    assert watching.emotion("").person_id == ""


def test_who_withdrew_is_not_shown(watching):
    watching.subject.turn("anna")
    assert watching.emotion("anna") is not None
    watching.subject.take([Consent("anna", SENSING, given=False)], False)
    assert watching.emotion("anna") is None
    assert "withdrawn" in watching.board.snapshot().silent
    watching.topics["recommendation"](msg.Recommendation(reason="because", person_id="anna"))
    assert watching.board.snapshot().choice is None


def test_who_is_forgotten_is_gone_and_nobody_else(watching):
    watching.subject.turn("anna")
    assert watching.emotion("anna") is not None
    watching.watcher.forgotten("bert")
    assert watching.board.snapshot().emotion is not None
    watching.watcher.forgotten("anna")
    assert watching.board.snapshot().emotion is None


def test_a_plan_is_that_of_the_person_while_it_lasts(watching):
    watching.subject.turn("anna")
    for person, remaining, goal in (("bert", 60.0, None), ("anna", 60.0, "calm"), ("", 0.0, None)):
        plan = msg.SessionPlan(person_id=person, goal="calm", remaining=remaining)
        watching.topics["session/plan"](plan)
        found = watching.board.snapshot().plan
        assert (found and found.goal) == goal
    watching.topics["session/plan"](msg.SessionPlan(goal="calm", remaining=60.0))
    assert watching.board.snapshot().remaining == 60.0


def test_a_promise_is_settled_once_and_as_the_other(watching):
    for error in (None, InputError("no", "ask again")):
        first, second = Future(), Future()
        first.set_exception(error) if error else first.set_result(None)
        pass_on(second, first)
        assert second.exception() is error
        pass_on(second, first)  # nobody is told twice
    given_up = Future()
    given_up.cancel()
    pass_on(given_up, first)
    assert given_up.cancelled()
