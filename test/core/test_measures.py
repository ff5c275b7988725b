# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The definitions of the measures, by hand and by what has to hold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.measures import (
    LEAST_KNOWN,
    MARGIN,
    TRIED,
    WINDOW,
    Ends,
    Listen,
    Listens,
    Seconds,
    Share,
    acceptance,
    accepted,
    completed,
    ended_worse,
    ends,
    improvement,
)

#: A track as the player reports it.
ONE, TWO = ("1", "one", "", 180.0), ("2", "two", "", 200.0)


def listen(heard: float, ending: str, offered: bool = True) -> Listen:
    return Listen("1", "one", "", 180.0, 0.0, offered, heard, ending=ending)


@pytest.mark.parametrize(
    ("heard", "ending", "verdict"),
    [
        (TRIED, "skipped", True),
        (TRIED - 1, "skipped", False),
        (TRIED - 1, "stopped", False),
        (TRIED - 1, "replaced", None),
        (TRIED - 1, "halted", None),
        (TRIED - 1, "", None),
        (12.0, "finished", True),  # a piece shorter than the trial
        (100.0, "", True),
    ],
)
def test_who_refuses_a_track_in_time_does_not_accept_it(heard, ending, verdict):
    assert accepted(heard, ending) is verdict


def test_acceptance_counts_what_the_system_offered():
    found = [listen(100, "finished"), listen(5, "skipped"), listen(5, "replaced"),
             listen(5, "skipped", offered=False)]  # fmt: skip
    assert acceptance(found) == Share(1, 2)
    assert math.isnan(acceptance([]).value)


@given(
    st.lists(
        st.builds(
            listen,
            st.floats(0, 300),
            st.sampled_from(["finished", "skipped", "stopped", "replaced", "halted", ""]),
            st.booleans(),
        )
    )
)
def test_acceptance_is_a_share_of_what_was_offered(found):
    share = acceptance(found)
    assert 0 <= share.part <= share.whole <= sum(each.offered for each in found)


@pytest.mark.parametrize(
    ("length", "starts", "stops", "done"),
    [
        (600, [1], [], True),
        (580, [1], [], True),
        (500, [1], [], False),  # cut short
        (600, [], [], False),  # nothing played
        (600, [1], [300], False),  # stopped for good
        (600, [1, 320], [300], True),  # went on
        (600, [1, 320], [300, 400], False),
    ],
)
def test_completed(length, starts, stops, done):
    assert completed(length, 600, starts, stops) is done


def test_change_of_valence():
    assert improvement(-1, 1) == 1
    assert improvement(0.2, 0.0) == pytest.approx(-0.1)
    assert ended_worse(0.0, -MARGIN * 1.01) is True
    assert ended_worse(0.0, -MARGIN * 0.99) is False
    assert ended_worse(0.0, -0.01, margin=0.0) is True
    assert ended_worse(math.nan, 0.0) is None


def known(length, value=lambda second: second / 1000, state="calm"):
    return [(float(second), state, value(second)) for second in range(int(length))]


def test_ends_are_the_means_of_the_first_and_last_minutes():
    found = ends(known(600), 600)
    assert found.before == pytest.approx(sum(range(120)) / 120 / 1000)
    assert found.after == pytest.approx(sum(range(480, 600)) / 120 / 1000)
    assert (found.pleasant_before, found.pleasant_after) == (1, 1)
    # of a short one, a third
    assert ends(known(60), 60).before == pytest.approx(sum(range(20)) / 20 / 1000)


@pytest.mark.parametrize(
    "seconds",
    [
        [],
        [(0.0, "calm", 0.5)],
        known(LEAST_KNOWN),  # nothing at the end
        [*known(LEAST_KNOWN), *known(600, lambda second: math.nan)[500:]],
    ],
)
def test_too_little_says_nothing(seconds):
    assert all(map(math.isnan, ends(seconds, 600)))


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=900),
    st.floats(0, 0.9),
)
def test_bounded_memory_gives_the_same_ends(values, gap):
    every = [(float(n), "calm", v) for n, v in enumerate(values) if (n * 7919 % 10) / 10 >= gap]
    seconds = Seconds()
    for each in every:
        seconds.add(*each)
    assert seconds.ends(len(values)) == pytest.approx(ends(every, len(values)), nan_ok=True)


def test_one_of_each_second_counts():
    seconds = Seconds()
    for number in range(4 * int(3 * WINDOW)):
        seconds.add(number / 4, "anxiety", -1.0 if number % 4 == 0 else 1.0)
    assert seconds.ends(3 * WINDOW) == Ends(-1.0, -1.0, 0.0, 0.0)


class Player:
    """Reports once a second what it plays."""

    def __init__(self):
        self.listens = Listens()
        self.time = 0.0

    def play(self, track, seconds, started=0.0, sounds=True):
        for _ in range(seconds):
            self.listens.player(self.time, sounds, track, started, True)
            self.time += 1
        return self


NOTHING = ("", "", "", 0.0)


@pytest.mark.parametrize(
    ("action", "ending"),
    [
        ("next", "skipped"),
        ("stop", "stopped"),
        ("track_finished", "finished"),
        ("pause", "replaced"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_an_act_tells_how_a_track_ended_before_or_after_the_player_does(action, ending, late):
    player = Player().play(ONE, 10)
    if not late:
        player.listens.act(player.time, action, "1")
    player.play(TWO, 3)
    if late:
        player.listens.act(player.time, action, "1")
    player.play(TWO, 10)
    first, second = player.listens.found
    assert (first.ending, second.ending) == (ending, "")
    assert first.heard == 10
    assert first.ended == 10
    assert second.began == 10


def test_silence_asked_for_by_the_system():
    player = Player().play(ONE, 10)
    player.listens.halted(player.time, "distress")
    player.play(NOTHING, 10).play(TWO, 5)
    assert [each.ending for each in player.listens.found] == ["halted", ""]


def test_an_old_act_tells_nothing_of_a_later_end():
    player = Player().play(ONE, 10)
    player.listens.act(player.time, "next", "1")  # the player refused
    player.play(ONE, 60).play(TWO, 1)
    assert player.listens.found[0].ending == "replaced"


def test_a_track_that_plays_again_is_another_listen_and_a_pause_is_not_heard():
    player = Player().play(ONE, 10).play(ONE, 10, started=10.0)
    player.play(ONE, 30, started=10.0, sounds=False).play(ONE, 5, started=10.0)
    first, second = player.listens.found
    assert first.heard == 10
    assert second.heard == pytest.approx(15, abs=1)


def test_a_start_that_is_told_late_is_no_other_listen():
    player = Player().play(ONE, 2, started=0.0).play(ONE, 10, started=1.5)
    assert [each.heard for each in player.listens.found] == [11]


def test_time_without_reports_is_not_heard():
    listens = Listens()
    listens.player(0.0, True, ONE, 0.0, True)
    listens.player(3600.0, True, ONE, 0.0, True)
    assert listens.found[0].heard <= 5
    listens.player(10.0, True, ONE, 0.0, True)  # a clock that was set back
    assert listens.found[0].heard <= 5


def test_a_stop_told_twice_is_one_and_one_of_silence_is_none():
    player = Player()
    player.listens.act(0.0, "stop", "")
    player.play(ONE, 10)
    for time in (10.0, 11.0):
        player.listens.act(time, "stop", "1")
    player.play(NOTHING, 20).play(TWO, 5)
    player.listens.halted(player.time, "distress")
    assert player.listens.stops == [(10.0, ""), (35.0, "distress")]
