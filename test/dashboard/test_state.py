# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from web import Clock

from emo_music_ros.dashboard.state import (
    BODY_LASTS,
    EMOTION_LASTS,
    MOST_NODES,
    NODE_LASTS,
    PLAYER_LASTS,
    TRAIL_LENGTH,
    Board,
    Choice,
    Part,
    Plan,
    Playing,
    Ranked,
)
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.streams import Emotion, Estimate


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    found = Board(clock)
    found.person("anna", "")
    return found


def emotion(state: str = "calm", valence: float = 0.5) -> Emotion:
    estimate = Estimate(STATES, np.full(4, 0.25, np.float32), valence, 0.1, 0.0, 0.8)
    return Emotion(1.0, state, estimate, 0.5, (), "logpool", "anna", True)


def test_nothing_is_known_at_first(board):
    now = board.snapshot()
    assert now.emotion is now.playing is now.choice is now.plan is None
    assert now.body == now.parts == now.trail == ()


def test_what_is_old_is_not_known_any_more(board, clock):
    board.emotion(emotion())
    board.playing(Playing("playing"))
    board.body({"heart_rate": 70.0})
    board.part(Part("/fusion", "ok", "active"))
    board.plan(Plan("home", "calm", clock.now + 100.0))
    assert board.snapshot().emotion is not None
    assert board.snapshot().parts[0][1]
    for lasts, still in (
        (PLAYER_LASTS, lambda now: now.playing is not None),
        (EMOTION_LASTS, lambda now: now.emotion is not None),
        (NODE_LASTS, lambda now: now.parts[0][1]),
        (BODY_LASTS, lambda now: bool(now.body)),
        (100.0, lambda now: now.plan is not None),
    ):
        clock.now = 1000.0 + lasts - 0.01
        assert still(board.snapshot())
        clock.now = 1000.0 + lasts
        assert not still(board.snapshot())
    assert board.snapshot().parts  # a node that went silent is not gone from the list


def test_nothing_is_left_of_the_person_before(board):
    board.emotion(emotion())
    board.body({"heart_rate": 70.0})
    board.choice(Choice("because", (0.0, 0.0)))
    board.person("anna", "")  # the same: nothing happens
    assert board.snapshot().emotion is not None
    board.person("bert", "")
    now = board.snapshot()
    assert now.emotion is now.choice is None
    assert now.body == now.trail == ()


@pytest.mark.parametrize("how", [lambda board: board.person("anna", "no consent"), Board.forget])
def test_withdrawn_or_forgotten_is_gone_at_once(board, how):
    board.emotion(emotion())
    board.body({"heart_rate": 70.0})
    board.choice(Choice("because", (0.0, 0.0)))
    how(board)
    now = board.snapshot()
    assert now.emotion is now.choice is None
    assert now.body == now.trail == ()


def test_the_trail_holds_what_was_known_and_no_more_than_its_length(board, clock):
    for number in range(2 * TRAIL_LENGTH):
        board.emotion(emotion(valence=number / 1000))
        board.emotion(emotion(valence=-1.0))  # within the same second
        board.emotion(emotion(UNKNOWN, 0.9))
        board.emotion(emotion(valence=math.nan))
        clock.now += 1.0
    trail = board.snapshot().trail
    assert len(trail) == TRAIL_LENGTH
    assert all(0 <= valence < 0.2 for valence, _ in trail)


@given(st.lists(st.text(max_size=5), max_size=300))
def test_many_names_of_nodes_do_not_fill_the_memory(names):
    board = Board(Clock())
    for name in names:
        board.part(Part(name, "ok", ""))
    assert len(board.snapshot().parts) <= MOST_NODES


def test_measures_that_are_none_are_left_out(board):
    board.body({"heart_rate": math.nan, "eda_level": math.inf})
    assert board.snapshot().body == ()


def test_the_reason_is_that_of_what_plays(board):
    """Also while the next piece is chosen already; what nobody recommended has none."""
    ranked = (Ranked("a", "", 1.0, 1.0, 1.0, 1.0),)
    board.choice(Choice("first", (0.0, 0.0), ranked, "1"))
    board.playing(Playing("playing", "t", choice_id="1"))
    board.choice(Choice("second", (0.0, 0.0), ranked, "2"))
    assert board.snapshot().why == "first"
    board.playing(Playing("fading", "u", choice_id="2"))
    assert board.snapshot().why == "second"
    board.playing(Playing("playing", "v", choice_id=""))
    assert board.snapshot().why == ""
    board.playing(Playing("stopped"))
    assert board.snapshot().why == ""
    board.choice(Choice("nobody is here", None, (), "3"))
    assert board.snapshot().why == "nobody is here"
    board.person("bert", "")
    assert board.snapshot().why == ""
