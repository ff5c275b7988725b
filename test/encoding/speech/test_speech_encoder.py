# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import lfilter

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.encoding.speech import encoder as speech
from emo_music_ros.encoding.speech import voice_activity
from emo_music_ros.encoding.speech.audio_features import features
from emo_music_ros.encoding.speech.encoder import (
    SpeechEncoder,
    SpeechModel,
    predict_audio,
    signal_to_noise,
)
from emo_music_ros.encoding.speech.voice_activity import Endpointer, Segment
from emo_music_ros.errors import ModelError
from emo_music_ros.options import build
from emo_music_ros.resources import share
from emo_music_ros.streams import AudioBlock, ImageFrame

RATE = 16000
FIELDS = {"labels", "probabilities", "valence", "arousal", "dominance", "confidence"}
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))


def talk(seconds=1.6, pitch=130.0, seed=0):
    """Synthesise a voice that says vowels, 0.2 s each: pulses through three formants."""
    draw = np.random.default_rng(seed)
    count, step = int(seconds * RATE), RATE // 5
    time = np.arange(count) / RATE
    phase = np.cumsum(pitch * (1 + 0.15 * np.sin(2 * np.pi * 1.3 * time))) / RATE
    pulses = (np.diff(np.floor(phase), prepend=0) > 0) + 0.003 * draw.normal(size=count)
    voice = np.zeros(count)
    for index, start in enumerate(range(0, count, step)):
        part = pulses[start : start + step]
        for hertz, width in zip(VOWELS[index % 4], (80, 90, 120)):
            r = np.exp(-np.pi * width / RATE)
            part = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * hertz / RATE), r * r], part)
        voice[start : start + step] = part * np.sqrt(np.hanning(len(part)))
    return (0.3 * voice / np.abs(voice).max()).astype(np.float32)


def scene(*parts, noise=1e-4, seed=1):
    """Join voices and pauses (in s) on a background of noise."""
    joined = np.concatenate(
        [np.zeros(int(p * RATE), np.float32) if np.isscalar(p) else p for p in parts]
    )
    hiss = np.random.default_rng(seed).normal(0, noise, len(joined))
    return (joined + hiss).astype(np.float32)


TWO = scene(0.5, talk(1.6), 1.0, talk(1.2, 210.0, 3), 1.0)


def blocks(samples, sizes, rate=RATE, start=1000.0, first=0):
    """Cut samples into numbered blocks of the given sizes, repeated."""
    place, index = 0, 0
    while place < len(samples):
        size = sizes[index % len(sizes)]
        yield AudioBlock(
            start + place / rate, samples[place : place + size], rate, first + place, 0, "test"
        )
        place, index = place + size, index + 1


def run(encoder, stream):
    return [encoding for block in stream for encoding in encoder.push(block)]


@pytest.fixture(scope="module")
def encoder():
    return SpeechEncoder()


@pytest.fixture(autouse=True)
def fresh(encoder):
    encoder.reset()
    encoder._endpointer._noise = float("nan")


def same(left, right, times=1e-5, values=1e-4):
    assert len(left) == len(right)
    for one, two in zip(left, right):
        assert one.time == pytest.approx(two.time, abs=times)
        assert one.window_start == pytest.approx(two.window_start, abs=times)
        np.testing.assert_allclose(
            one.estimate.probabilities, two.estimate.probabilities, atol=values
        )
        np.testing.assert_allclose(one.embedding, two.embedding, atol=10 * values)
        assert one.estimate.quality == pytest.approx(two.estimate.quality, abs=values)
        assert one.features.keys() == two.features.keys()
        for name, value in one.features.items():
            assert value == pytest.approx(two.features[name], abs=1e-2, nan_ok=True), name


def test_two_utterances(encoder):
    first, second = run(encoder, blocks(TWO, [512]))
    assert isinstance(encoder, Encoder)
    assert first.modality == "speech"
    assert first.source == "test"
    assert first.window_start == pytest.approx(1000.4, abs=0.12)
    assert first.time == pytest.approx(1002.2, abs=0.15)
    assert second.window_start == pytest.approx(1003.0, abs=0.12)
    assert first.estimate.labels == RAVDESS
    assert first.estimate.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert first.embedding.shape == (64,)
    assert first.estimate.quality > 0.8
    assert first.features["pitch_mean"] == pytest.approx(130, rel=0.06)
    assert second.features["pitch_mean"] == pytest.approx(210, rel=0.06)
    assert first.features["duration"] == pytest.approx(first.time - first.window_start, abs=1e-3)
    assert first.features["snr"] > 25
    assert set(first.features) == {
        "pitch_mean",
        "pitch_range",
        "energy",
        "speech_rate",
        "pause_share",
        "duration",
        "snr",
    }


@settings(deadline=None, max_examples=8)
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=4).filter(lambda s: sum(s) > 300))
def test_blocks_do_not_matter(encoder, sizes):
    fresh_noise = float("nan")
    encoder.reset()
    encoder._endpointer._noise = fresh_noise
    whole = run(encoder, blocks(TWO, [len(TWO)]))
    encoder.reset()
    encoder._endpointer._noise = fresh_noise
    same(run(encoder, blocks(TWO, sizes)), whole)


def test_what_was_measured_while_spoken_is_what_is_found_afterwards(encoder):
    streamed = run(encoder, blocks(TWO, [320]))
    judge = SpeechModel()
    segments = Endpointer().push(TWO)
    assert len(streamed) == len(segments) == 2
    for one, segment in zip(streamed, segments):
        estimate, embedding, spoken = judge(segment)
        np.testing.assert_allclose(one.estimate.probabilities, estimate.probabilities, atol=1e-4)
        np.testing.assert_allclose(one.embedding, embedding, atol=1e-3)
        assert one.estimate.quality == pytest.approx(estimate.quality, abs=1e-4)
        assert one.features["pitch_mean"] == pytest.approx(spoken.pitch_mean)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_other_rates_are_converted(encoder, rate):
    reference = run(encoder, blocks(TWO, [800]))
    other = soxr.resample(TWO, RATE, rate)
    encoder.reset()
    encoder._endpointer._noise = float("nan")
    found = run(encoder, blocks(other, [rate // 50], rate))
    assert len(found) == len(reference)
    for one, two in zip(found, reference):
        assert one.time == pytest.approx(two.time, abs=0.05)
        assert one.window_start == pytest.approx(two.window_start, abs=0.05)
        assert one.features["pitch_mean"] == pytest.approx(two.features["pitch_mean"], rel=0.02)
    encoder.reset()
    encoder._endpointer._noise = float("nan")
    same(run(encoder, blocks(other, [997, 31], rate)), found)


def test_long_speech_is_cut(encoder):
    short = SpeechEncoder(build(SpeechEncoder.Options, {"longest": 2.0}))
    found = run(short, blocks(scene(0.3, talk(6.0), 1.0), [1024]))
    assert len(found) >= 3
    assert all(one.features["duration"] <= 2.25 for one in found)
    assert all(a.time <= b.window_start + 0.01 for a, b in zip(found, found[1:]))


def test_a_short_sound_is_no_utterance(encoder):
    long = SpeechEncoder(build(SpeechEncoder.Options, {"shortest": 2.5}))
    assert run(long, blocks(TWO, [1024])) == []


def test_a_long_gap_starts_anew(encoder):
    part = TWO[: int(1.3 * RATE)]  # ends in the middle of the first voice
    assert run(encoder, blocks(part, [512])) == []
    found = run(encoder, blocks(TWO, [512], start=2000.0, first=10_000_000))
    assert [round(one.time, 1) for one in found] == pytest.approx([2002.2, 2004.4], abs=0.2)


def test_a_short_gap_lowers_the_quality(encoder):
    stream = list(blocks(TWO, [512]))
    whole = run(encoder, stream)
    encoder.reset()
    encoder._endpointer._noise = float("nan")
    found = run(encoder, [block for index, block in enumerate(stream) if index not in (30, 34)])
    assert len(found) == len(whole)
    assert found[0].time == pytest.approx(whole[0].time, abs=0.04)
    assert found[0].estimate.quality < whole[0].estimate.quality
    assert found[1].estimate.quality == pytest.approx(whole[1].estimate.quality, abs=0.05)


def test_a_sender_without_numbers_is_one_stream(encoder):
    numbered = list(blocks(TWO, [512]))
    whole = run(encoder, numbered)
    encoder.reset()
    encoder._endpointer._noise = float("nan")
    plain = [AudioBlock(block.time, block.samples, RATE, source="test") for block in numbered]
    same(run(encoder, plain), whole)


def test_noise_clipping_and_broken_samples_lower_the_quality(encoder):
    voice = talk(1.6)
    (clean,) = run(encoder, blocks(scene(0.8, voice, 1.0), [512]))
    worse = {
        "noise": scene(0.8, voice, 1.0, noise=0.03),
        "clipping": np.clip(scene(0.8, voice * 12, 1.0), -1, 1),
    }
    broken = scene(0.8, voice, 1.0)
    broken[int(1.2 * RATE) : int(1.6 * RATE)] = np.nan
    worse["broken"] = broken
    for name, samples in worse.items():
        encoder.reset()
        encoder._endpointer._noise = float("nan")
        for found in run(encoder, blocks(samples, [512])):
            assert found.estimate.quality < 0.8 * clean.estimate.quality, name
            assert np.isfinite(found.estimate.probabilities).all()


def test_silence_and_noise_are_not_speech(encoder):
    assert run(encoder, blocks(np.zeros(3 * RATE, np.float32), [512])) == []
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)
    assert run(encoder, blocks(noise, [512])) == []


@settings(deadline=None, max_examples=40)
@given(
    arrays(
        np.float32,
        st.integers(0, 2000),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    ),
    st.sampled_from([-1, 0, 1, 8000, 16000, 48000]),
    st.integers(0, 10**9),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_block_raises(encoder, samples, rate, first, time):
    for block in (
        AudioBlock(time, samples, rate, first),
        AudioBlock(0.0, samples, 16000, 0),
        AudioBlock(0.0, samples.reshape(-1, 1), 16000, len(samples)),
    ):
        assert isinstance(encoder.push(block), list)
    encoder.reset()


def test_other_samples_are_ignored(encoder):
    assert encoder.push(ImageFrame(0.0, np.zeros((4, 4), np.uint8))) == []


def test_gain_does_not_change_the_answer():
    judge = SpeechModel()
    loud = talk(1.5)
    one, _, _ = judge(Segment(loud, 0, 1.0, 1e-3))
    two, _, _ = judge(Segment(loud * 0.3, 0, 1.0, 1e-3))
    np.testing.assert_allclose(one.probabilities, two.probabilities, atol=0.02)


def test_detector_is_found_without_importing_its_package():
    assert voice_activity.detector_path().is_file()
    assert "silero_vad" not in sys.modules


def test_missing_parts_are_told(monkeypatch, tmp_path):
    with pytest.raises(ModelError, match=r"speech\.onnx is missing"):
        SpeechEncoder(build(SpeechEncoder.Options, {"models": str(tmp_path)}))
    monkeypatch.setattr(voice_activity, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="silero-vad"):
        Endpointer()


def test_another_network_is_refused_by_name(tmp_path):
    for kind in ("onnx", "json"):
        shutil.copy(share("models") / f"physiology.{kind}", tmp_path / f"speech.{kind}")
    with pytest.raises(ModelError, match=r"speech\.onnx .* does not take"):
        SpeechModel(tmp_path)
    for kind in ("onnx", "json"):
        shutil.copy(share("models") / f"speech.{kind}", tmp_path)
    description = json.loads((tmp_path / "speech.json").read_text())
    (tmp_path / "speech.json").write_text(json.dumps({**description, "labels": ["calm"]}))
    with pytest.raises(ModelError, match="other labels"):
        SpeechModel(tmp_path)


def test_predict_audio(tmp_path):
    good = tmp_path / "good.wav"
    soundfile.write(good, np.column_stack([soxr.resample(TWO, RATE, 44100)] * 2), 44100)
    ogg = tmp_path / "good.ogg"
    soundfile.write(ogg, TWO, RATE)
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0, np.float32), RATE)
    cut = tmp_path / "cut.wav"
    cut.write_bytes(good.read_bytes()[:20])
    silent = tmp_path / "silent.flac"
    soundfile.write(silent, np.zeros(RATE), RATE)
    paths = [good, tmp_path / "absent.wav", empty, cut, ogg, silent]
    results = list(predict_audio(paths))
    assert [row["input"] for row in results] == [str(path) for path in paths]
    assert ["error" in row for row in results] == [False, True, True, True, False, True]
    for row in (results[0], results[4]):
        assert FIELDS <= row.keys()
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert results[0]["quality"] > 0.5
    assert results[5]["probabilities"] == []
    assert results[5]["valence"] is None
    assert "speaks" in results[5]["error"]
    json.dumps(results, allow_nan=False)


@pytest.mark.parametrize("noise", [[0.3], [0.0] * 9, "hiss", "hum"])
def test_what_nobody_says_has_no_emotion(tmp_path, noise):
    time = np.arange(2 * RATE) / RATE
    sounds = {
        "hiss": np.random.default_rng(0).normal(0, 0.1, 2 * RATE),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * time),
    }
    path = tmp_path / "noise.wav"
    soundfile.write(path, sounds[noise] if isinstance(noise, str) else np.array(noise), RATE)
    (row,) = predict_audio([path])
    assert row["error"]
    assert row["probabilities"] == []
    assert row["confidence"] == 0


def test_channels_of_opposite_sign_are_heard(tmp_path):
    for name, sign in (("same", 1), ("opposite", -1)):
        soundfile.write(tmp_path / f"{name}.wav", np.column_stack([TWO, sign * TWO]), RATE)
    same, opposite = predict_audio([tmp_path / "same.wav", tmp_path / "opposite.wav"])
    assert opposite["probabilities"] == pytest.approx(same["probabilities"], abs=1e-3)
    assert "notes" not in same
    assert "opposite" in opposite["notes"][0]


def test_quality_needs_sound():
    silent = Segment(np.zeros(0, np.float32), 0, 0.0, float("nan"))
    assert speech._quality(silent, 60.0, 0.0, 0.0) == 0


def test_a_closely_cut_recording_is_not_taken_for_noisy(tmp_path):
    voice = talk(2.0)
    path = tmp_path / "cut.wav"
    soundfile.write(path, voice, RATE)
    noisy = tmp_path / "noisy.wav"
    hiss = np.random.default_rng(0).normal(0, np.std(voice) / 2, len(voice))  # 6 dB
    soundfile.write(noisy, np.clip(voice + hiss, -1, 1), RATE)
    good, bad = predict_audio([path, noisy])
    assert good["quality"] > 0.8
    assert bad["quality"] < 0.6


def test_one_recording_does_not_hear_the_background_of_another(tmp_path):
    loud, soft = tmp_path / "loud.wav", tmp_path / "soft.wav"
    soundfile.write(loud, scene(1.0, talk(1.6), 1.0, noise=0.03), RATE)
    soundfile.write(soft, 0.05 * talk(1.6), RATE)
    (alone,) = predict_audio([soft])
    _, after = predict_audio([loud, soft])
    assert after["quality"] == alone["quality"]


def test_soft_speech_around_an_utterance_is_no_noise():
    voice = talk(1.6)
    found = features(scene(0.1, voice, 0.1))
    segment = Segment(scene(0.1, voice, 0.1), 0, float(np.square(voice).mean()), 1e-3)
    assert signal_to_noise(segment, found) > 30


def test_noise_is_reduced_below_the_ratio_that_was_set():
    noisy = scene(0.1, talk(1.6), 0.1, noise=0.03)
    clean = scene(0.1, talk(1.6), 0.1)
    never, sometimes = SpeechModel(), SpeechModel(reduction=20.0)

    def answer(judge, samples, noise):
        power = float(np.square(talk(1.6)).mean())
        return judge(Segment(samples, 0, power, noise))[0].probabilities

    assert np.abs(answer(never, noisy, 1e-3) - answer(sometimes, noisy, 1e-3)).max() > 1e-4
    np.testing.assert_array_equal(answer(never, clean, 1e-8), answer(sometimes, clean, 1e-8))
