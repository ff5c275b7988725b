# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import threading
import time
import uuid
from contextlib import suppress
from typing import Any

import numpy as np
import pylsl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import OptionError
from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.lsl import LslInlets
from emo_music_ros.sensing.lsl_finder import LslOptions
from emo_music_ros.sensing.lsl_inlet import Gaps, Inlet
from emo_music_ros.sensing.outlet import Outlet
from emo_music_ros.streams import BiosignalBlock


@pytest.fixture
def tag() -> str:
    """A name of this test's own, so that tests do not see each other's streams."""
    return uuid.uuid4().hex[:8]


def options(tag: str, **values: Any) -> LslOptions:
    return LslOptions(
        **{"name": f"{tag}*", "resolve_interval": 0.1, "offset_interval": 0.2, **values}
    )


def raw(
    tag: str,
    kind: str,
    channels: int = 1,
    rate: float = 64.0,
    form: str = "float32",
    units: list[str] | None = None,
    source_id: str = "",
) -> pylsl.StreamOutlet:
    """An outlet as some other program would open it."""
    info = pylsl.StreamInfo(
        f"{tag}-{kind}", kind, channels, rate, form, source_id or uuid.uuid4().hex
    )
    if units:
        info.set_channel_labels([f"c{place}" for place in range(channels)])
        info.set_channel_units(units)
    return pylsl.StreamOutlet(info)


def connected(outlet: pylsl.StreamOutlet, sensing: Any) -> None:
    sensing.until(outlet.have_consumers)


def blocks_of(collect: Any, kind: str) -> list[BiosignalBlock]:
    return [block for block in list(collect.samples) if block.kind == kind]


def values_of(collect: Any, kind: str) -> np.ndarray:
    blocks = blocks_of(collect, kind)
    return np.concatenate([b.samples for b in blocks]) if blocks else np.empty((0, 1))


def test_round_trip_of_several_streams_without_loss(tag, collect, running, sensing):
    source = LslInlets(options(tag))
    running(source, collect)
    assert source.status().state is DeviceState.OPENING
    ppg = raw(tag, "bvp", 2, 64.0, units=["a.u.", "a.u."])
    eeg = raw(tag, "EEG", 4, 256.0)
    for outlet in (ppg, eeg):
        connected(outlet, sensing)
    begin = pylsl.local_clock() - 20.0
    # A channel that counts: no loss, no repetition, no change of order.
    for first in range(0, 1000, 50):
        count = np.arange(first, first + 50, dtype=np.float32)
        ppg.push_chunk(np.stack([count, -count], axis=1), begin + (first + 49) / 64)
        eeg.push_chunk(np.repeat(count[:, None], 4, axis=1), begin + (first + 49) / 256)
        sensing.until(
            lambda enough=first + 50: (
                min(len(values_of(collect, kind)) for kind in ("ppg", "eeg")) >= enough
            )
        )
    np.testing.assert_array_equal(values_of(collect, "ppg")[:, 0], np.arange(1000))
    np.testing.assert_array_equal(values_of(collect, "ppg")[:, 1], -np.arange(1000))
    np.testing.assert_array_equal(values_of(collect, "eeg")[:, 3], np.arange(1000))
    for kind, rate, names in (
        ("ppg", 64.0, ("c0", "c1")),
        ("eeg", 256.0, ("eeg1", "eeg2", "eeg3", "eeg4")),
    ):
        index, unix = 0, time.time() - pylsl.local_clock()
        for block in blocks_of(collect, kind):
            assert block.first_index == index
            assert block.time == pytest.approx(begin + index / rate + unix, abs=0.02)
            assert (block.rate, block.channels, block.dropped) == (rate, names, 0)
            assert len(block.units) == len(names)
            assert block.source == f"live:{tag}-{'bvp' if kind == 'ppg' else 'EEG'}"
            assert block.samples.dtype == np.float32
            assert abs(block.clock_offset) < 0.02
            index += len(block.samples)
    status = source.status()
    assert status.state is DeviceState.STREAMING
    assert f"{tag}-bvp" in status.detail
    assert f"{tag}-EEG" in status.detail
    stopping = time.monotonic()
    source.stop()
    assert time.monotonic() - stopping < 5  # a second on a machine that is not loaded
    assert source.status().state is DeviceState.CLOSED


def test_our_outlet_carries_its_label_and_its_times(tag, collect, running, sensing, monkeypatch):
    outlet = Outlet("eda", ["wrist"], 4.0, source="recorded:EDA.csv", source_id=tag)
    # Our outlets have a fixed name: this test's stream is told from others by its identifier.
    running(LslInlets(options(tag, name="*", predicate=f"source_id='{tag}'")), collect)
    sensing.until(outlet.have_consumers)
    now = time.time()
    outlet.push(np.array([[1.0], [np.nan], [3.0]]), now - 0.5)
    sensing.until(lambda: len(values_of(collect, "eda")) >= 3)
    block = collect.samples[0]
    assert block.source == "recorded:EDA.csv"
    assert (block.channels, block.units, block.rate) == (("wrist",), ("uS",), 4.0)
    assert block.time == pytest.approx(now - 0.5, abs=0.02)
    np.testing.assert_array_equal(values_of(collect, "eda")[:, 0], [1.0, np.nan, 3.0])
    outlet.push(np.empty((0, 1)))


def test_lost_samples_are_counted_and_leave_a_jump(tag, collect, running, sensing):
    source = LslInlets(options(tag))
    running(source, collect)
    outlet = raw(tag, "PPG")
    connected(outlet, sensing)
    begin = pylsl.local_clock() - 5.0
    stamps = [begin + i / 64 for i in range(100) if not 40 <= i < 47]
    outlet.push_chunk(np.zeros((len(stamps), 1), np.float32), stamps)
    sensing.until(lambda: len(values_of(collect, "ppg")) >= 93)
    blocks = blocks_of(collect, "ppg")
    ends = {block.first_index + len(block.samples) for block in blocks}
    starts = {block.first_index for block in blocks}
    assert 40 in ends
    assert 47 in starts
    assert blocks[-1].dropped == 7
    sensing.until(lambda: source.status().dropped == 7)


@pytest.mark.parametrize(
    ("kind", "channels", "rate", "form", "words"),
    [
        ("ACC", 2, 32.0, "float32", "2 channels"),
        ("EEG", 0, 256.0, "float32", "0 channels"),
        ("PPG", 1, 0.0, "float32", "rate is 0 Hz"),
        ("GSR", 1, 4.0, "string", "carries text"),
        ("EDA", 9, 4.0, "float32", "9 channels"),
    ],
)
def test_unusable_stream_is_refused_by_name_and_others_go_on(
    tag, collect, running, sensing, kind, channels, rate, form, words
):
    bad = raw(tag, kind, channels, rate, form)
    good = raw(tag, "RESP", 1, 25.0)
    source = LslInlets(options(tag))
    running(source, collect)
    connected(good, sensing)
    good.push_chunk(np.zeros((10, 1), np.float32))
    sensing.until(lambda: words in source.status().detail)
    assert f"LSL stream '{tag}-{kind}' ({kind}): refused" in source.status().detail
    sensing.until(lambda: len(values_of(collect, "respiration")) == 10)
    assert not bad.have_consumers()


def test_second_stream_of_a_kind_and_foreign_kinds_are_left_alone(tag, collect, running, sensing):
    first, second = raw(tag, "ECG", 1, 250.0), raw(tag, "EKG", 1, 250.0)
    other, markers = raw(tag, "EEG", 4, 256.0), raw(tag, "Markers", 1, 0.0, "string")
    source = LslInlets(options(tag, kinds=["ecg"]))
    running(source, collect)
    sensing.until(lambda: "already gives ecg" in source.status().detail)
    sensing.until(lambda: first.have_consumers() or second.have_consumers())
    assert not (first.have_consumers() and second.have_consumers())
    assert not other.have_consumers()
    assert not markers.have_consumers()


def test_stream_that_ends_is_found_again(tag, collect, running, sensing):
    source = LslInlets(options(tag, kinds=["temperature"]))
    running(source, collect)
    for value in (1.0, 2.0):
        outlet = raw(tag, "TEMP", 1, 4.0, source_id=tag)
        connected(outlet, sensing)
        outlet.push_chunk(np.full((2, 1), value, np.float32))
        sensing.until(lambda value=value: (values_of(collect, "temperature") == value).sum() == 2)
        sensing.in_state(source, DeviceState.STREAMING)
        del outlet
        sensing.in_state(source, DeviceState.LOST)
    assert blocks_of(collect, "temperature")[-1].first_index == 0


def test_stream_that_falls_silent_is_lost(tag, collect, running, sensing):
    source = LslInlets(options(tag, kinds=["ppg"], stale_after=0.5))
    running(source, collect)
    outlet = raw(tag, "PPG")
    connected(outlet, sensing)
    outlet.push_chunk(np.zeros((5, 1), np.float32))
    sensing.in_state(source, DeviceState.STREAMING)
    sensing.in_state(source, DeviceState.LOST)
    assert "gives no samples for 0.5 s" in source.status().detail
    connected(outlet, sensing)
    sensing.until(lambda: bool(outlet.push_sample([1.0]) or (values_of(collect, "ppg") == 1).any()))


def test_clock_of_another_machine(tag, sensing, monkeypatch):
    """The remote clock is 100 s ahead, then 0.1 s more: stamps follow, and the offset is told."""
    outlet = raw(tag, "PPG")
    ahead = [100.0]
    monkeypatch.setattr(pylsl.StreamInlet, "time_correction", lambda self, timeout=0.0: -ahead[0])
    info = pylsl.resolve_byprop("name", f"{tag}-PPG", timeout=20)[0]
    stop = threading.Event()
    inlet = Inlet("ppg", info, LslOptions(offset_interval=0.1), stop)

    def block() -> BiosignalBlock:
        outlet.push_chunk(np.zeros((1, 1), np.float32), pylsl.local_clock() + ahead[0])
        got: list[Any] = []
        sensing.until(lambda: got.extend(inlet.read(stop)) or got)
        return got[0]

    first = block()
    assert first.clock_offset == 100.0
    assert first.time == pytest.approx(time.time(), abs=5)
    ahead[0] = 100.1
    sensing.until(lambda: block().clock_offset == 100.1)
    inlet.close()


class Pushed:
    """One real stream, opened, whose stamps the test chooses."""

    def __init__(self, tag: str, sensing: Any, **values: Any) -> None:
        self.outlet = raw(tag, "PPG")
        self.reasons: list[str] = []
        info = pylsl.resolve_byprop("name", f"{tag}-PPG", timeout=20)[0]
        self.inlet = Inlet(
            "ppg", info, LslOptions(**values), threading.Event(), self.reasons.append
        )
        self._sensing = sensing

    def __call__(self, *stamps: float) -> list[Any]:
        """Push samples with these stamps and return their blocks."""
        self.outlet.push_chunk(np.zeros((len(stamps), 1), np.float32), list(stamps))
        got: list[Any] = []
        self._sensing.until(
            lambda: (
                got.extend(self.inlet.read(threading.Event()))
                or sum(len(block.samples) for block in got) == len(stamps)
            )
        )
        return got


@pytest.fixture
def pushed(tag, sensing):
    opened = []

    def make(**values: Any) -> Pushed:
        opened.append(Pushed(tag, sensing, **values))
        return opened[-1]

    yield make
    for each in opened:
        each.inlet.close()


@pytest.fixture
def step(monkeypatch):
    """Sets the system clock of this process, by seconds."""
    real, by = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + by[0])

    def set_to(seconds: float) -> None:
        by[0] = seconds

    return set_to


@pytest.mark.parametrize("stamps", ["LSL", "unix"])
@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_a_step_of_the_system_clock_is_followed_at_once(pushed, step, stamps, seconds):
    stream = pushed(offset_interval=600.0)
    now = {"LSL": pylsl.local_clock, "unix": time.time}[stamps]
    for by in (0.0, seconds, 0.0):
        step(by)
        (block,) = stream(now())
        assert block.time == pytest.approx(time.time(), abs=5)
        assert block.dropped < 64 * 60  # no hour of samples was missed


def test_stamps_of_another_machine_outlive_a_step_of_our_clock(pushed, step):
    """The other machine stamps with unix time, and only our clock is set."""
    stream = pushed()
    unix = time.time() - pylsl.local_clock()
    for seconds in (0.0, 3600.0, -3600.0):
        step(seconds)
        (block,) = stream(pylsl.local_clock() + unix)
        assert block.time == pytest.approx(time.time(), abs=5)


def test_a_stream_stamped_with_unix_time_is_recognised(pushed):
    stream = pushed()
    begin = time.time() - 2.0
    blocks = stream(*(begin + i / 64 for i in range(100) if not 40 <= i < 47))
    assert [block.time for block in blocks] == pytest.approx([begin, begin + 47 / 64], abs=0.02)
    assert [block.first_index for block in blocks] == [0, 47]
    assert blocks[-1].dropped == 7
    assert "stamped with unix time" in stream.inlet.detail
    (block,) = stream(pylsl.local_clock())
    assert "stamped by the LSL clock" in stream.inlet.detail
    assert block.time == pytest.approx(time.time(), abs=5)
    assert not any(stream.reasons)


@pytest.mark.parametrize("off", [30.0, 5.0, 0.5])
def test_a_unix_clock_that_is_ahead_puts_no_sample_in_the_future(pushed, off):
    stream = pushed(offset_interval=0.1)
    times = []
    for _ in range(20):
        (block,) = stream(time.time() + off)
        assert block.time <= time.time() + 0.001
        assert block.time == pytest.approx(time.time(), abs=5)
        times.append(block.time)
    assert block.clock_offset == pytest.approx(off, abs=0.5)


def test_a_device_that_restarts_its_clock_goes_on(pushed):
    """Its stamps jump back, ahead and to another clock: nothing is lost, nothing is made up."""
    stream = pushed()
    index = 0
    for begin in (
        pylsl.local_clock() - 1,
        pylsl.local_clock() - 40,
        pylsl.local_clock() - 1,
        time.time() - 1,
        pylsl.local_clock() - 1,
    ):
        for block in stream(*(begin + i / 64 for i in range(10))):
            assert block.first_index == index
            assert block.dropped == 0
            assert -1 <= time.time() - block.time < 60
            index += len(block.samples)


BAD = {
    "device time": (lambda: pylsl.local_clock() + 7300.0, "2 hours as LSL time"),
    "milliseconds": (lambda: 1000 * time.time(), "years from now as unix time"),
    "no number": (lambda: float("nan"), "its stamps are no numbers"),
    "infinite": (lambda: float("inf"), "its stamps are no numbers"),
    "zero": (lambda: 1e-9 - 3600 * 24 * 365.25 * 2, "years from now as unix time and"),
}


@pytest.mark.parametrize("bad", BAD)
def test_stamps_of_no_clock_are_refused_by_name_until_they_are_right(
    tag, collect, running, sensing, bad
):
    clock, words = BAD[bad]
    outlet, other = raw(tag, "EDA", 1, 4.0), raw(tag, "RESP", 1, 25.0)
    source = LslInlets(options(tag, kinds=["eda", "respiration"]))
    running(source, collect)
    connected(other, sensing)

    def told() -> str:
        if outlet.have_consumers():
            outlet.push_chunk(np.full((1, 1), -1.0, np.float32), [clock()])
        return source.status().detail

    sensing.until(lambda: words in told())
    assert f"LSL stream '{tag}-EDA' (EDA): refused" in told()
    assert "Stamp samples with" in told()
    other.push_chunk(np.zeros((10, 1), np.float32))
    sensing.until(lambda: len(values_of(collect, "respiration")) == 10)
    assert not blocks_of(collect, "eda")

    def used() -> bool:
        if outlet.have_consumers():
            outlet.push_chunk(np.full((1, 1), 2.0, np.float32))
        return (values_of(collect, "eda") == 2.0).any()

    sensing.until(used)
    sensing.until(lambda: used() and "refused" not in source.status().detail)
    assert all(abs(block.time - time.time()) < 60 for block in blocks_of(collect, "eda"))


def test_a_refused_stream_does_not_keep_another_one_of_its_kind_out(tag, collect, running, sensing):
    bad = raw(tag, "EDA", 1, 4.0)
    source = LslInlets(options(tag, kinds=["eda"]))
    running(source, collect)

    def refused() -> bool:
        if bad.have_consumers():
            bad.push_chunk(np.zeros((1, 1), np.float32), [5e12])
        return "refused" in source.status().detail

    sensing.until(refused)
    good = raw(tag, "GSR", 1, 4.0)

    def used() -> bool:
        refused()
        if good.have_consumers():
            good.push_chunk(np.full((1, 1), 3.0, np.float32))
        return (values_of(collect, "eda") == 3.0).any()

    sensing.until(used)
    assert f"'{tag}-EDA' (EDA): refused" in source.status().detail


def test_units_are_converted(tag, collect, running, sensing):
    outlets = {
        "ecg": raw(tag, "ECG", 1, 250.0, units=["microvolts"]),
        "acceleration": raw(tag, "ACC", 3, 32.0, units=["m/s^2"] * 3),
        "eda": raw(tag, "EDA", 1, 4.0, units=["uS"]),
        "ppg": raw(tag, "PPG", 1, 64.0, units=["counts"]),
    }
    running(LslInlets(options(tag)), collect)
    expected = {"ecg": (2.0, "mV"), "acceleration": (2000 / 9.80665, "g")}
    for kind, outlet in outlets.items():
        connected(outlet, sensing)
        outlet.push_chunk(np.full((1, outlet.channel_count), 2000.0, np.float32))
        sensing.until(lambda kind=kind: len(values_of(collect, kind)))
        value, unit = expected.get(kind, (2000.0, {"eda": "uS", "ppg": "counts"}.get(kind)))
        block = blocks_of(collect, kind)[0]
        np.testing.assert_allclose(block.samples, value, rtol=1e-6)
        assert set(block.units) == {unit}


def test_streams_are_found_where_other_sessions_took_all_ports_that_are_usual(tag):
    taken = []
    for family in (socket.AF_INET, socket.AF_INET6):
        for port in range(16572, 16604):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                each = socket.socket(family, kind)
                taken.append(each)
                with suppress(OSError):  # somebody else has it
                    each.bind(("", port))
    try:
        ids = [f"{tag} {number}" for number in range(3)]
        outlets = [Outlet("eda", ["eda"], 4.0, source=tag, source_id=each) for each in ids]
        for each in ids:
            assert pylsl.resolve_byprop("source_id", each, timeout=20.0), f"{each} is not found"
        del outlets
    finally:
        for each in taken:
            each.close()


def test_unknown_kind():
    with pytest.raises(OptionError, match="resp1ration"):
        LslInlets(LslOptions(kinds=["resp1ration"]))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.booleans(), min_size=2, max_size=200),
    st.lists(st.integers(1, 50), min_size=1, max_size=20),
    st.floats(-0.2, 0.2),
)
def test_gaps_do_not_depend_on_the_chunks(arrived, sizes, jitter):
    """Whatever is cut from a regular stream is found, wherever the chunks are cut."""
    places = np.flatnonzero(np.array([True, *arrived]))
    shake = jitter * (-1.0) ** np.arange(len(places))
    stamps = 50.0 + (places + shake) / 64
    gaps = Gaps(64.0)
    found, begin = [], 0
    for chunk in np.split(stamps, np.cumsum(sizes)[np.cumsum(sizes) < len(stamps)]):
        found += [(begin + place, lost) for place, lost in gaps.find(chunk)] if len(chunk) else []
        begin += len(chunk)
    missing = np.diff(places) - 1
    assert found == [(place + 1, missing[place]) for place in np.flatnonzero(missing)]


def test_packets_stamped_as_a_whole_have_no_gaps():
    gaps = Gaps(64.0)
    for packet in range(50):
        assert not gaps.find(np.full(10, 1000 + packet * 10 / 64))
    lost = gaps.find(np.full(10, 1000 + 51 * 10 / 64))  # one packet is missing
    assert sum(count for _, count in lost) == pytest.approx(10, abs=1)


def test_a_clock_that_runs_fast_has_no_gaps():
    gaps = Gaps(64.0)
    stamps = 1000 + np.arange(100000) / 63.5
    assert not gaps.find(stamps)


def test_a_stream_of_an_unknown_unit_is_refused_by_name(tag, collect, running, sensing):
    outlet = raw(tag, "EDA", 1, 4.0, units=["adc counts"])
    source = LslInlets(options(tag, kinds=["eda"]))
    running(source, collect)
    sensing.until(lambda: "its unit 'adc counts' is none of eda" in source.status().detail)
    assert f"LSL stream '{tag}-EDA' (EDA): refused" in source.status().detail
    assert "Send it in uS" in source.status().detail
    outlet.push_chunk(np.ones((4, 1), np.float32))
    assert not collect.samples


def test_resistance_becomes_conductance(tag, collect, running, sensing):
    outlet = raw(tag, "GSR", 1, 4.0, units=["kohm"])
    running(LslInlets(options(tag, kinds=["eda"])), collect)
    connected(outlet, sensing)
    outlet.push_chunk(np.full((1, 1), 100.0, np.float32))
    sensing.until(lambda: len(values_of(collect, "eda")))
    block = blocks_of(collect, "eda")[0]
    assert block.units == ("uS",)
    np.testing.assert_allclose(block.samples, 10.0)


def two(tag: str) -> dict[str, pylsl.StreamOutlet]:
    """Two streams of one kind and one name, the later one in the order of names opened first."""
    return {name: raw(tag, "EEG", 2, 256.0, source_id=f"{tag}-{name}") for name in ("b", "a")}


def the_one_used(outlets: dict[str, pylsl.StreamOutlet], sensing: Any) -> str:
    sensing.until(lambda: any(outlet.have_consumers() for outlet in outlets.values()))
    (used,) = [name for name, outlet in outlets.items() if outlet.have_consumers()]
    return used


def test_of_two_streams_the_same_is_used_after_every_start_and_named(
    tag, collect, running, sensing
):
    outlets = two(tag)
    for _ in range(2):
        source = LslInlets(options(tag, kinds=["eeg"]))
        running(source, collect)
        assert the_one_used(outlets, sensing) == "a"
        sensing.until(lambda source=source: "already gives eeg" in source.status().detail)
        told = source.status().detail
        assert f"source id '{tag}-a'" in told.split("not used,")[1]
        assert f"(source id '{tag}-b'" in told.split("not used,")[0]
        source.stop()
        sensing.until(lambda: not any(outlet.have_consumers() for outlet in outlets.values()))


def test_the_stream_of_a_kind_is_chosen(tag, collect, running, sensing):
    outlets = two(tag)
    source = LslInlets(options(tag, kinds=["eeg"], streams=f"eeg={tag}-b, ecg=x*"))
    running(source, collect)
    assert the_one_used(outlets, sensing) == "b"
    assert "not used" not in source.status().detail


def test_a_silent_stream_gives_way_to_another_of_its_kind(tag, collect, running, sensing):
    outlets = two(tag)
    source = LslInlets(options(tag, kinds=["eeg"], stale_after=0.5))
    running(source, collect)

    def used() -> bool:
        if outlets["b"].have_consumers():
            outlets["b"].push_chunk(np.full((8, 2), 5.0, np.float32))
        return (values_of(collect, "eeg") == 5.0).any()

    sensing.until(used)
    assert "gives no samples" in source.status().detail


@pytest.mark.parametrize("streams", ["eeg", "eeg=", "=x", "brain=x"])
def test_a_choice_that_cannot_be_understood_is_refused(streams):
    with pytest.raises(OptionError):
        LslInlets(LslOptions(streams=streams))
