# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Listeners, sessions and the command, on a small library and few sessions."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.simulation import report, simulate
from emo_music_ros.simulation.alone import face_alone, together
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.simulation.characters import KINDS, changes, character
from emo_music_ros.simulation.listener import Character, Episode, Listener
from emo_music_ros.simulation.session import run_session
from emo_music_ros.simulation.skips import skips
from emo_music_ros.streams import Track


@pytest.fixture(scope="module")
def answers():
    return Answers()


@pytest.fixture(scope="module")
def tracks():
    rng = np.random.default_rng(3)
    grid = [(v, a) for v in np.arange(-0.8, 0.9, 0.2) for a in np.arange(-0.8, 0.9, 0.4)]
    return [
        Track(f"t{i}", "", title=f"T{i}", duration=60.0, tempo=100.0, valence=float(v),
              arousal=float(a), features=rng.normal(size=4).astype(np.float32))
        for i, (v, a) in enumerate(grid)
    ]  # fmt: skip


def test_a_listener_shows_what_they_feel_and_nobody_shows_nothing(answers):
    rng = np.random.default_rng(1)
    sad = Listener(Character("depression", 0.0), answers, rng, "x")
    for second in range(60):
        for encoding in sad.signs(float(second), 5.0):
            assert encoding.time == 5.0
            assert encoding.source.startswith("simulated:")
            assert encoding.person_id == "x"
    nobody = Listener(Character(present=False), answers, rng, "x")
    assert not list(nobody.signs(0.0, 0.0))
    assert nobody.act(100.0, None) is None


def test_music_moves_whom_it_reaches_and_less_when_it_is_known(answers, tracks):
    bright = max(tracks, key=lambda track: track.valence + track.arousal)

    def moved(response, heard=0):
        who = Character("depression", response, restless=0.0)
        listener = Listener(who, answers, np.random.default_rng(1), "x")
        listener._heard[bright.track_id] = heard
        for second in range(120):
            listener.step(float(second), bright)
        return listener.mood[0] + 0.5

    assert moved(0.0) == pytest.approx(0.0)
    assert moved(0.9) > moved(0.3) > 0
    assert moved(0.9, heard=9) < moved(0.9) / 2


def test_an_episode_decides_on_the_mood(answers):
    who = Character("calm", 0.0, episodes=(Episode(10.0, 20.0, "anxiety"),), restless=0.0)
    listener = Listener(who, answers, np.random.default_rng(1), "x")
    states = []
    for second in range(20):
        listener.step(float(second), None)
        states.append(listener.state)
    assert states[9] == "calm"
    assert states[12] == "anxiety"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_listener_can_be_made(kind):
    who = character(kind, 4, np.random.default_rng(1))
    assert who.present == (kind != "nobody")
    assert (changes(who) is not None) == (kind in ("changing", "distressed"))


def test_a_session_is_the_same_every_time(answers, tracks):
    one, two = (run_session("ordinary", 3, tracks, answers, seconds=150) for _ in range(2))
    assert json.dumps(one.as_dict()) == json.dumps(two.as_dict())
    other = run_session("ordinary", 4, tracks, answers, seconds=150)
    assert one.as_dict() != other.as_dict()
    assert one.plays
    assert one.known > 60


def test_nobody_is_unknown_and_teaches_nothing(answers, tracks):
    facts = run_session("nobody", 1, tracks, answers, seconds=260)
    assert facts.known == 0
    assert facts.outcomes > 0
    assert facts.learned == 0
    assert [stop[1] for stop in facts.stops] == ["absent"]


def test_a_given_state_is_answered(answers, tracks):
    facts = run_session("changing", 2, tracks, answers, seconds=950, given=True)
    when, _, after = facts.change
    assert any(when < play[0] <= when + 60 and play[2] == after for play in facts.plays)


def test_full_rate_steps_four_times_as_often(answers, tracks):
    facts = run_session("sad", 1, tracks, answers, seconds=60, full_rate=True)
    assert facts.rate == 4.0
    assert facts.known + facts.unknown in (60, 61)


def test_faces_alone_and_together_fill_the_time(answers):
    (one,) = face_alone(answers, "sadness", 1, 1)
    assert sum(one.values()) == 55
    (two,) = together(answers, True, 1, 1)
    assert sum(two.values()) == 55


def test_twenty_skips_offer_twenty_tracks(tracks):
    different, twice = skips(tracks, "therapeutic", 1)
    assert different >= 15
    assert twice == 0


def test_a_run_goes_on_where_it_ended_and_ignores_a_torn_line(tracks, tmp_path, monkeypatch):
    wanted = simulate.tasks(3, 1, "random", 20.0)
    store = tmp_path / "sessions.jsonl"
    first = simulate.facts_of(wanted, tracks, store, processes=1)
    with store.open("a") as file:
        file.write('{"task": "torn')
    monkeypatch.setattr(simulate, "_run", lambda task: pytest.fail("was run before"))
    assert simulate.facts_of(wanted, tracks, store, processes=1) == first


def test_the_report_says_that_it_is_a_simulation_and_is_written(tracks, tmp_path, monkeypatch):
    monkeypatch.setattr(simulate, "RUNS", 1)
    monkeypatch.setattr(simulate, "SKIPPERS", 1)
    found = simulate.simulate(
        tracks, sessions=2, seed=1, policies=["therapeutic"], seconds=20.0,
        work=tmp_path / "work", processes=1,
    )  # fmt: skip
    report.save(tmp_path / "docs", found)
    text = (tmp_path / "docs" / "simulation.md").read_text()
    assert "simulated listeners, not people" in text
    assert "not run" in text  # kinds that were not among two sessions
    kept = json.loads((tmp_path / "docs" / "results" / "simulation.json").read_text())
    assert kept["about"]["sessions"] == 2


@pytest.mark.parametrize("wrong", [{"sessions": 0}, {"seconds": 0.0}, {"processes": 0}])
def test_absurd_numbers_are_refused(tracks, tmp_path, wrong):
    options = {"sessions": 1, "seconds": 10.0, "processes": 1, **wrong}
    with pytest.raises(InputError, match="above 0"):
        simulate.simulate(tracks, seed=1, policies=["random"], work=tmp_path, **options)


def test_the_command_names_what_is_wrong(tmp_path):
    code = "import sys; from emo_music_ros.cli import main; sys.exit(main(sys.argv[1:]))"
    library = str(tmp_path / "none.json")
    command = [sys.executable, "-c", code, "simulate", "--library", library]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.strip().splitlines()[-1].startswith("error: library")
