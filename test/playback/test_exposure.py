# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import time

import numpy as np
import pytest

from emo_music_ros.errors import StorageError
from emo_music_ros.options import OptionError, build
from emo_music_ros.playback.calibration import ASSUMED, Calibration
from emo_music_ros.playback.dose import HOUR, allowance, pressure
from emo_music_ros.playback.exposure import (
    NIGHT_TRIM,
    RELIEF_TRIM,
    Exposure,
    SoundOptions,
)
from emo_music_ros.playback.ledger import Ledger
from emo_music_ros.playback.loudness import TARGET

RATE = 44100


class Wall:
    """A clock on the wall that the test sets."""

    def __init__(self, hour=12):
        self.now = time.mktime((2027, 3, 1, hour, 0, 0, 0, 0, -1))

    def __call__(self):
        return self.now


def made(tmp_path=None, hour=12, sensitivity=None, **options):
    ledger = Ledger(tmp_path / "sound.sqlite") if tmp_path else None
    exposure = Exposure(RATE, SoundOptions(**options), ledger, Wall(hour))
    if sensitivity is not None:
        exposure.calibration = Calibration("x", sensitivity)
    return exposure


def tone(level, seconds=10.0):
    """1 kHz of a level [dB of full scale] in both channels, A-weighted."""
    amplitude = math.sqrt(10 ** (level / 10))
    wave = amplitude * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, wave], 1)


def play(exposure, sound, heard=True):
    for block in np.array_split(sound, len(sound) // 512):
        exposure.count(block, heard)


def test_level_and_dose_are_those_at_the_listener_when_calibrated():
    exposure = made(sensitivity=90.0)
    play(exposure, tone(-30.0))
    assert exposure.level == pytest.approx(60.0, abs=0.2)
    expected = 10 / HOUR * pressure(60.0) / allowance("sensitive")
    assert exposure.share == pytest.approx(expected, rel=0.05)
    assert exposure.advice() == ""


def test_without_a_calibration_they_are_estimates_and_it_says_so():
    exposure = made()
    play(exposure, tone(-30.0))
    assert exposure.level == pytest.approx(ASSUMED - 30, abs=0.2)
    assert exposure.advice() == "not calibrated"
    assert exposure.ceiling == math.inf
    assert exposure.trim == 1.0
    assert exposure.start_volume is None


def test_what_nobody_hears_is_no_dose():
    exposure = made(sensitivity=90.0)
    play(exposure, tone(-10.0), heard=False)
    assert exposure.share == 0.0
    assert math.isnan(exposure.level)


def test_the_cap_is_seventy_and_at_night_forty_five():
    assert made(sensitivity=90.0).ceiling == pytest.approx(70 - 90)
    night = {"night": "21:00-07:00"}
    assert made(sensitivity=90.0, **night).ceiling == pytest.approx(70 - 90)
    for hour in (21, 23, 0, 6):
        assert made(hour=hour, sensitivity=90.0, **night).ceiling == pytest.approx(45 - 90)
    assert made(hour=7, sensitivity=90.0, **night).ceiling == pytest.approx(70 - 90)
    assert made(hour=23, **night).trim == pytest.approx(10 ** (NIGHT_TRIM / 20))
    assert made(hour=14, sensitivity=90.0, night="13:00-15:00").is_night
    assert not made(hour=15, night="13:00-15:00").is_night


@pytest.mark.parametrize(
    ("name", "value"), [("cap", 71.0), ("start_level", 61.0), ("night_cap", 61.0), ("dose", "all")]
)
def test_no_option_allows_more_than_the_rules(name, value):
    with pytest.raises(OptionError, match=name):
        build(SoundOptions, {name: value})


def test_music_starts_at_fifty_five_to_sixty():
    exposure = made(sensitivity=95.0)
    level = 95.0 + TARGET + 20 * math.log10(exposure.start_volume)
    assert 55 <= level <= 60
    assert made(sensitivity=70.0).start_volume == 1.0  # a loudspeaker that is too weak


def fill(exposure, share):
    exposure.dose.add(exposure._wall(), share * allowance("sensitive") * HOUR)


def test_a_full_week_is_said_and_turned_down():
    exposure = made(sensitivity=90.0)
    fill(exposure, 0.85)
    assert "85 % of this week's dose" in exposure.advice()
    assert exposure.ceiling == pytest.approx(70 - 90)
    fill(exposure, 0.2)
    assert "used up" in exposure.advice()
    assert exposure.ceiling == pytest.approx(65 - 90)
    exposure._wall.now += 8 * 24 * HOUR
    assert exposure.advice() == ""
    assert exposure.ceiling == pytest.approx(70 - 90)
    exposure = made()
    fill(exposure, 1.1)
    assert exposure.trim == pytest.approx(10 ** (RELIEF_TRIM / 20))


AUDIOGRAM = "500:20 1000:30 2000:40"


@pytest.mark.parametrize(
    ("options", "on"),
    [
        ({"audiogram": AUDIOGRAM, "hearing_aids": "out"}, True),
        ({"audiogram": AUDIOGRAM, "hearing_aids": "in"}, False),
        ({"audiogram": AUDIOGRAM, "hearing_aids": "unknown"}, False),
        ({"audiogram": AUDIOGRAM}, False),
        ({"audiogram": "", "hearing_aids": "out"}, False),
    ],
)
def test_the_equaliser_is_on_only_with_an_audiogram_and_without_aids(options, on):
    exposure = made(**options)
    for _ in range(5):
        exposure.equalise(np.zeros((RATE, 2), np.float32))
    sound = tone(-20.0, 1.0).astype(np.float32)
    changed = abs(exposure.equalise(sound)).max() > 1.5 * abs(sound).max()
    assert changed == on
    assert exposure.problem == ""


def test_what_the_equaliser_raises_stays_below_the_cap():
    exposure = made(sensitivity=90.0, audiogram=AUDIOGRAM, hearing_aids="out")
    assert exposure.ceiling == pytest.approx(70 - 90 - 12.5)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"night": "21-7"}, "night '21-7'"), ({"audiogram": "loud", "hearing_aids": "out"}, "loud")],
)
def test_an_option_that_makes_no_sense_is_named_and_the_music_goes_on(options, named):
    exposure = made(hour=23, **options)
    assert named in exposure.problem
    assert not exposure.is_night
    exposure.equalise(np.zeros((512, 2), np.float32))
    exposure.reconfigure(SoundOptions())
    assert exposure.problem == ""


def test_calibration_and_dose_survive_a_restart_by_device_and_person(tmp_path):
    first = made(tmp_path)
    first._ledger.calibrate(Calibration("pulse: kitchen", 88.0))
    first.follow("anna")
    first.use("pulse: kitchen")
    assert first.calibration.sensitivity == 88.0
    play(first, tone(-20.0))
    share = first.share
    first.keep()
    again = made(tmp_path)
    again.follow("anna")
    assert again.share == pytest.approx(share)
    again.follow("ben")
    assert again.share == 0.0
    again.use("pulse: bedroom")
    assert again.calibration is None
    again.follow("anna")
    again.forget("anna")
    assert again.share == 0.0
    again.follow("anna")
    assert again.share == 0.0


def test_another_person_gets_another_dose_and_nothing_is_lost(tmp_path):
    exposure = made(tmp_path)
    exposure.follow("anna")
    play(exposure, tone(-20.0))
    share = exposure.share
    exposure.follow("ben")
    assert exposure.share == 0.0
    exposure.follow("anna")
    assert exposure.share == pytest.approx(share)


def test_a_ledger_that_cannot_be_written_is_named_and_nothing_is_lost(tmp_path, monkeypatch):
    exposure = made(tmp_path)
    exposure.follow("anna")
    play(exposure, tone(-20.0))
    share = exposure.share
    real = Ledger.count

    def full(self, *arguments):
        raise StorageError("the disk is full", "Free space")

    monkeypatch.setattr(Ledger, "count", full)
    exposure.keep()
    assert "disk is full" in exposure.problem
    assert exposure.share == share
    monkeypatch.setattr(Ledger, "count", real)
    exposure.keep()
    assert exposure.problem == ""
    exposure.follow("anna")
    assert exposure.share == pytest.approx(share)


def test_an_absurd_calibration_is_named_and_counts_as_none(tmp_path):
    exposure = made(tmp_path)
    exposure._ledger.calibrate(Calibration("x", 88.0))
    exposure._ledger.calibrate(Calibration("y", 5000.0))
    exposure.use("y")
    assert exposure.calibration is None
    assert "cannot be true" in exposure.problem
    exposure.use("x")
    assert exposure.calibration is not None
    assert exposure.problem == ""
