# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
import stat

import pytest

from emo_music_ros.errors import StorageError
from emo_music_ros.playback.calibration import Calibration
from emo_music_ros.playback.dose import WEEK
from emo_music_ros.playback.ledger import Ledger, default_ledger


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "sound.sqlite")


def test_reading_makes_no_file(ledger):
    assert ledger.calibration("pulse: x") is None
    assert ledger.dose("anna") == []
    ledger.forget("anna")
    ledger.count("anna", {})
    assert not ledger.path.exists()


def test_a_calibration_is_that_of_its_device_and_survives(ledger):
    ledger.calibrate(Calibration("pulse: kitchen", 92.5, 1000.0))
    ledger.calibrate(Calibration("pulse: kitchen", 91.0, 2000.0))
    again = Ledger(ledger.path)
    assert again.calibration("pulse: kitchen") == Calibration("pulse: kitchen", 91.0, 2000.0)
    assert again.calibration("pulse: bedroom") is None
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_doses_add_up_by_person_and_hour_and_old_ones_go(ledger):
    ledger.count("anna", {1000: 0.1, 1001: 0.2})
    ledger.count("anna", {1001: 0.3})
    ledger.count("ben", {1001: 0.5})
    assert dict(Ledger(ledger.path).dose("anna")) == {1000: 0.1, 1001: 0.5}
    ledger.count("anna", {1001 + 2 * WEEK: 0.1})
    assert dict(ledger.dose("anna")) == {1001: 0.5, 1001 + 2 * WEEK: 0.1}
    ledger.forget("anna")
    assert ledger.dose("anna") == []
    assert dict(ledger.dose("ben")) == {1001: 0.5}


@pytest.mark.parametrize("value", [4000.0, -3.0, "loud", None])
def test_a_calibration_that_cannot_be_true_is_named(ledger, value):
    ledger.calibrate(Calibration("x", 90.0))
    with sqlite3.connect(ledger.path) as connection:
        if value is None:
            connection.execute("UPDATE calibration SET sensitivity = 'nan'")
        else:
            connection.execute("UPDATE calibration SET sensitivity = ?", (value,))
    with pytest.raises(StorageError, match="cannot be true"):
        ledger.calibration("x")


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "sound.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StorageError, match="another program"):
        Ledger(path).calibrate(Calibration("x", 90.0))


def test_every_namespace_has_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    assert default_ledger("/robot1").path == tmp_path / "robot1" / "sound.sqlite"
