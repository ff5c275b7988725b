# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sessions keep the rules, and every rule notices when it is broken."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.playback import exposure, level, mixer
from emo_music_ros.playback.level import Level
from emo_music_ros.playback.mixer import Mixer
from emo_music_ros.playback.voices import Voice
from emo_music_ros.simulation import sound
from emo_music_ros.simulation.sound import RULES, Report, run

SESSIONS = 6


def test_sessions_keep_every_rule():
    report = Report.of([run(seed) for seed in range(SESSIONS)])
    assert report.violated == {}
    for rule in RULES:
        assert f"| {rule} | 0 |" in report.text()
    assert "simulation, not people" in report.text()


def broken(monkeypatch, rule):
    """Break what keeps a rule."""
    if rule is RULES[0]:
        real = Level.go
        monkeypatch.setattr(Level, "go", lambda self, target, *_, **__: real(self, target, 60, 60))
    elif rule is RULES[1]:
        real = Level.go
        monkeypatch.setattr(Level, "go", lambda self, target, *_, **__: real(self, target, 20.0))
    elif rule is RULES[2]:
        real = Mixer.stop
        monkeypatch.setattr(Mixer, "stop", lambda self, fade=1.5: real(self, 60.0))
    elif rule is RULES[3]:
        monkeypatch.setattr(Voice, "limit", lambda self, ceiling: 1.0)
    elif rule is RULES[4]:
        monkeypatch.setattr(exposure, "RELIEF", 70.0)
    elif rule is RULES[5]:
        monkeypatch.setattr(Mixer, "duck", lambda self, share: None)
    elif rule is RULES[6]:
        real = exposure.Exposure.receive
        monkeypatch.setattr(
            exposure.Exposure, "receive", lambda self, energy, seconds: real(self, 0.5 * energy, 1)
        )
    elif rule is RULES[7]:
        monkeypatch.setattr(mixer, "guard", lambda samples: samples * np.nan)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_broken_is_found(monkeypatch, rule):
    broken(monkeypatch, rule)
    found: set[str] = set()
    for seed in range(40):
        found |= set(sound.Session(seed).run())
        if rule in found:
            return
    assert rule in found, found


def test_the_slowest_stop_that_can_be_set_is_within_two_seconds_and_the_fastest_no_step():
    assert level.SILENCE <= 1.8 < sound.STOPS
