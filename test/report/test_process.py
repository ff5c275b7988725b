# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Reports made by a process of their own."""

from __future__ import annotations

import sys
import threading

import pytest
from recordings import Recording

from emo_music_ros.errors import InputError
from emo_music_ros.report import process


def sleeping(*arguments):
    """Return a command that takes for ever instead."""
    return [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def file(tmp_path):
    with Recording(tmp_path / "one.mcap") as made:
        made.play(0.0, 20.0, "Jasmine")
    return made.path


def test_it_gives_what_the_command_would(file):
    made = process.ReportProcess().make([file], ".csv", "en")
    assert b"Jasmine" in made


def test_what_cannot_be_made_says_why(tmp_path):
    with pytest.raises(InputError, match=r"cannot be made: recording: .*does not exist"):
        process.ReportProcess().make([tmp_path / "none.mcap"], ".csv", "en")


def test_one_at_a_time(file):
    made = process.ReportProcess()
    with made._lock, pytest.raises(InputError, match="another report"):
        made.make([file], ".csv", "en")


def test_it_does_not_take_for_ever(file, monkeypatch):
    monkeypatch.setattr(process, "own_command", sleeping)
    monkeypatch.setattr(process, "PATIENCE", 0.2)
    with pytest.raises(InputError, match="took longer"):
        process.ReportProcess().make([file], ".csv", "en")


def test_it_ends_with_whoever_asked(file, monkeypatch):
    monkeypatch.setattr(process, "own_command", sleeping)
    made = process.ReportProcess()
    errors: list[InputError] = []

    def ask():
        try:
            made.make([file], ".csv", "en")
        except InputError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    made.close()
    thread.join(60)
    assert "its process ended" in str(errors[0])
