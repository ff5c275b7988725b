# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Causal filters, the sample buffer and the common grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from emo_music_ros.encoding.shared.baseline import LARGEST, RunningBaseline
from emo_music_ros.encoding.shared.buffer import LONGEST_GAP, SignalBuffer
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.encoding.shared.grid import Stream, WindowGrid
from emo_music_ros.streams import BiosignalBlock

RATE = 50.0


def block(samples, start=0.0, first=0, rate=RATE, kind="ppg"):
    samples = np.asarray(samples, float)
    return BiosignalBlock(
        start + first / rate, kind, samples.reshape(len(samples), 1), rate, ("a",), (), first
    )


def cuts(count):
    return st.lists(st.integers(1, count - 1), max_size=12).map(
        lambda edges: [0, *sorted(set(edges)), count]
    )


@settings(max_examples=40, deadline=None)
@given(cuts(400), st.integers(0, 1000))
def test_filter_gives_the_same_bits_however_the_stream_is_cut(edges, seed):
    samples = np.random.default_rng(seed).normal(size=(400, 2))
    whole = StreamingFilter(RATE, 0.5, 8.0)(samples)
    parts = StreamingFilter(RATE, 0.5, 8.0)
    cut = np.concatenate([parts(samples[a:b]) for a, b in zip(edges, edges[1:])])
    np.testing.assert_array_equal(cut, whole)


def test_filter_is_the_butterworth_of_scipy():
    samples = np.random.default_rng(0).normal(size=(300, 1))
    sections = signal.butter(2, [0.5, 8.0], "bandpass", fs=RATE, output="sos")
    state = signal.sosfilt_zi(sections)[:, :, None] * samples[0]
    wanted, _ = signal.sosfilt(sections, samples, axis=0, zi=state)
    np.testing.assert_allclose(StreamingFilter(RATE, 0.5, 8.0)(samples), wanted)


def test_filter_has_no_transient_on_an_offset():
    np.testing.assert_allclose(
        StreamingFilter(RATE, 0.5, 8.0)(np.full((100, 1), 1e5)), 0, atol=1e-4
    )
    np.testing.assert_allclose(StreamingFilter(RATE, None, 1.0)(np.full((100, 1), 7.0)), 7.0)


def test_filter_lowers_a_cut_off_the_rate_does_not_allow():
    assert np.isfinite(StreamingFilter(4.0, 0.05, 10.0)(np.ones((10, 1)))).all()
    with pytest.raises(ValueError, match="no band"):
        StreamingFilter(4.0, 5.0, 10.0)


def buffer():
    return SignalBuffer(RATE, 1, StreamingFilter(RATE, 0.5, 8.0), settle=1.0)


def test_buffer_window_ends_where_asked():
    held = buffer()
    held.push(block(np.arange(500.0)))
    window = held.window(6.0, 2.0)
    np.testing.assert_array_equal(window.raw[:, 0], np.arange(200.0, 300.0))
    assert held.end == 10.0
    assert held.window(0.0, 2.0) is None


def test_buffer_marks_a_gap_and_the_settling_after_it():
    held = buffer()
    held.push(block(np.ones(200)))
    held.push(block(np.full(200, 2.0), first=300))
    window = held.window(10.0, 10.0)
    assert len(window) == 500
    assert window.valid[60:200].all()
    assert not window.valid[200:350].any()
    assert window.valid[360:].all()
    assert (window.raw[200:300] == 1.0).all()


def test_buffer_ignores_jitter_and_notices_a_lost_sample():
    held = buffer()
    held.push(block(np.ones(100)))
    held.push(block(np.ones(100), start=0.1, first=100))
    assert held.window(4.0, 4.0).valid[60:].all()
    held.push(block(np.ones(100), first=203))
    assert not held.window(6.0, 2.0).valid[:3].any()


def test_buffer_starts_anew_after_a_long_silence():
    held = buffer()
    held.push(block(np.ones(100)))
    start = 2.0 + LONGEST_GAP + 1.0
    held.push(block(np.ones(100), start=start))
    assert held.end == pytest.approx(start + 2.0)
    assert len(held.window(start + 2.0, 60.0)) == 100


@settings(max_examples=40, deadline=None)
@given(cuts(300), st.integers(0, 1000))
def test_buffer_is_the_same_however_the_stream_is_cut(edges, seed):
    generator = np.random.default_rng(seed)
    samples = generator.normal(size=(300, 1))
    samples[generator.random(300) < 0.05] = np.nan
    samples[:3] = np.nan
    whole, parts = buffer(), buffer()
    whole.push(block(samples))
    for a, b in zip(edges, edges[1:]):
        parts.push(block(samples[a:b], first=a))
    one, other = whole.window(6.0, 5.0), parts.window(6.0, 5.0)
    np.testing.assert_array_equal(one.raw, other.raw)
    np.testing.assert_array_equal(one.filtered, other.filtered)
    np.testing.assert_array_equal(one.valid, other.valid)
    assert np.isfinite(one.filtered).all()


def test_buffer_forgets_what_is_trimmed_and_keeps_the_rest():
    held = buffer()
    for first in range(0, 50_000, 500):
        held.push(block(np.arange(first, first + 500.0), first=first))
        held.trim(held.end - 60.0)
    window = held.window(held.end, 60.0)
    np.testing.assert_array_equal(window.raw[:, 0], np.arange(47_000.0, 50_000.0))
    assert held._used < 10_000


def grid(**streams):
    streams = streams or {"ppg": Stream((0.5, 8.0), 20.0, 200.0, 1.0)}
    return WindowGrid(streams, 4.0, 1.0)


def test_grid_moments_are_multiples_of_the_interval():
    start = 1_600_000_000.3
    moments = [time for time, _ in grid().push(block(np.ones(300), start=start))]
    assert moments == [1_600_000_001.0 + i for i in range(6)]


def test_grid_waits_for_a_live_stream_and_not_for_a_dead_one():
    stream = Stream((0.5, 8.0), 20.0, 200.0, 1.0)
    both = grid(ppg=stream, ecg=stream)
    assert not list(both.push(block(np.ones(25), kind="ecg")))
    assert not list(both.push(block(np.ones(200))))
    late = dict(both.push(block(np.ones(50), first=25, kind="ecg")))
    assert list(late) == [1.0]
    assert set(late[1.0]) == {"ppg", "ecg"}
    assert list(dict(both.push(block(np.ones(50), first=200)))) == [2.0, 3.0, 4.0, 5.0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=8), cuts(1500))
def test_grid_moments_asked_for_less_often_are_never_further_apart_than_its_floor(rates, edges):
    slow = WindowGrid({"ppg": Stream((0.5, 8.0), 20.0, 200.0, 1.0)}, 4.0, 1.0, slowest=3.9)
    assert slow.pace.floor == pytest.approx(1 / 3)  # in whole intervals
    moments, stands_for = [], []
    for number, (a, b) in enumerate(zip(edges, edges[1:])):
        slow.pace.ask(rates[number % len(rates)])
        for time, _ in slow.push(block(np.ones(b - a), first=a)):
            moments.append(time)
            stands_for.append(slow.since)
    assert set(np.diff(moments)) <= {1.0, 2.0, 3.0}
    np.testing.assert_allclose(stands_for[1:], np.diff(moments))


@pytest.mark.parametrize(
    "bad",
    [
        block(np.ones(10), kind="gossip"),
        block(np.ones(10), rate=1.0),
        block(np.ones(10), rate=float("nan")),
        block(np.ones(10), start=float("inf")),
        block(np.ones((0, 1))),
        BiosignalBlock(0.0, "ppg", np.ones((2, 2, 2)), RATE, ("a",)),
    ],
)
def test_grid_ignores_what_it_cannot_use(bad):
    unused = grid()
    assert not list(unused.push(bad))
    assert list(unused.push(block(np.ones(100))))


def test_grid_survives_a_clock_that_jumps():
    jumping = grid()
    assert len(list(jumping.push(block(np.ones(200))))) == 4
    far = [time for time, _ in jumping.push(block(np.ones(200), start=1e9))]
    assert len(far) == 4
    back = [time for time, _ in jumping.push(block(np.ones(200), start=50.0))]
    assert back == [51.0, 52.0, 53.0, 54.0]


def test_grid_does_not_count_the_time_of_blocks_without_a_value():
    stream = Stream((0.5, 8.0), 20.0, 200.0, 1.0)
    both = grid(ppg=stream, ecg=stream)
    assert not list(both.push(block(np.full(50, np.nan))))
    later = [time for time, _ in both.push(block(np.ones(200), start=1e9))]
    assert later == [1e9 + i for i in (1, 2, 3, 4)]
    assert not list(both.push(block(np.full(50, np.nan), start=1e9 + 20, kind="ecg")))
    assert len(list(both.push(block(np.ones(50), start=1e9, first=200)))) == 1


def test_baseline_is_equation_3_of_what_came_before():
    baseline = RunningBaseline([1.0], memory=np.inf, trust=1e-9)
    values = [3.0, 5.0, 4.0, 8.0, 5.0]
    scaled = [baseline([value], 10.0)[0] for value in values]
    past = np.array(values[:-1])
    assert scaled[-1] == pytest.approx((values[-1] - past.mean()) / (past.std() + 0.05))


def test_baseline_starts_at_zero_skips_nan_and_is_bounded():
    baseline = RunningBaseline([1.0, 1.0], memory=600.0)
    np.testing.assert_array_equal(baseline([70.0, np.nan], 2.0), [0.0, np.nan])
    np.testing.assert_array_equal(baseline([1e6, 1.0], 2.0), [LARGEST, 0.0])
    baseline.reset()
    np.testing.assert_array_equal(baseline([1e6, 1.0], 2.0), [0.0, 0.0])


def test_baseline_follows_slow_change():
    slow, fast = RunningBaseline([1.0], np.inf), RunningBaseline([1.0], 60.0)
    for value in np.linspace(0.0, 10.0, 200):
        last = slow([value], 10.0)[0], fast([value], 10.0)[0]
    assert 0 < last[1] < last[0]
