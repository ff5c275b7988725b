# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Anxiety with more arousal than is usual for the person, for most of a window."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.distress import FIRST, Distress
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Estimate

SPAN, RISE, STEP = 50.0, 0.2, 0.5


class Watch:
    """Feeds emotions and notes when distress was seen."""

    def __init__(self):
        self.signals, self.distress, self.now, self.stops = Signals(), Distress(), 0.0, []

    def run(self, seconds, state, arousal=None, wrong=0.0, seed=1, step=STEP):
        random = np.random.default_rng(seed)
        for _ in range(round(seconds / step)):
            self.now += step
            shown = state
            if random.random() < wrong:
                shown = random.choice([each for each in STATES if each != state])
            emotion = self.emotion(shown, arousal if shown == state else None)
            self.signals.add_emotion(emotion)
            self.distress.add(emotion)
            if self.distress.lasts(self.signals, self.now, SPAN, RISE):
                self.stops.append(self.now)
        return self

    def emotion(self, state, arousal):
        if state == UNKNOWN:
            estimate = unknown(STATES)
        else:
            centre = STATE_CENTRES[STATES.index(state)]
            value = float(centre[1]) if arousal is None else arousal
            estimate = Estimate(STATES, np.zeros(0), float(centre[0]), value, 0.0, 0.8)
        return Emotion(self.now, state, estimate, 0.2, (), "", "anna", True)


@pytest.mark.parametrize("wrong", [0.0, 0.1])
def test_it_is_seen_within_a_minute(wrong):
    for seed in range(20):
        watch = Watch().run(300, "calm", wrong=wrong, seed=seed)
        assert watch.stops == []
        watch.run(60, "anxiety", wrong=wrong, seed=100 + seed)
        assert 28 <= watch.stops[0] - 300 <= 60


@pytest.mark.parametrize("wrong", [0.0, 0.1])
def test_fright_of_somebody_cheerful_is_seen_though_joy_is_as_lively(wrong):
    for seed in range(10):
        watch = Watch().run(400, "positive", 0.5, wrong=wrong, seed=seed)
        assert watch.stops == []
        watch.run(60, "anxiety", 0.5, wrong=wrong, seed=100 + seed)
        assert 20 <= watch.stops[0] - 400 <= 60


def test_a_cheerful_person_who_is_only_sometimes_tense_is_not_distressed():
    watch = Watch().run(400, "positive", 0.5)
    for seed in range(20):
        watch.run(12, "anxiety", 0.5, seed=seed).run(40, "positive", 0.5, seed=seed)
    assert watch.stops == []


def test_sadness_alone_is_none_however_deep():
    watch = Watch().run(300, "calm").run(600, "depression")
    assert watch.stops == []


def test_who_is_always_anxious_is_measured_by_their_own_baseline():
    watch = Watch().run(900, "anxiety", 0.4)
    assert watch.stops == []
    assert watch.distress.baseline == pytest.approx(0.4, abs=0.02)
    watch.run(60, "anxiety", 0.5)  # a little more is not distress
    assert watch.stops == []
    watch.run(90, "anxiety", 0.75)
    assert watch.stops


def test_a_short_fright_is_none():
    watch = Watch().run(300, "calm")
    for _ in range(5):
        watch.run(20, "anxiety", 0.9).run(60, "calm")
    assert watch.stops == []


def test_wrong_estimates_alone_stop_nothing_in_ten_hours():
    watch = Watch().run(36000, "calm", wrong=0.1, step=2.0)
    assert watch.stops == []


def test_the_baseline_is_slow():
    watch = Watch().run(FIRST - STEP, "calm")
    assert math.isnan(watch.distress.baseline)
    watch.run(600, "calm")
    before = watch.distress.baseline
    assert before == pytest.approx(-0.5)
    watch.run(60, "anxiety", 0.8)
    assert watch.distress.baseline - before < 0.2


def test_without_a_baseline_or_anything_seen_lately_nothing_is_said():
    watch = Watch()
    assert not watch.distress.lasts(watch.signals, 0.0, SPAN, RISE)
    watch.run(300, "calm").run(20, "anxiety", 0.9)
    assert not watch.distress.lasts(watch.signals, watch.now + 60, SPAN, RISE)


def test_unknown_states_neither_make_nor_hide_it():
    watch = Watch().run(300, "calm").run(60, UNKNOWN)
    assert watch.stops == []
    assert watch.distress.baseline == pytest.approx(-0.5)


def test_music_begun_in_spite_of_it_gets_its_time():
    watch = Watch().run(300, "calm").run(60, "anxiety", 0.8)
    began = watch.now
    watch.stops.clear()
    watch.distress.begin_anew(began)
    watch.run(60, "anxiety", 0.8)
    assert 30 <= watch.stops[0] - began <= 60


def test_another_person_has_another_baseline():
    watch = Watch().run(300, "calm")
    watch.distress.clear()
    assert math.isnan(watch.distress.baseline)


@pytest.mark.parametrize(("anxiety", "sadness", "stops"), [(0.33, 0.5, False), (0.6, 0.15, True)])
def test_a_minute_read_a_little_anxious_is_not_fright(anxiety, sadness, stops):
    watch = Watch()

    def feel(seconds, probabilities, arousal):
        for _ in range(round(seconds / STEP)):
            watch.now += STEP
            estimate = Estimate(STATES, np.array(probabilities), -0.4, arousal, 0.0, 0.8)
            emotion = Emotion(watch.now, "depression", estimate, 0.2, (), "", "anna", True)
            watch.signals.add_emotion(emotion)
            watch.distress.add(emotion)
            if watch.distress.lasts(watch.signals, watch.now, SPAN, RISE):
                watch.stops.append(watch.now)

    feel(600, (0.1, 0.15, 0.2, 0.55), -0.3)
    rest = (1 - anxiety - sadness) / 2
    feel(60, (rest, rest, anxiety, sadness), -0.06)
    assert bool(watch.stops) == stops
