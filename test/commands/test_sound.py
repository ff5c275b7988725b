# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from emo_music_ros.cli import parser
from emo_music_ros.commands import sound
from emo_music_ros.errors import InputError
from emo_music_ros.playback import assistant, exposure
from emo_music_ros.playback.calibration import Calibration
from emo_music_ros.playback.ledger import default_ledger
from emo_music_ros.simulation import sound as sessions
from emo_music_ros.simulation import underruns


def carry_out(*words):
    arguments = parser().parse_args(words)
    return arguments.run(arguments)


def test_a_calibration_is_kept_for_its_device_and_namespace(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    found = Calibration("pulse: kitchen", 92.0, 5.0)
    monkeypatch.setattr(assistant, "calibrate", lambda backend, ask: found)
    assert carry_out("calibrate", "--namespace", "/robot1") == 0
    assert default_ledger("/robot1").calibration("pulse: kitchen") == found
    assert default_ledger("").calibration("pulse: kitchen") is None
    told = capsys.readouterr().out
    assert "full scale is 92.0 dBA" in told
    start = 10 ** ((exposure.SoundOptions().start_level - (92.0 - 23.0)) / 20)
    assert f"{start:.2f}" in told


def test_a_calibration_that_fails_keeps_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    default_ledger("").calibrate(Calibration("x", 90.0))
    with pytest.raises(InputError, match="makes no sound"):
        carry_out("calibrate", "--player", "null")
    assert default_ledger("").calibration("x").sensitivity == 90.0


def test_sessions_are_run_and_violations_end_in_a_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sessions, "SECONDS", 5.0)
    report = tmp_path / "sound.md"
    assert carry_out("sound", "simulate", "--sessions", "3", "--save", str(report)) == 0
    assert "3 simulated sessions" in report.read_text()
    assert report.read_text() in capsys.readouterr().out
    with pytest.raises(InputError, match="above 0"):
        carry_out("sound", "simulate", "--sessions", "0")
    monkeypatch.setattr(
        sessions.Report, "of", classmethod(lambda cls, found: cls(3, {sessions.RULES[0]: 2}))
    )
    assert carry_out("sound", "simulate", "--sessions", "3") == 1


def test_underruns_are_counted_on_the_device_that_is_named(monkeypatch, capsys):
    monkeypatch.setattr(underruns, "TRACK", 7.0)
    assert (
        carry_out("sound", "underruns", "--player", "null", "--minutes", "0.02", "--load", "0") == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["device"] == "null"
    assert found["seconds"] >= 1.2
    assert found["underruns"] >= 0
    with pytest.raises(InputError, match="minutes"):
        carry_out("sound", "underruns", "--minutes", "0")


def test_a_device_that_is_away_is_no_measurement(monkeypatch):
    monkeypatch.setattr(underruns, "TRACK", 7.0)

    class Away:
        name, rate, underruns, error = "away", 44100, 0, "it is not there. Plug it in"

        def start(self, render):
            pass

        def stop(self):
            pass

    with pytest.raises(InputError, match="not there"):
        underruns.measure(Away(), 1.0, 0)


def test_the_player_has_to_be_installed():
    with pytest.raises(Exception, match="no player plugin"):
        sound._backend(parser().parse_args(["calibrate", "--player", "nothing"]))
