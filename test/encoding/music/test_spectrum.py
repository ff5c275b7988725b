# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The one-pass spectrum against librosa 0.11, on rendered music."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.music import papers as music_papers
from emo_music_ros.encoding.music import spectrum as measure
from emo_music_ros.encoding.music.spectrum import FRAME, HOP, SAMPLE_RATE, Spectrum
from emo_music_ros.encoding.shared.mel import mel_filters
from emo_music_ros.io.midi import Note, Part
from emo_music_ros.io.synthesis import render, set_level

librosa = pytest.importorskip("librosa")

RATE = SAMPLE_RATE
#: Bach, Prelude in C major (BWV 846), bars 1-9: the notes of each bar from below.
PRELUDE = (
    (60, 64, 67, 72, 76),
    (60, 62, 69, 74, 77),
    (59, 62, 67, 74, 77),
    (60, 64, 67, 72, 76),
    (60, 64, 69, 76, 81),
    (60, 62, 66, 69, 74),
    (59, 62, 67, 74, 79),
    (59, 60, 64, 67, 72),
    (57, 60, 64, 67, 72),
)


def prelude(programs: tuple[int, int] = (0, 48), beat: float = 60 / 72) -> np.ndarray:
    """Thirty seconds, mono: broken chords on one instrument, held ones on another."""
    step, notes, held = beat / 4, [], []
    for bar, chord in enumerate(PRELUDE):
        begin = 4 * beat * bar
        for half in range(2):
            for place, index in enumerate((0, 1, 2, 3, 4, 2, 3, 4)):
                start = begin + (8 * half + place) * step
                notes.append(Note(start, start + 1.5 * step, chord[index], 70 + 6 * index))
        held += [Note(begin, begin + 4 * beat, pitch - 12, 50) for pitch in chord[:3]]
    parts = [Part(tuple(notes), programs[0]), Part(tuple(held), programs[1])]
    audio = set_level(render(parts, RATE, tail=0.5)).mean(axis=1)
    return audio[: 30 * RATE].astype(np.float32)


@pytest.fixture(scope="module", params=[(0, 48), (73, 32)], ids=["piano", "flute"])
def audio(request: pytest.FixtureRequest) -> np.ndarray:
    return prelude(request.param)


@pytest.fixture(scope="module")
def spectrum(audio: np.ndarray) -> Spectrum:
    return measure.analyse(audio)


@pytest.fixture(scope="module")
def magnitude(audio: np.ndarray) -> np.ndarray:
    return np.abs(librosa.stft(audio, n_fft=FRAME, hop_length=HOP))


def test_frames(audio: np.ndarray, spectrum: Spectrum, magnitude: np.ndarray) -> None:
    assert len(spectrum) == 1 + len(audio) // HOP == magnitude.shape[1]
    np.testing.assert_allclose(np.sqrt(spectrum.power).T, magnitude, atol=1e-3)


@pytest.mark.parametrize("top", [SAMPLE_RATE / 2, 8000.0])
def test_filter_bank(top: float) -> None:
    golden = librosa.filters.mel(sr=RATE, n_fft=FRAME, fmax=top)
    np.testing.assert_allclose(
        mel_filters(SAMPLE_RATE, FRAME, measure.MELS, high=top), golden, atol=1e-7
    )
    power = np.random.default_rng(0).random((5, FRAME // 2 + 1)).astype(np.float32)
    np.testing.assert_allclose(measure.mel_power(power, top), power @ golden.T, rtol=1e-4)


def test_mfcc(audio: np.ndarray, spectrum: Spectrum) -> None:
    golden = librosa.feature.mfcc(y=audio, sr=RATE, n_mfcc=13)
    found = measure.mfcc(measure.decibels(measure.mel_power(spectrum.power)))
    np.testing.assert_allclose(found.T, golden, atol=0.01)


def test_tuning_and_chroma(audio: np.ndarray, spectrum: Spectrum, magnitude: np.ndarray) -> None:
    _, hertz, strength = measure.pitches(spectrum.power)
    tuned = measure.tuning(hertz, strength)
    assert tuned == pytest.approx(librosa.estimate_tuning(S=magnitude**2, sr=RATE), abs=0.011)
    golden = librosa.feature.chroma_stft(y=audio, sr=RATE, tuning=tuned)
    np.testing.assert_allclose(measure.chroma(spectrum.power, tuned).T, golden, atol=1e-4)


def test_pitches(spectrum: Spectrum) -> None:
    frame, hertz, strength = measure.pitches(spectrum.power)
    golden, golden_strength = librosa.piptrack(S=spectrum.power.T, sr=RATE)
    assert len(frame) == np.count_nonzero(golden)
    order = np.nonzero(golden.T)
    np.testing.assert_allclose(hertz, golden.T[order], rtol=1e-4)
    np.testing.assert_allclose(strength, golden_strength.T[order], rtol=1e-3)


def test_contrast(audio: np.ndarray, spectrum: Spectrum) -> None:
    golden = librosa.feature.spectral_contrast(y=audio, sr=RATE)
    found = measure.contrast(spectrum.power).T
    # The valleys of a silent octave are rounding errors of the transform.
    np.testing.assert_allclose(found, golden, atol=0.1)
    np.testing.assert_allclose(found.mean(axis=1), golden.mean(axis=1), atol=0.01)


def test_zero_crossings_and_level(audio: np.ndarray, spectrum: Spectrum) -> None:
    golden = librosa.feature.zero_crossing_rate(audio)[0]
    np.testing.assert_allclose(spectrum.crossings, golden, atol=1e-9)
    golden = librosa.feature.rms(y=audio)[0]
    np.testing.assert_allclose(np.sqrt(spectrum.mean_square), golden, atol=1e-5)


def test_onsets_and_tempo(audio: np.ndarray, spectrum: Spectrum) -> None:
    envelope = measure.onset_envelope(measure.decibels(measure.mel_power(spectrum.power)))
    golden = librosa.onset.onset_strength(y=audio, sr=RATE)
    np.testing.assert_allclose(envelope, golden, atol=1e-3)
    assert measure.tempo(envelope) == pytest.approx(librosa.feature.tempo(y=audio, sr=RATE)[0])


def test_centroid_and_rolloff(audio: np.ndarray, spectrum: Spectrum) -> None:
    golden = librosa.feature.spectral_centroid(y=audio, sr=RATE)[0]
    np.testing.assert_allclose(measure.centroid(spectrum.power), golden, rtol=1e-3, atol=0.1)
    golden = librosa.feature.spectral_rolloff(y=audio, sr=RATE)[0]
    one_bin = SAMPLE_RATE / FRAME
    assert np.abs(measure.rolloff(spectrum.power) - golden).max() <= one_bin + 1e-6


@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_loudness_is_that_of_pyloudnorm(audio: np.ndarray, gain: float) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    loud = np.concatenate([audio * np.float32(gain), np.zeros(4 * RATE, np.float32)])
    golden = pyloudnorm.Meter(RATE).integrated_loudness(loud.astype(float))
    assert measure.loudness(measure.analyse(loud).power) == pytest.approx(golden, abs=0.15)


def test_loudness_of_a_tone() -> None:
    time = np.arange(5 * RATE) / RATE
    tone = np.sin(2 * np.pi * 997 * time).astype(np.float32)
    # By definition of ITU-R BS.1770: full scale at 997 Hz in one channel is -3.01.
    assert measure.loudness(measure.analyse(tone).power) == pytest.approx(-3.01, abs=0.1)
    assert measure.loudness(measure.analyse(0 * tone).power) == -70.0


def test_papers_take_the_values_of_librosa(audio: np.ndarray, spectrum: Spectrum) -> None:
    unit = audio / audio.std()
    golden = np.concatenate(
        [
            librosa.feature.mfcc(y=unit, sr=RATE, n_mfcc=13).mean(axis=1),
            librosa.feature.chroma_stft(y=unit, sr=RATE).mean(axis=1),
            librosa.feature.spectral_contrast(y=unit, sr=RATE).mean(axis=1),
            librosa.feature.zero_crossing_rate(unit).mean(axis=1),
            librosa.feature.tempo(y=unit, sr=RATE),
        ]
    )
    found = music_papers.of_paper_b(spectrum)
    assert found.shape == (len(music_papers.PAPER_B),) == (34,)
    # Variance is that of the frames, the outer ones half silence: a constant in the first MFCC.
    np.testing.assert_allclose(found[0], golden[0], atol=2.0)
    np.testing.assert_allclose(found[1:], golden[1:], atol=0.02)
    wide = dict(zip(music_papers.PAPER_E, music_papers.of_paper_e(spectrum), strict=True))
    assert len(wide) == 194
    for name, value in zip(music_papers.PAPER_B, found, strict=True):
        assert wide[name.replace("mfcc_", "mfcc_mean_")] == pytest.approx(value, abs=1e-3)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=unit, sr=RATE)).mean(axis=1)
    np.testing.assert_allclose([wide[f"mel_{i}"] for i in range(128)], mel, atol=0.3)
    pitch, strength = librosa.piptrack(S=np.abs(librosa.stft(unit)) ** 2, sr=RATE)
    tone = pitch[strength.argmax(axis=0), np.arange(pitch.shape[1])]
    tone = tone[tone > 0]
    assert wide["tone_maximum"] == pytest.approx(tone.max(), rel=1e-3)
    assert wide["tone_mean"] == pytest.approx(tone.mean(), rel=1e-2)
    assert wide["tone_deviation"] == pytest.approx(tone.std(), rel=1e-2)
    assert wide["centroid"] == pytest.approx(
        librosa.feature.spectral_centroid(y=unit, sr=RATE).mean(), rel=1e-3
    )
    assert wide["level"] == pytest.approx(librosa.feature.rms(y=unit).mean(), rel=1e-2)


def test_parts_are_the_frames_of_the_whole(spectrum: Spectrum) -> None:
    part = spectrum.part(100, 300)
    assert len(part) == 200
    np.testing.assert_array_equal(part.power, spectrum.power[100:300])
    np.testing.assert_array_equal(part.crossings, spectrum.crossings[100:300])


def test_clipping_is_counted() -> None:
    audio = np.zeros(RATE, np.float32)
    audio[8192 : 8192 + HOP] = 1.0
    found = measure.analyse(audio).clipped
    assert found.max() == pytest.approx(HOP / FRAME)
    assert found[0] == 0.0


@settings(max_examples=20, deadline=None)
@given(
    arrays(
        np.float32,
        st.integers(0, 9000),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
        fill=st.sampled_from([0.0, 0.3, float("nan")]),
    )
)
def test_any_input_gives_finite_values(samples: np.ndarray) -> None:
    spectrum = measure.analyse(samples)
    assert len(spectrum) == 1 + len(samples) // HOP
    assert np.isfinite(music_papers.of_paper_b(spectrum)).all()
    assert np.isfinite(music_papers.of_paper_e(spectrum)).all()
    assert -70 <= measure.loudness(spectrum.power) < 200
