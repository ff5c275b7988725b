# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

import numpy as np
import pytest

from emo_music_ros.playback.tap import TAP_RATE, Tap


def put_tone(tap, first, blocks, rate, heard=1000.0, size=512):
    for index in range(first, first + blocks):
        frames = np.arange(index * size, (index + 1) * size)
        wave = 0.5 * np.sin(2 * np.pi * 440 * frames / rate).astype(np.float32)
        tap.put(heard + frames[0] / rate, int(frames[0]), np.stack([wave, wave], 1), "recorded:x")


@pytest.mark.parametrize("rate", [44100, 48000, 22050])
def test_everything_arrives_with_its_time(rate):
    got = []
    tap = Tap(rate, got.append)
    put_tone(tap, 0, 200, rate)
    tap.close()
    samples = np.concatenate([block.samples for block in got])
    assert len(samples) == pytest.approx(200 * 512 * TAP_RATE / rate, abs=2)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / TAP_RATE)
    assert np.allclose(samples[200:-200], expected[200:-200], atol=0.01)
    assert all(block.sample_rate == TAP_RATE and block.source == "recorded:x" for block in got)
    firsts = np.cumsum([0, *(len(block.samples) for block in got[:-1])])
    assert [block.first_sample for block in got] == firsts.tolist()
    for block in got:
        assert block.time == pytest.approx(1000.0 + block.first_sample / TAP_RATE, abs=1e-6)


def test_a_gap_shows_in_the_sample_index_and_nothing_is_kept_back():
    got = []
    tap = Tap(44100, got.append)
    put_tone(tap, 0, 20, 44100)
    put_tone(tap, 1000, 20, 44100)
    tap.close()
    jumps = [
        (after.first_sample - before.first_sample - len(before.samples)) / TAP_RATE
        for before, after in zip(got, got[1:])
    ]
    assert max(jumps) == pytest.approx(980 * 512 / 44100, abs=1e-3)
    assert sum(abs(jump) > 1e-9 for jump in jumps) == 1
    total = sum(len(block.samples) for block in got)
    assert total == pytest.approx(40 * 512 / 2, abs=4)


def test_a_listener_that_fails_or_lags_does_not_stop_it():
    release, got = threading.Event(), []

    def listen(block):
        release.wait(10)
        got.append(block)
        raise ValueError("listener")

    tap = Tap(44100, listen)
    put_tone(tap, 0, 1500, 44100)
    release.set()
    put_tone(tap, 3000, 100, 44100)
    tap.close()
    assert got[-1].dropped > 0
