# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The robot does not hear itself."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.base import RATE
from emo_music_ros.talking.echo import FRAME, EchoCanceller

BEGIN = 1.7e9


@pytest.fixture
def canceller():
    return EchoCanceller()


def room(played: np.ndarray, delay: float) -> np.ndarray:
    """Return what is heard of what is played: later, with reverberation, quieter."""
    random = np.random.default_rng(1)
    answer = np.zeros(int(0.15 * RATE))
    start = int(delay * RATE)
    tail = np.arange(len(answer) - start)
    answer[start:] = random.normal(0, 0.03, len(tail)) * np.exp(-tail / 400)
    answer[start] = 0.5
    return np.convolve(played, answer)[: len(played)]


def run(canceller, heard: np.ndarray, played: np.ndarray | None, rate: int = RATE) -> np.ndarray:
    """Return what is left, at 16 kHz, when both come in blocks as in the graph."""
    out = []
    for at in range(0, len(heard), RATE // 20):
        if played is not None and at % (RATE // 10) == 0:
            part = played[at : at + RATE // 10].astype(np.float32)
            canceller.played(AudioBlock(BEGIN + at / RATE, part, RATE, at))
        part = heard[at : at + RATE // 20].astype(np.float32)
        for block in canceller(AudioBlock(BEGIN + at / RATE, part, RATE, at)):
            assert block.sample_rate == RATE
            assert block.time == pytest.approx(
                BEGIN + sum(len(each) for each in out) / RATE, abs=1e-4
            )
            out.append(block.samples)
    return np.concatenate(out)


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(one**2) / max(np.mean(other**2), 1e-12)))


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.09])
def test_what_is_played_is_taken_out_wherever_it_stands(canceller, delay):
    played = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    heard = room(played, delay)
    left = run(canceller, heard, played)
    last = slice(3 * RATE, len(left))
    assert decibels(heard[last], left[last]) > 20


def test_somebody_who_speaks_meanwhile_is_left(canceller):
    random = np.random.default_rng(0)
    played = random.normal(0, 0.03, 6 * RATE)
    heard = room(played, 0.03)
    at = np.arange(RATE)
    voice = 0.2 * np.sin(2 * np.pi * 180 * at / RATE) * np.sin(np.pi * at / RATE)
    heard[4 * RATE : 5 * RATE] += voice
    left = run(canceller, heard, played)
    assert np.corrcoef(left[4 * RATE : 5 * RATE], voice)[0, 1] > 0.99


def test_a_loudspeaker_that_is_moved_is_followed(canceller):
    played = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    half = len(played) // 2
    heard = np.concatenate([room(played, 0.02)[:half], room(played, 0.06)[half:]])
    left = run(canceller, heard, played)
    assert decibels(heard[-RATE:], left[-RATE:]) > 10


def test_what_was_not_played_is_never_made_louder(canceller):
    random = np.random.default_rng(2)
    played, other = random.normal(0, 0.1, (2, 6 * RATE))
    left = run(canceller, other, played)
    assert decibels(left[2 * RATE :], other[2 * RATE : len(left)]) < 0.5


def test_where_nothing_is_played_nothing_is_changed_or_waited_for():
    heard = np.random.default_rng(0).normal(0, 0.1, RATE)
    for played in (None, np.zeros(RATE)):
        left = run(EchoCanceller(), heard, played)
        assert len(heard) - len(left) < FRAME
        np.testing.assert_allclose(left, heard[: len(left)], atol=1e-6)


@pytest.mark.parametrize("kind", ["late", "gone", "silent", "clipped", "broken"])
def test_whatever_comes_as_what_is_played_the_sound_goes_on(canceller, kind):
    random = np.random.default_rng(3)
    heard, played = random.normal(0, 0.05, (2, 4 * RATE)).astype(np.float32)
    if kind == "clipped":
        played = np.sign(played).astype(np.float32)
    elif kind == "silent":
        played[:] = 0
    elif kind == "broken":
        played[::7] = np.nan
    out, step = [], RATE // 20
    for at in range(0, len(heard), step):
        if kind != "gone" or at < RATE:
            when = BEGIN + at / RATE - (0.6 if kind == "late" else 0.0)
            canceller.played(AudioBlock(when, played[at : at + step], RATE, at))
        out += canceller(AudioBlock(BEGIN + at / RATE, heard[at : at + step], RATE, at))
    left = np.concatenate([block.samples for block in out])
    assert len(heard) - len(left) <= 0.2 * RATE
    assert np.isfinite(left).all()
    end = len(left)
    assert decibels(left[2 * RATE :], heard[2 * RATE : end]) < 2.0
    told = {"late": "comes too late", "clipped": "cut off at full scale"}.get(kind, "")
    assert told in canceller.complaint()
    assert bool(told) == bool(canceller.complaint())
