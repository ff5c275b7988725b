# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import freqz, lfilter

from emo_music_ros.errors import InputError
from emo_music_ros.playback.equaliser import (
    CONSTANTS,
    FADE,
    LOSSES,
    MOST,
    Equaliser,
    audiogram,
    design,
    gains,
)

RATE = 44100
MILD = "250:10 500:20 1000:30 2000:40 4000:50"


def test_golden_gains_of_nal_r():
    """X = 0.05 (20 + 30 + 40) = 4.5; gain = X + 0.31 loss + k (Byrne and Dillon 1986)."""
    assert gains(audiogram(MILD)) == {
        250: 0.0,
        500: pytest.approx(4.5 + 6.2 - 8),
        1000: MOST,  # 14.8
        2000: MOST,  # 15.9
        4000: MOST,  # 18
    }
    assert gains({500: 0, 1000: 0, 2000: 10}) == {
        500: 0.0, 1000: pytest.approx(1.5), 2000: pytest.approx(2.6)
    }  # fmt: skip
    assert gains({}) == {}


@given(st.fixed_dictionaries({f: st.floats(*LOSSES) for f in CONSTANTS}))
def test_nothing_is_lowered_or_raised_by_more_than_allowed(losses):
    assert all(0 <= gain <= MOST for gain in gains(losses).values())


@pytest.mark.parametrize(
    "text", ["500", "500:x", "700:20 500:1 1000:1 2000:1", "500:200", "500:30 1000:30", "a:b"]
)
def test_what_is_no_audiogram_is_named(text):
    with pytest.raises(InputError, match="audiogram"):
        audiogram(text)


def test_no_audiogram_is_none():
    assert audiogram("  ") == {}


def test_the_filter_has_the_gains_by_scipy():
    wanted = gains(audiogram(MILD))
    response = 20 * np.log10(abs(freqz(design(wanted, RATE), 1, list(wanted), fs=RATE)[1]))
    assert response == pytest.approx(list(wanted.values()), abs=1.2)
    everywhere = 20 * np.log10(abs(freqz(design(wanted, RATE), 1, 8192, fs=RATE)[1]))
    assert everywhere.max() < MOST + 0.5
    assert everywhere.min() > -0.5


def noise(seconds=1.0):
    return np.random.default_rng(2).standard_normal((round(seconds * RATE), 2)).astype(np.float32)


def test_off_it_changes_nothing_but_delays():
    equaliser, samples = Equaliser(RATE), noise()
    out = np.concatenate([equaliser(block) for block in np.split(samples, 100)])
    delay = len(design({1000: 0}, RATE)) // 2
    assert np.array_equal(out[delay:], samples[:-delay])
    assert not out[:delay].any()
    assert not equaliser.on
    assert equaliser.most == 0.0


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=8))
def test_on_it_is_the_filter_whatever_the_blocks(cuts):
    equaliser, wanted = Equaliser(RATE), gains(audiogram(MILD))
    equaliser.set(wanted)
    for _ in range(round(FADE) + 1):
        equaliser(np.zeros((RATE, 2), np.float32))
    samples = noise()[: sum(cuts)]
    out = [equaliser(part) for part in np.split(samples, np.cumsum(cuts))[:-1]]
    expected = lfilter(design(wanted, RATE), 1, samples, axis=0)
    assert np.allclose(np.concatenate(out), expected[: sum(map(len, out))], atol=1e-4)


def test_it_comes_and_goes_without_a_step_and_says_what_it_may_raise():
    equaliser = Equaliser(RATE)
    tone = 0.1 * np.sin(2 * np.pi * 2000 * np.arange(RATE // 10) / RATE)
    block = np.stack([tone, tone], 1).astype(np.float32)
    levels = []
    for wanted in (gains(audiogram(MILD)), {500: 3.0, 1000: 3.0, 2000: 3.0}, {}, {}):
        equaliser.set(wanted)
        before = equaliser.most
        assert before >= max(wanted.values(), default=0.0)
        for _ in range(20):  # shorter than the fade: it is changed on its way
            levels.append(20 * np.log10(np.sqrt((equaliser(block)[600:] ** 2).mean())))
    for _ in range(40):
        equaliser(block)
    assert max(levels[1:]) - levels[1] > 5
    assert abs(np.diff(levels[1:])).max() < 1.5
    assert not np.isnan(levels).any()
    assert equaliser.most == 0.0
