# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The EEG encoder: band powers, layouts, artefacts, any cut."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal as scipy_signal

from emo_music_ros import states as state_evidence
from emo_music_ros.encoding.eeg.encoder import (
    BANDS,
    LABELS,
    LARGEST_CONFIDENCE,
    MEASURES,
    EegEncoder,
    pick,
    predict_muse,
    spectrum,
    waves,
)
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.encoding.shared.buffer import SignalBuffer
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.errors import InputError, ModelError
from emo_music_ros.io.muse import MUSE_CHANNELS, read_muse
from emo_music_ros.streams import BiosignalBlock

START = 1_700_000_000.25
RATE = 256.0


def brain(seconds=12.0, rate=RATE, tone=10.0, amplitude=20.0, seed=0):
    """Pink-ish noise and a rhythm, uV [samples, 4]."""
    count = round(seconds * rate)
    generator = np.random.default_rng(seed)
    noise = scipy_signal.lfilter([1.0], [1.0, -0.95], generator.normal(size=(count, 4)), axis=0)
    time = np.arange(count)[:, None] / rate
    return 3 * noise + amplitude * np.sin(2 * np.pi * tone * time)


def cut(samples, sizes=(64,), channels=MUSE_CHANNELS, rate=RATE):
    blocks, first = [], 0
    while first < len(samples):
        size = sizes[len(blocks) % len(sizes)]
        piece = samples[first : first + size].astype(np.float32)
        blocks.append(
            BiosignalBlock(
                START + first / rate, "eeg", piece, rate, channels, (), first, source="recorded:x"
            )
        )
        first += size
    return blocks


def run(blocks):
    encoder = EegEncoder()
    return [encoding for block in blocks for encoding in encoder.push(block)]


def assert_sane(encodings):
    for encoding in encodings:
        estimate = encoding.estimate
        assert np.isfinite(encoding.embedding).all()
        assert np.isfinite(estimate.probabilities).all()
        assert 0 <= estimate.confidence <= LARGEST_CONFIDENCE
        assert 0 <= estimate.quality <= 1


def windowed(samples, rate=RATE):
    buffer = SignalBuffer(rate, 4, StreamingFilter(rate, 0.5, 50.0), settle=1.0)
    buffer.push(BiosignalBlock(0.0, "eeg", samples, rate, MUSE_CHANNELS))
    return buffer.window(len(samples) / rate, 4.0)


def test_is_an_encoder():
    encoder = EegEncoder()
    assert isinstance(encoder, Encoder)
    assert encoder.modality == "eeg"


def test_what_comes_out():
    found = run(cut(brain()))
    assert_sane(found)
    assert [e.time for e in found] == [np.ceil(START) + i for i in range(4, 13)][:8]
    last = found[-1]
    assert last.time - last.window_start == pytest.approx(4.0, abs=0.01)
    assert last.estimate.labels == LABELS
    assert last.estimate.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert np.isnan([last.estimate.valence, last.estimate.dominance]).all()
    assert -0.4 <= last.estimate.arousal <= 0.3
    assert last.estimate.quality > 0.9
    assert len(last.embedding) == len(MEASURES)
    assert last.source == "recorded:x"


def test_states_of_mind_are_read_as_weak_arousal_not_as_emotions():
    last = run(cut(brain()))[-1].estimate
    states = state_evidence.states_from(last)
    # Nothing is said about valence: both halves of the circumplex are alike.
    assert states[1] == pytest.approx(states[3])
    assert states[0] == pytest.approx(states[2])


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=5), st.integers(0, 99))
def test_any_cut_gives_the_same(sizes, seed):
    samples = brain(8.0, seed=seed)
    one, other = run(cut(samples)), run(cut(samples, sizes))
    assert [e.time for e in one] == [e.time for e in other]
    for a, b in zip(one, other):
        np.testing.assert_array_equal(a.embedding, b.embedding)
        np.testing.assert_array_equal(a.estimate.probabilities, b.estimate.probabilities)


@pytest.mark.parametrize("rate", [256.0, 500.0])
@pytest.mark.parametrize("band", list(BANDS))
def test_a_rhythm_shows_in_its_band(band, rate):
    centre = sum(BANDS[band]) / 2
    found = spectrum(windowed(brain(8.0, rate, centre, 60.0), rate))
    measures = dict(zip(MEASURES, found.measures))
    for region in ("temporal", "frontal"):
        strongest = max(BANDS, key=lambda name: measures[f"{region}_{name}"])
        assert strongest == band


def test_band_shares_agree_with_welch():
    window = windowed(brain(8.0))
    frequency, power = scipy_signal.welch(
        window.filtered, RATE, "hann", 256, 128, axis=0, average="median", detrend=False
    )
    density = np.array(
        [
            power[(frequency >= low) & (frequency < high)].mean(axis=0)
            for low, high in BANDS.values()
        ]
    )
    share = np.log(density / density.sum(axis=0))
    found = spectrum(window)
    np.testing.assert_allclose(found.measures[:5], share[:, [0, 3]].mean(axis=1), atol=0.05)
    np.testing.assert_allclose(found.measures[5:], share[:, [1, 2]].mean(axis=1), atol=0.05)


def test_asymmetry_is_right_over_left():
    samples = brain(8.0, amplitude=0.0)
    time = np.arange(len(samples)) / RATE
    samples[:, 2] += 40 * np.sin(2 * np.pi * 10 * time)
    assert spectrum(windowed(samples)).asymmetry > 1.0


def test_one_bad_electrode_is_made_up_for_by_its_twin():
    samples = brain(8.0)
    whole = spectrum(windowed(samples))
    samples[:, 0] = 0.0
    found = spectrum(windowed(samples))
    assert found.quality == pytest.approx(0.75, abs=0.01)
    np.testing.assert_allclose(found.measures, whole.measures, atol=0.3)
    np.testing.assert_array_equal(found.measures[5:], whole.measures[5:])


def test_artefacts_cost_quality():
    samples = brain()
    samples[-400:-300, 1:3] += 600.0
    found = run(cut(samples))
    assert found[-1].estimate.quality < found[2].estimate.quality - 0.1
    assert_sane(found)


def test_other_layouts_are_taken_by_name():
    samples = brain(8.0)
    names = ("Cz", "t8", "fp2", "FP1", "T7")
    mixed = np.column_stack([np.zeros(len(samples)), samples[:, ::-1]])
    np.testing.assert_array_equal(pick(mixed, names), samples)
    one, other = run(cut(samples)), run(cut(mixed, channels=names))
    np.testing.assert_array_equal(one[-1].embedding, other[-1].embedding)


@pytest.mark.parametrize("channels", [("O1", "O2", "Pz", "Cz"), ("AF7", "AF8", "x", "y"), ()])
def test_unknown_layouts_say_nothing(channels):
    found = run(cut(brain(8.0), channels=channels))
    assert found
    assert all(len(e.estimate.probabilities) == 0 for e in found)
    assert_sane(found)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 800.0, 1e30])
def test_dead_electrodes_say_nothing(value):
    found = run(cut(np.full((2048, 4), value)))
    assert all(len(e.estimate.probabilities) == 0 and e.estimate.quality == 0.0 for e in found)


def test_holes_and_gaps_cost_quality():
    samples = brain()
    samples[1500:1600] = np.nan
    blocks = cut(samples)
    holed = run(blocks)
    assert min(e.estimate.quality for e in holed) < 0.8
    gap = run([block for block in blocks if not 20 < block.first_index // 64 < 30])
    assert_sane(holed)
    assert_sane(gap)
    assert len(gap) == len(holed)


@pytest.mark.parametrize("change", [{"rate": 10.0}, {"kind": "ecg"}, {"time": float("nan")}])
def test_what_is_no_eeg_is_left_alone(change):
    assert run([replace(block, **change) for block in cut(brain(8.0))]) == []


def test_asked_for_less_it_says_less_often():
    encoder = EegEncoder()
    encoder.pace.ask(0.01)
    found = [encoding for block in cut(brain(20.0)) for encoding in encoder.push(block)]
    assert set(np.diff([encoding.time for encoding in found])) == {3.0}


def test_reset_starts_over():
    encoder, blocks = EegEncoder(), cut(brain(6.0))
    first = [e.time for block in blocks for e in encoder.push(block)]
    encoder.reset()
    assert [e.time for block in blocks for e in encoder.push(block)] == first


@pytest.mark.parametrize("rate", [256.0, 250.0, 500.0])
def test_waves_keep_rhythms_and_not_the_contact_of_the_electrodes(rate):
    samples = brain(8.0, rate, amplitude=60.0)
    found = waves(windowed(samples, rate))
    assert found.shape == (4, 512)
    assert found.dtype == np.float32
    power = np.abs(np.fft.rfft(found * np.hanning(512), axis=1))
    assert (np.fft.rfftfreq(512, 1 / 128)[power.argmax(axis=1)] == 10.0).all()
    np.testing.assert_allclose(waves(windowed(samples * 7.0, rate)), found, atol=1e-3)
    assert np.abs(waves(windowed(samples + 1e4 * (np.arange(len(samples)) == 1900)[:, None], rate))
                  ).max() <= 8.0  # fmt: skip


def test_eegnet_is_a_model_to_choose():
    encoder = EegEncoder(EegEncoder.Options(model="eeg_eegnet"))
    found = [encoding for block in cut(brain()) for encoding in encoder.push(block)]
    assert_sane(found)
    assert len(found) == 8
    assert found[-1].estimate.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    usual = run(cut(brain()))[-1]
    assert not np.allclose(usual.estimate.probabilities, found[-1].estimate.probabilities)
    np.testing.assert_array_equal(usual.embedding, found[-1].embedding)


def test_missing_model_is_named():
    with pytest.raises(ModelError, match="nobody"):
        EegEncoder(EegEncoder.Options(model="nobody"))


def write_muse(path, samples, pause=0.0):
    lines = ["timestamps,TP9,AF7,AF8,TP10,Right AUX"]
    for index, row in enumerate(samples):
        time = START + index / RATE + (pause if index >= len(samples) // 2 else 0.0)
        lines.append(f"{time:.3f}," + ",".join(f"{value:.3f}" for value in row) + ",0.000")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_predict_muse(tmp_path):
    rows = list(predict_muse(write_muse(tmp_path / "take.csv", brain())))
    assert len(rows) == 8
    for row in rows:
        parsed = json.loads(json.dumps(row, allow_nan=False))
        assert parsed["input"].endswith("take.csv")
        assert parsed["labels"] == list(LABELS)
        assert sum(parsed["probabilities"]) == pytest.approx(1.0, abs=1e-5)
        assert parsed["valence"] is None
        assert parsed["confidence"] <= LARGEST_CONFIDENCE


def test_read_muse_gives_back_the_samples_and_the_pauses(tmp_path):
    samples = brain(8.0)
    blocks = list(read_muse(write_muse(tmp_path / "take.csv", samples, pause=100.0)))
    np.testing.assert_allclose(
        np.concatenate([block.samples for block in blocks]), samples, atol=1e-3
    )
    assert blocks[0].rate == pytest.approx(RATE, rel=0.01)
    times = np.array([block.time for block in blocks])
    assert np.diff(times).max() > 100.0


@pytest.mark.parametrize(
    "text",
    [None, "", "timestamps,TP9\n1,2\n", "timestamps,TP9,AF7,AF8,TP10\n", "a\n\n", "\x00\xff"],
    ids=["absent", "empty", "columns", "no rows", "other", "binary"],
)
def test_a_file_that_cannot_be_read(tmp_path, text):
    path = tmp_path / "odd.csv"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="odd.csv"):
        list(read_muse(path))
    (row,) = predict_muse(path)
    assert "odd.csv" in row["error"]
