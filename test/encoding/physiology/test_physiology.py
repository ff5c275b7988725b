# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The physiology encoder: same result for any cut and order, honest on bad signal."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros import states as state_evidence
from emo_music_ros.encoding.physiology import states
from emo_music_ros.encoding.physiology.encoder import LABELS, PhysiologyEncoder, predict_e4
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.errors import InputError, ModelError, OptionError
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.options import build
from emo_music_ros.streams import AudioBlock, BiosignalBlock

START = 1_700_000_000.0
RATES = {"ppg": 64.0, "ecg": 130.0, "eda": 4.0, "temperature": 4.0, "acceleration": 32.0}
KINDS = ("ppg", "eda", "temperature")


def signal(kind, seconds, seed=0):
    """A plausible signal [samples, channels]: 70 beats a minute, a few skin responses."""
    rate = RATES[kind]
    time = np.arange(round(seconds * rate)) / rate
    generator = np.random.default_rng(seed)
    beat = 70 / 60 * time + 0.1 * np.sin(2 * np.pi * 0.1 * time)
    if kind == "ppg":
        value = np.exp(4 * np.cos(2 * np.pi * beat) - 4) + 0.02 * generator.normal(size=len(time))
    elif kind == "ecg":
        value = np.exp(-((((beat % 1.0) - 0.5) / 0.015) ** 2))
        value += 0.02 * generator.normal(size=len(time))
    elif kind == "eda":
        value = 2 + 0.001 * time + 0.2 * np.maximum(0, np.sin(2 * np.pi * time / 15)) ** 4
    elif kind == "temperature":
        value = 33 + 0.002 * time
    else:
        value = np.tile([0.0, 0.0, 1.0], (len(time), 1))
    return np.reshape(value, (len(time), -1)).astype(np.float32)


def cut(kind, samples, sizes=None, start=START):
    """Blocks of a signal; `sizes` in samples are used in turn, default one second."""
    rate = RATES[kind]
    sizes = sizes or [round(rate)]
    blocks, first = [], 0
    while first < len(samples):
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(
            BiosignalBlock(
                start + first / rate, kind, samples[first : first + size], rate,
                tuple(f"c{i}" for i in range(samples.shape[1])), (), first, source="simulated:test",
            )
        )  # fmt: skip
        first += size
    return blocks


def in_order(*streams):
    return sorted((block for stream in streams for block in stream), key=lambda block: block.time)


def run(blocks, **options):
    encoder = PhysiologyEncoder(build(PhysiologyEncoder.Options, options))
    return [encoding for block in blocks for encoding in encoder.push(block)]


def assert_same(one, other):
    assert [e.time for e in one] == [e.time for e in other]
    for a, b in zip(one, other):
        np.testing.assert_array_equal(a.embedding, b.embedding)
        np.testing.assert_array_equal(a.estimate.probabilities, b.estimate.probabilities)
        np.testing.assert_equal(a.features, b.features)
        assert a.estimate.quality == b.estimate.quality


def assert_sane(encodings):
    for encoding in encodings:
        estimate = encoding.estimate
        assert np.isfinite(encoding.embedding).all()
        assert np.isfinite(estimate.probabilities).all()
        if len(estimate.probabilities):
            assert estimate.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
            assert -1 <= estimate.arousal <= 1
        assert 0 <= estimate.confidence <= 1
        assert 0 <= estimate.quality <= 1
        assert encoding.window_start < encoding.time


@pytest.fixture(scope="module")
def ninety_seconds():
    return {kind: signal(kind, 90) for kind in KINDS}


@pytest.fixture(scope="module")
def usual(ninety_seconds):
    return run(in_order(*(cut(kind, samples) for kind, samples in ninety_seconds.items())))


def test_is_an_encoder():
    encoder = PhysiologyEncoder()
    assert isinstance(encoder, Encoder)
    assert encoder.modality == "physiology"
    assert encoder.version


def test_what_comes_out(usual):
    assert_sane(usual)
    assert [e.time - START for e in usual] == [float(t) for t in range(10, 91, 2)]
    last = usual[-1]
    assert last.time - last.window_start == pytest.approx(60.0, abs=0.05)
    assert last.features["heart_rate"] == pytest.approx(70, abs=2)
    assert last.features["eda_level"] == pytest.approx(2.1, abs=0.1)
    assert last.features["scr_rate"] == pytest.approx(4, abs=1)
    assert last.features["temperature"] == pytest.approx(33.1, abs=0.1)
    assert last.features["temperature_slope"] == pytest.approx(0.12, abs=0.01)
    assert last.features["baseline_ready"] == pytest.approx(82 / 120, abs=0.02)
    assert 0 < last.features["stress"] < 1
    assert last.estimate.labels == LABELS
    assert np.isnan([last.estimate.valence, last.estimate.dominance]).all()
    assert last.source == "simulated:test"
    assert last.estimate.probabilities.sum() == pytest.approx(1.0)
    assert state_evidence.states_from(last.estimate) is None  # a minute as usual rules nothing out
    for state in states.LABELS:  # not before the person's first minutes are over
        assert np.isnan(last.features[f"state_{state}"])


def test_states_are_told_after_the_first_minutes():
    found = run(in_order(*(cut(kind, signal(kind, 400)) for kind in KINDS)), update_interval=10.0)
    last = found[-1].features
    assert sum(last[f"state_{state}"] for state in states.LABELS) == pytest.approx(1.0)
    told = [not np.isnan(one.features["state_calm"]) for one in found]
    assert told == sorted(told)
    assert found[told.index(True)].time - found[0].time == pytest.approx(states.REST, abs=30.0)


def test_a_short_window_has_less_quality_and_confidence(usual):
    assert usual[0].estimate.quality < 0.7 * usual[-1].estimate.quality
    assert usual[0].features["baseline_ready"] < 0.1 < usual[-1].features["baseline_ready"]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=4),
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
)
def test_any_cut_gives_the_same(ninety_seconds, usual, fast, slow):
    sizes = {"ppg": fast, "eda": slow, "temperature": slow}
    blocks = in_order(*(cut(kind, ninety_seconds[kind], sizes[kind]) for kind in KINDS))
    assert_same(run(blocks), usual)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_any_interleaving_within_a_second_gives_the_same(ninety_seconds, usual, random):
    streams = [cut(kind, samples) for kind, samples in ninety_seconds.items()]
    seconds = list(zip(*streams))
    blocks = [block for second in seconds for block in random.sample(second, len(second))]
    assert_same(run(blocks), usual)


def test_one_block_of_everything_gives_the_same():
    samples = signal("ppg", 60)
    assert_same(run(cut("ppg", samples, [len(samples)])), run(cut("ppg", samples)))


def test_later_samples_do_not_change_what_was_said(ninety_seconds):
    ppg, eda = ninety_seconds["ppg"], ninety_seconds["eda"]
    short = run(in_order(cut("ppg", ppg[: 40 * 64]), cut("eda", eda[: 40 * 4])))
    longer = run(in_order(cut("ppg", ppg), cut("eda", eda)))
    assert len(short) == 16
    assert_same(short, longer[:16])


def test_each_signal_alone_is_enough():
    for kind, name in (("ppg", "heart_rate"), ("ecg", "heart_rate"), ("eda", "eda_level")):
        last = run(cut(kind, signal(kind, 70)))[-1]
        assert len(last.estimate.probabilities) == 2
        assert np.isfinite(last.features[name])
        assert last.embedding[-2:].tolist() == [float(kind != "eda"), float(kind == "eda")]


def test_other_signals_alone_say_nothing():
    last = run(cut("temperature", signal("temperature", 30)))[-1]
    assert len(last.estimate.probabilities) == 0
    assert last.estimate.quality == 0.0
    assert last.features["temperature"] == pytest.approx(33, abs=0.1)


def test_electrocardiogram_goes_before_the_pulse():
    ppg = np.random.default_rng(0).normal(size=(70 * 64, 1)).astype(np.float32)
    last = run(in_order(cut("ecg", signal("ecg", 70)), cut("ppg", ppg)))[-1]
    assert last.features["heart_rate"] == pytest.approx(70, abs=2)
    assert last.estimate.quality > 0.9


def test_quality_falls_when_an_electrode_comes_off(ninety_seconds, usual):
    eda = ninety_seconds["eda"].copy()
    eda[30 * 4 :] = 0.0
    other = {"ppg": ninety_seconds["ppg"], "eda": eda}
    found = run(in_order(*(cut(kind, samples) for kind, samples in other.items())))
    assert found[-1].estimate.quality < 0.6 * usual[-1].estimate.quality
    assert found[-1].embedding[-2:].tolist() == [1.0, 0.0]
    assert np.isnan(found[-1].features["eda_level"])


def test_quality_falls_with_movement(ninety_seconds):
    still = signal("acceleration", 90)
    shaken = still + np.random.default_rng(0).normal(scale=0.4, size=still.shape)
    ppg = ninety_seconds["ppg"]
    calm, wild = (
        run(in_order(cut("ppg", ppg), cut("acceleration", each.astype(np.float32))))[-1]
        for each in (still, shaken)
    )
    assert calm.features["movement"] < 0.01 < 0.4 < wild.features["movement"]
    assert wild.estimate.quality < 0.5 * calm.estimate.quality


def test_without_acceleration_the_pulse_itself_shows_movement(ninety_seconds):
    ppg = ninety_seconds["ppg"]
    shaken = ppg.copy()
    shaken[50 * 64 : 60 * 64] += np.random.default_rng(0).normal(size=(640, 1)).cumsum(axis=0)
    calm, wild = (run(cut("ppg", each.astype(np.float32)))[-1] for each in (ppg, shaken))
    assert np.isnan(wild.features["movement"])
    assert calm.features["pulse_disturbance"] == 0.0
    assert wild.features["pulse_disturbance"] > 0.1
    assert wild.estimate.quality < 0.9 * calm.estimate.quality


@pytest.mark.parametrize("kind", ["ppg", "eda"])
def test_the_whole_recording_at_once_gives_what_the_stream_gives(ninety_seconds, kind):
    samples = ninety_seconds[kind]
    assert_same(run(cut(kind, samples, [len(samples)])), run(cut(kind, samples)))


def test_asked_for_less_it_says_less_often_and_the_baseline_counts_the_same_seconds(
    ninety_seconds, usual
):
    encoder = PhysiologyEncoder()
    assert (encoder.pace.own, encoder.pace.floor) == pytest.approx((1 / 2, 1 / 6))
    encoder.pace.ask(0.01)
    blocks = in_order(*(cut(kind, samples) for kind, samples in ninety_seconds.items()))
    found = [encoding for block in blocks for encoding in encoder.push(block)]
    times = [encoding.time for encoding in found]
    assert set(np.diff(times)) == {6.0}
    same = [encoding for encoding in usual if encoding.time in times]
    assert len(same) == len(found)
    for one, other in zip(found, same):
        assert one.features["heart_rate"] == other.features["heart_rate"]
        assert one.features["baseline_ready"] == pytest.approx(
            other.features["baseline_ready"], abs=6 / 120
        )


def test_a_dead_stream_does_not_stop_the_others(ninety_seconds):
    eda = ninety_seconds["eda"][: 30 * 4]
    found = run(in_order(cut("ppg", ninety_seconds["ppg"]), cut("eda", eda)))
    assert found[-1].time >= START + 88
    assert [e.time for e in found] == sorted({e.time for e in found})


def test_a_gap_costs_quality_and_no_more(ninety_seconds, usual):
    blocks = [b for b in cut("ppg", ninety_seconds["ppg"]) if not 50 <= b.time - START < 62]
    found = run(in_order(blocks, cut("eda", ninety_seconds["eda"])))
    assert_sane(found)
    assert found[-1].features["heart_rate"] == pytest.approx(70, abs=2)
    assert found[-1].estimate.quality < usual[-1].estimate.quality - 0.02


def test_stress_rises_with_heart_rate_and_skin_conductance():
    seconds = 400
    time = np.arange(seconds * 64) / 64
    rate = np.where(time < 300, 65, 90)
    ppg = np.exp(4 * np.cos(2 * np.pi * np.cumsum(rate / 60) / 64) - 4)[:, None]
    slow = np.arange(seconds * 4) / 4
    eda = 1 + np.where(slow < 300, 0.02 * np.sin(slow), 1.5 * (1 - np.exp(-(slow - 300) / 10)))
    found = run(
        in_order(cut("ppg", ppg.astype(np.float32)), cut("eda", eda[:, None].astype(np.float32))),
        update_interval=10.0,
    )
    stress = {round(e.time - START): e.features["stress"] for e in found}
    assert stress[290] < 0.35
    assert stress[360] > 0.6
    assert found[-1].estimate.arousal > found[28].estimate.arousal


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e30, -3.0])
@pytest.mark.parametrize("kind", ["ppg", "ecg", "eda"])
@pytest.mark.filterwarnings("error")
def test_dead_signals_say_nothing(kind, value):
    samples = np.full((round(30 * RATES[kind]), 1), value, np.float32)
    found = run(cut(kind, samples))
    assert_sane(found)
    assert all(len(e.estimate.probabilities) == 0 and e.estimate.quality == 0.0 for e in found)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ppg", "ecg", "eda", "respiration", "acceleration", "eeg", "?"]),
            st.floats(allow_nan=True, allow_infinity=True, width=32),
            st.sampled_from([0.0, -1.0, 4.0, 64.0, 1000.0, float("nan")]),
            st.integers(0, 3),
            st.floats(-1e9, 1e9) | st.floats(-100, 100),
            st.sampled_from(["constant", "noise", "holes"]),
        ),
        max_size=8,
    )
)
def test_nothing_makes_it_raise(blocks):
    encoder = PhysiologyEncoder()
    for kind, value, rate, channels, jump, shape in blocks:
        generator = np.random.default_rng(0)
        samples = np.full((400, channels), value, np.float32)
        if shape != "constant":
            samples = generator.normal(size=(400, channels)).astype(np.float32)
        if shape == "holes":
            samples[generator.random(samples.shape) < 0.2] = np.nan
        names = tuple("abc"[:channels])
        assert_sane(encoder.push(BiosignalBlock(START + jump, kind, samples, rate, names)))


def test_reset_forgets_the_person(ninety_seconds):
    encoder = PhysiologyEncoder()
    blocks = cut("ppg", ninety_seconds["ppg"])
    first = [e for block in blocks for e in encoder.push(block)]
    encoder.reset()
    assert_same([e for block in blocks for e in encoder.push(block)], first)


def test_other_samples_are_not_its_business():
    assert PhysiologyEncoder().push(AudioBlock(0.0, np.zeros(100, np.float32), 16000)) == []


def test_options_and_models_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="update_interval"):
        build(PhysiologyEncoder.Options, {"update_interval": 0.0})
    with pytest.raises(ModelError, match="missing"):
        PhysiologyEncoder(PhysiologyEncoder.Options(model="nobody"))
    with pytest.raises(ModelError, match="other features"):
        PhysiologyEncoder(PhysiologyEncoder.Options(model="eeg"))


def write_e4(folder, seconds=90):
    folder.mkdir(exist_ok=True)
    files = {"BVP": ("ppg", 1.0), "EDA": ("eda", 1.0), "ACC": ("acceleration", 64.0)}
    for name, (kind, scale) in files.items():
        samples = signal(kind, seconds) * scale
        columns = samples.shape[1]
        lines = [", ".join([f"{value:.6f}"] * columns) for value in (START, RATES[kind])]
        lines += [",".join(f"{value:.4f}" for value in row) for row in samples]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_predict_e4(tmp_path):
    rows = list(predict_e4(write_e4(tmp_path / "S99")))
    assert [row["time"] - START for row in rows] == [10.0 * i for i in range(1, 10)]
    for row in rows:
        parsed = json.loads(json.dumps(row, allow_nan=False))
        assert parsed["input"].endswith("S99")
        assert parsed["labels"] == ["calm", "stress"]
        assert 0 <= parsed["stress"] <= 1
        assert parsed["stress"] == pytest.approx(parsed["probabilities"][1])
        assert parsed["valence"] is None
        assert -1 <= parsed["arousal"] <= 1
    assert rows[-1]["features"]["heart_rate"] == pytest.approx(70, abs=2)
    assert rows[-1]["features"]["movement"] == pytest.approx(0.0, abs=0.01)


def test_read_e4_is_in_order_with_units(tmp_path):
    blocks = list(read_e4(write_e4(tmp_path / "S99", 20)))
    assert [b.time for b in blocks] == sorted(b.time for b in blocks)
    assert {b.source for b in blocks} == {"recorded:S99"}
    shaken = next(b for b in blocks if b.kind == "acceleration")
    np.testing.assert_allclose(shaken.samples[0], [0, 0, 1])
    assert shaken.units == ("g", "g", "g")
    pulse = np.concatenate([b.samples for b in blocks if b.kind == "ppg"])
    np.testing.assert_allclose(pulse, signal("ppg", 20), atol=1e-4)


@pytest.mark.parametrize("spoil", ["absent", "empty folder", "headerless", "words", "bad rate"])
def test_an_export_that_cannot_be_read(tmp_path, spoil):
    folder = tmp_path / "S98"
    if spoil != "absent":
        folder.mkdir()
    text = {"headerless": "", "words": "so\nit\ngoes\n", "bad rate": "1.0\n0.0\n1.0\n"}.get(spoil)
    if text is not None:
        (folder / "BVP.csv").write_text(text)
    with pytest.raises(InputError, match="S98"):
        list(read_e4(folder))
    (row,) = predict_e4(folder)
    assert row["input"] == str(folder)
    assert "S98" in row["error"]


def test_an_irregular_clock_is_followed():
    """A device whose true rate is 0.3 % off its nominal one."""
    blocks = [
        replace(block, time=START + (block.time - START) * 1.003)
        for block in cut("ppg", signal("ppg", 180))
    ]
    last = run(blocks)[-1]
    assert last.features["heart_rate"] == pytest.approx(70, abs=2)
    assert last.estimate.quality > 0.8
