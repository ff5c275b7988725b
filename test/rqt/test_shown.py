# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the panel shows of whatever is known, without Qt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.dashboard.state import Choice, Part, Plan, Playing, Ranked, Snapshot
from emo_music_ros.dashboard.words import LANGUAGES, WORDS
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.rqt.shown import LONGEST, Shown, shown
from emo_music_ros.streams import Contribution, Emotion, Estimate

EN = WORDS["en"]


def snapshot(text: str = "face", number: float = 0.5, state: str = "calm") -> Snapshot:
    """Return a snapshot that holds a text and a number wherever one can be."""
    estimate = Estimate(STATES, np.full(4, 0.25, np.float32), number, -number, number, 0.8)
    part = Contribution(text, number, number, number)
    return Snapshot(
        person=text,
        emotion=Emotion(1.0, state, estimate, 0.5, (part,), "logpool", "anna", True),
        trail=((0.1, 0.1), (number, number)),
        playing=Playing("playing", text, text, text, number, 100.0, number, text, text),
        choice=Choice(text, (number, number), (Ranked(text, text, number, number, 0.5, 0.5),)),
        why=text,
        plan=Plan(text, text, 10.0),
        remaining=10.0,
        parts=((Part(text, "ok", text), True), (Part(text, "warn", text), False)),
    )


def of(now: Snapshot, *robots: str) -> Shown:
    return shown(now, EN, "/", robots or ("/",))


def texts(found: Shown) -> list[str]:
    plain = [value for value in vars(found).values() if isinstance(value, str)]
    rows = [text for each in found.shares for text in (each.label, each.note)]
    return [*plain, *rows, *(text for _, text in found.nodes)]


def test_what_is_known_is_shown():
    found = of(snapshot())
    assert (found.state, found.note) == ("Calm", "sure to 80 % · somebody is there")
    assert found.places.here == (0.5, -0.5)
    assert found.places.target == (0.5, 0.5)
    assert [(each.label, each.weight) for each in found.shares] == [("Face", 0.5)]
    assert (found.title, found.status, found.progress) == ("face", "playing", 0.005)
    assert (found.why, found.volume, found.steerable) == ("Why: face", 50, True)
    assert found.notice == ""
    assert found.nodes[0] == ("error", "face: fault · does not report any more")


def test_nothing_is_known_of_a_robot_that_does_not_run():
    found = of(Snapshot(), "/anna", "/bert")
    assert "No companion runs in /; there is one in /anna, /bert" in found.notice
    assert "ROS_DOMAIN_ID" in shown(Snapshot(), EN, "/", ()).notice
    assert found.state == "I don't know"
    assert found.title == "The player does not answer."
    assert found.volume is found.progress is found.places.here is None
    assert not found.steerable


def test_an_unknown_state_is_nowhere_on_the_plane():
    found = of(snapshot(state=UNKNOWN))
    assert found.state == "I don't know"
    assert found.places.here is None


def test_why_nothing_is_heard_is_said():
    silent = Snapshot(playing=Playing("playing", "t", backend="null", error="no device"))
    assert of(silent).warning == "no loudspeaker: nothing is heard · no device"
    assert of(Snapshot(playing=Playing("playing", "t", backend="pyaudio"))).warning == ""


def test_whoever_may_not_be_sensed_is_not():
    found = of(Snapshot(person="anna", silent="no consent"))
    assert "no consent" in found.note
    assert found.person == "Person: anna"


@given(
    text=st.one_of(st.text(max_size=60), st.sampled_from(["x" * 100_000, "\x1b[31m\n<b>", ""])),
    number=st.floats(allow_nan=True, allow_infinity=True),
    state=st.sampled_from([*STATES, UNKNOWN, "of somebody else"]),
    language=st.sampled_from(LANGUAGES),
)
def test_whatever_comes_can_be_shown(text, number, state, language):
    found = shown(snapshot(text, number, state), WORDS[language], text, (text,))
    for each in texts(found):
        assert len(each) <= LONGEST
        assert each.isprintable()
    points = [point for point in (found.places.here, found.places.target) if point is not None]
    assert all(-1 <= value <= 1 for point in (*points, *found.places.trail) for value in point)
    assert all(0 <= each.weight <= 1 for each in found.shares)
    assert found.volume is None or 0 <= found.volume <= 100
    assert found.progress is None or 0 <= found.progress <= 1


@pytest.mark.parametrize("volume", [math.nan, math.inf])
def test_a_volume_that_is_none_is_not_shown_as_silence(volume):
    found = of(Snapshot(playing=Playing("playing", "t", volume=volume)))
    assert found.volume is None
    assert "volume ? %" in found.playback
