# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from emo_music_ros.cli import main
from emo_music_ros.commands import doctor
from emo_music_ros.commands.doctor import Finding


def levels(found) -> list[str]:
    return [each.level for each in found]


def test_everything_is_told_with_its_remedy_and_the_exit_code_says_whether_it_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [Finding("camera", "ok", "/dev/video0"), Finding("clock", "warn", "x\ny", "Set it")]
    monkeypatch.setattr(doctor, "findings", lambda folder: iter(told))
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ok     camera: /dev/video0", "warn   clock: x y", "       -> Set it",
    ]  # fmt: skip
    told.append(Finding("ROS", "error", "none", "Install it"))
    assert main(["doctor"]) == 1


def test_one_look_that_fails_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken():
        raise RuntimeError("odd")
        yield

    for name in ("ros", "camera", "sound", "models", "formats", "folders", "memory"):
        monkeypatch.setattr(doctor, name, broken)
    found = list(doctor.findings("/nowhere/at/all"))
    assert sum("odd" in each.text for each in found) == 7
    assert found[-1].part == "clock"
    library = next(each for each in found if each.part == "library")
    assert library.level == "error"
    assert "does not exist" in library.text


def test_cameras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.glob, "glob", lambda pattern: [])
    assert levels(doctor.camera()) == ["warn"]
    monkeypatch.setattr(doctor.glob, "glob", lambda pattern: ["/dev/video0", "/dev/video1"])
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: path == "/dev/video1")
    assert [(each.level, each.text) for each in doctor.camera()] == [
        ("error", "/dev/video0 may not be opened"), ("ok", "/dev/video1"),
    ]  # fmt: skip


def test_a_clock_that_was_never_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.time, "time", lambda: 3600.0)
    assert [(each.level, each.text) for each in doctor.clock()] == [("error", "it says 1970-01-01")]


def test_folders_that_cannot_be_written_or_are_full_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "SPACE", 2**60)
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    monkeypatch.delenv("EMO_MUSIC_CACHE", raising=False)
    monkeypatch.setattr("emo_music_ros.resources.cache", lambda name: tmp_path / name)
    full, lost = doctor.folders()
    assert (full.level, full.remedy) == ("warn", "Free some space")
    assert (lost.level, lost.remedy) == ("warn", "Make HOME writable, or set EMO_MUSIC_CACHE")


def test_a_wrong_domain_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "300")
    assert "0 to 232" in list(doctor.ros())[-1].remedy
