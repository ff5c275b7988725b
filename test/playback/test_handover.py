# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from emo_music_ros.errors import InputError
from emo_music_ros.playback import handover
from emo_music_ros.playback.backends import NullBackend
from emo_music_ros.playback.handover import HandOver, make_player
from emo_music_ros.playback.player import Player
from emo_music_ros.playback.remote import Beside, RemoteState
from emo_music_ros.streams import Interaction, Track

DEADLINE = 20.0
THERE = Track("there", "far:there", "There", duration=100.0)
ELSE = Track("else", "far:else", "Else", duration=100.0)


class FakeRemote:
    """A player in memory; it notes what it is told."""

    name = "far"
    pace = 0.001

    def __init__(self) -> None:
        self.now = RemoteState("stopped", volume=1.0)
        self.away = False
        self.told: list[str] = []
        self.loudest = 0.0

    def _hear(self, what: str) -> None:
        if self.away:
            raise InputError("the far player is away", "Wait")
        self.told.append(what)

    def plays(self, path: str) -> bool:
        return path.startswith("far:")

    def same(self, path: str, other: str) -> bool:
        return path == other

    def play(self, path: str, volume: float) -> None:
        self._hear(f"play {path}")
        self.now = RemoteState("playing", path, 0.0, 100.0, volume)

    def pause(self) -> None:
        self._hear("pause")
        self.now = replace(self.now, status="paused")

    def resume(self) -> None:
        self._hear("resume")
        self.now = replace(self.now, status="playing")

    def stop(self) -> None:
        self._hear("stop")
        self.now = replace(self.now, status="stopped")

    def seek(self, seconds: float) -> None:
        self._hear(f"seek {seconds:g}")
        self.now = replace(self.now, position=seconds)

    def set_volume(self, volume: float) -> None:
        if self.away:
            raise InputError("the far player is away", "Wait")
        self.loudest = max(self.loudest, volume)
        self.now = replace(self.now, volume=volume)

    def state(self) -> RemoteState:
        if self.away:
            raise InputError("the far player is away", "Wait")
        return self.now

    def close(self) -> None:
        self.told.append("close")


class Table:
    """A player that hands over, with what it reported."""

    def __init__(self, **options: Any) -> None:
        self.remote = FakeRemote()
        self.events: list[Interaction] = []
        self.errors: list[str] = []
        backend = Beside("null", self.remote)
        settings = {"fade_in": 0.01, "stop_fade": 0.01, "crossfade": 0.0, **options}
        player = make_player(
            backend,
            Player.Options(**settings),
            on_event=self.events.append,
            on_error=lambda error: self.errors.append(str(error)),
            person_id="ada",
        )
        assert isinstance(player, HandOver)
        self.player = player
        self.player.start()

    def until(self, holds: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not holds():
            assert time.monotonic() < end, f"{what}: {self.player.status()} {self.remote.told}"
            time.sleep(0.002)

    def actions(self) -> list[tuple[str, str]]:
        return [(event.action, event.track_id) for event in self.events]

    def play(self, track: Track = THERE) -> None:
        self.player.play(track, "r1", 5.0)
        self.until(lambda: self.player.status().track == track, "playing")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "POLL": 0.01,
        "LONGEST_POLL": 0.02,
        "RAMP": 0.01,
        "NEXT_FADE": 0.01,
    }.items():
        monkeypatch.setattr(handover, name, value)


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    made.player.close()


def test_a_backend_without_another_player_is_played_as_ever() -> None:
    assert isinstance(make_player(NullBackend(), Player.Options()), Player)


def test_a_piece_is_handed_over_and_comes_up_to_the_volume_asked_for(table: Table) -> None:
    table.play()
    table.until(lambda: table.remote.now.volume == pytest.approx(0.6), "the fade-in")
    status = table.player.status()
    assert (status.status, status.recommendation_id, status.recommended) == ("playing", "r1", 5.0)
    assert (status.duration, status.volume, status.tracks_started) == (100.0, 0.6, 1)
    table.until(lambda: table.actions() == [("track_started", "there")], "the event")
    assert table.events[0].person_id == "ada"
    assert table.remote.loudest <= 0.6 + 1e-9


def test_pause_resume_seek_and_stop_go_to_the_other_player(table: Table) -> None:
    table.play()
    table.player.pause("live:dashboard")
    table.until(lambda: table.player.status().status == "paused", "the pause")
    table.player.resume("live:dashboard")
    table.until(lambda: table.player.status().status == "playing", "going on")
    table.player.seek(40.0, "live:dashboard")
    table.until(lambda: table.player.status().position >= 40.0, "the seek")
    with pytest.raises(InputError):
        table.player.seek(101.0)
    table.player.stop("live:dashboard")
    table.until(lambda: table.player.status().status == "stopped", "the stop")
    table.until(lambda: len(table.events) == 5, "the events")
    assert [action for action, _ in table.actions()] == [
        "track_started", "pause", "resume", "seek", "stop",
    ]  # fmt: skip
    table.until(lambda: "stop" in table.remote.told, "the order to stop")
    assert table.remote.now.volume == 0.0
    assert table.player.status().tracks_skipped == 1


def test_a_piece_that_ends_there_is_finished(table: Table) -> None:
    table.play()
    table.remote.now = replace(table.remote.now, position=99.5)
    table.until(lambda: table.player.status().position > 99.0, "the end")
    table.remote.now = replace(table.remote.now, status="stopped", position=0.0)
    table.until(lambda: ("track_finished", "there") in table.actions(), "the report")
    assert table.player.status().tracks_finished == 1


def test_what_somebody_chooses_there_is_theirs(table: Table) -> None:
    table.play()
    table.remote.now = replace(table.remote.now, path="far:their own")
    table.until(lambda: table.player.status().status == "stopped", "it is over")
    assert table.player.status().tracks_skipped == 1
    table.player.close()
    assert "stop" not in table.remote.told


def test_what_somebody_chose_there_is_not_halted(table: Table) -> None:
    table.play()
    with table.player._wake:  # both happen before the thread looks
        table.remote.now = replace(table.remote.now, path="far:their own")
        table.player._commands.append(table.player._look)
        table.player.pause("live:dashboard")
    table.until(lambda: not table.player._commands, "quiet")
    table.until(lambda: table.player.status().status == "stopped", "it is over")
    assert "pause" not in table.remote.told


def test_it_is_turned_down_again_where_it_was_turned_up_above_the_highest_allowed(
    table: Table,
) -> None:
    table.play()
    table.until(lambda: table.remote.now.volume == pytest.approx(0.6), "the fade-in")
    table.remote.now = replace(table.remote.now, volume=1.0)
    table.until(lambda: table.remote.now.volume == pytest.approx(0.6), "the cap")
    with pytest.raises(InputError):
        table.player.volume(0.9)
    table.player.volume(0.3, "live:dashboard")
    table.until(lambda: table.remote.now.volume == pytest.approx(0.3), "the volume")
    table.player.duck(True)
    table.until(lambda: table.remote.now.volume == pytest.approx(0.075), "ducking")
    table.player.duck(False)
    table.until(lambda: table.remote.now.volume == pytest.approx(0.3), "speaking is over")


def test_the_latest_of_several_pieces_plays(table: Table) -> None:
    table.player.play(THERE)
    table.player.play(ELSE)
    table.until(lambda: table.player.status().track == ELSE, "the latest")
    assert table.remote.now.path == "far:else"


def test_the_same_piece_can_be_played_again(table: Table) -> None:
    table.play()
    table.player.play(THERE, "r2")
    table.until(lambda: table.player.status().recommendation_id == "r2", "again")
    assert table.player.status().tracks_started == 2


def test_a_stop_right_after_wins(table: Table) -> None:
    table.player.play(THERE)
    table.player.stop("live:dashboard")
    table.player.play(ELSE, "recommended")  # was on its way
    table.until(lambda: not table.player._commands, "quiet")
    table.until(lambda: table.remote.now.status == "stopped", "silence")
    assert "play far:else" not in table.remote.told


def test_music_of_this_machine_is_played_here(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "here.wav"
    soundfile.write(path, np.zeros(44100), 44100)
    table.play()
    here = Track("here", str(path), "Here")
    table.player.play(here)
    table.until(lambda: table.player.status().track == here, "here")
    table.until(lambda: table.remote.told[-1] == "stop", "there it is stopped")
    table.player.play(THERE)
    table.until(lambda: table.player.status().track == THERE, "there again")


def test_a_player_that_goes_away_is_told_given_up_and_stopped_when_it_is_back(
    table: Table,
) -> None:
    table.play()
    table.remote.away = True
    table.until(lambda: table.player.status().status == "stopped", "given up")
    assert "the far player is away" in table.player.status().error
    assert len(table.errors) == 1
    table.player.play(ELSE)
    table.until(lambda: not table.player._commands, "tried")
    assert table.player.status().status == "stopped"
    table.remote.away = False
    table.until(lambda: table.remote.told[-1] == "stop", "it is stopped at last")
    table.play(ELSE)
    assert table.player.status().error == ""


def test_a_library_that_fails_in_its_own_way_is_told(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: str, volume: float) -> None:
        raise KeyError("device")

    monkeypatch.setattr(table.remote, "play", broken)
    table.player.play(THERE)
    table.until(lambda: table.errors, "the report")
    assert "'far' failed: KeyError" in table.errors[0]
    monkeypatch.undo()


def test_closing_stops_the_other_player(table: Table) -> None:
    table.play()
    table.player.close()
    assert table.remote.told[-2:] == ["stop", "close"]
    table.player.close()
