# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How emotion over the robot's own music is measured."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
from emo_music_ros.training.echo import run
from emo_music_ros.training.echo.run import NOTHING, heard_with, matched, scene, taken_out
from emo_music_ros.training.talking.measuring import SETTLING

RATE = 16000


def noise(seconds, level=0.1, seed=0):
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE)).astype(np.float32)


def power(sound):
    return float(np.square(sound, dtype=np.float64).mean())


def test_utterances_are_where_the_scene_says():
    clips = [noise(1.0, seed=1), noise(0.5, seed=2)]
    found = scene(clips)
    for clip, (begin, end) in zip(clips, found.places):
        np.testing.assert_array_equal(found.sound[begin:end], clip)
    assert found.places[0][0] == SETTLING * RATE
    assert power(found.sound) < power(clips[0])


@settings(max_examples=15)
@given(st.floats(-15, 15))
def test_music_is_as_much_louder_than_speech_as_was_asked(level):
    said = scene([noise(1.0, 0.01)])
    played = noise(len(said.sound) / RATE, 0.2, seed=3)
    heard, reference = heard_with(played, said, level)
    begin, end = said.places[0]
    echo = heard - said.sound
    assert 10 * np.log10(power(echo) / power(said.sound[begin:end])) == pytest.approx(
        level, abs=0.5
    )
    assert np.abs(heard).max() <= 0.91
    assert np.corrcoef(reference, played)[0, 1] == pytest.approx(1.0)


def test_what_is_taken_out_is_the_music_and_not_the_speech():
    said = scene([noise(1.0, 0.05, seed=4)])
    played = noise(len(said.sound) / RATE, 0.2, seed=5)
    heard, reference = heard_with(played, said, 10.0)
    left = taken_out(heard, reference)
    begin, end = said.places[0]
    before = slice(begin - RATE, begin)
    assert power(left[before]) < 0.05 * power(heard[before])
    kept = np.corrcoef(left[begin:end], said.sound[begin:end])[0, 1]
    assert kept > 0.8


def test_an_utterance_belongs_to_the_place_it_covers_most():
    def part(start, end):
        return SimpleNamespace(start=start, samples=np.zeros(end - start))

    found = [part(0, 90), part(120, 300), part(310, 330)]
    places = [(100, 200), (205, 320), (400, 500)]
    assert matched(found, places) == [found[1], found[1], None]
    assert matched([], places) == [None, None, None]


def test_what_was_not_heard_counts_as_wrong_in_one_figure_only():
    truth = np.array([0, 0, 1, 1] * 6)
    found = np.array([0, NOTHING, 1, 1] * 6)
    heard, whole, alone = run._figures(truth, found, np.repeat(list("abcdef"), 4).tolist())
    assert heard == "0.75"
    assert whole.startswith("0.750 [0.750, 0.750]")
    assert alone == "1.000"
    assert run._figures(truth, np.full(24, NOTHING), ["a"] * 24)[2] == "nan"


def test_clips_are_measured_only_when_they_are_needed():
    made = []
    later = run._Later(lambda: made.append(1) or ["clip"])
    assert made == []
    assert (later[0], len(later), made) == ("clip", 1, [1])
