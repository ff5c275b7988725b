# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.music import features, harmony
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.rhythm import irregularity
from emo_music_ros.encoding.music.spectrum import FRAME_RATE, SAMPLE_RATE

RATE = SAMPLE_RATE


def chord(pitches: list[int], seconds: float, beats_per_minute: float = 120.0) -> np.ndarray:
    """Struck chords of harmonic tones, MIDI pitches, one a beat."""
    time = np.arange(int(seconds * RATE)) / RATE
    since = np.mod(time, 60.0 / beats_per_minute)
    tone = sum(
        np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * harmonic * time) / harmonic
        for pitch in pitches
        for harmonic in (1, 2, 3)
    )
    return (0.1 * tone * np.exp(-5 * since) * np.minimum(since / 0.005, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    noise = 0.02 * np.random.default_rng(0).standard_normal(6 * RATE)
    return (chord([60, 64, 67], 6.0) + noise).astype(np.float32)


def notes_of(samples: np.ndarray) -> harmony.Notes:
    return harmony.notes(music_spectrum.analyse(samples).power)


@pytest.mark.parametrize("pitches", [[60], [57, 61, 64], [62, 65, 69, 72]])
def test_pitch_classes_are_those_that_sound(pitches: list[int]) -> None:
    found = harmony.pitch_classes(notes_of(chord(pitches, 4.0)))
    sounding = {pitch % 12 for pitch in pitches}
    assert set(np.argsort(found)[-len(sounding) :]) == sounding
    assert found.sum() == pytest.approx(1.0)
    assert found[sorted(sounding)].sum() > 0.85


def test_summary_agrees_with_librosa(audio: np.ndarray) -> None:
    librosa = pytest.importorskip("librosa")
    magnitude = np.abs(librosa.stft(audio, n_fft=2048, hop_length=512))
    heard = music_spectrum.frequencies() <= features.TOP
    centroid = librosa.feature.spectral_centroid(
        S=magnitude[heard], sr=RATE, freq=music_spectrum.frequencies()[heard]
    )
    summary = features.summarise(audio)
    assert summary.centroid == pytest.approx(centroid.mean(), rel=0.02)
    assert summary.level == pytest.approx(20 * np.log10(np.sqrt(np.mean(audio**2))), abs=0.3)


@pytest.mark.parametrize(
    ("pitches", "golden"),
    # Huron (1994): fifth 1.240, minor second -1.428; a triad has a fifth and both thirds. A note
    # with itself counts 0, so that n notes of equal weight have pairs of together (n - 1) / n.
    [
        ((60, 67), 1.240 / 2),
        ((60, 61), -1.428 / 2),
        ((60, 64, 67), 2 * (1.240 + 0.594 + 0.386) / 9),
    ],
)
def test_consonance_of_intervals(pitches: tuple[int, ...], golden: float) -> None:
    table = np.zeros((3, 12))
    table[:, [pitch % 12 for pitch in pitches]] = 1 / len(pitches)
    empty = np.zeros(0)
    found = harmony.consonance(harmony.Notes(np.zeros(0, np.intp), empty, empty, table))
    assert found == pytest.approx(golden)


def test_harmony_that_changes() -> None:
    second = round(FRAME_RATE)
    table = np.zeros((4 * second, 12))
    table[: 2 * second, 0] = table[2 * second :, 5] = 1
    empty = np.zeros(0)
    found = harmony.Notes(np.zeros(0, np.intp), empty, empty, table)
    # One of three steps from second to second changes all.
    assert harmony.harmonic_change(found) == pytest.approx(1 / 3)


def test_pitch_contour_and_texture() -> None:
    frames = 200
    frame = np.arange(frames)
    rising = harmony.melody(
        harmony.Notes(frame, 60 + 12 * frame / (frames - 1), np.ones(frames), np.zeros((0, 12))),
        frames,
    )
    mean, deviation, slope, motion, texture = rising
    assert mean == pytest.approx(0.5)
    assert deviation == pytest.approx(np.std(frame / (frames - 1)))
    assert slope == pytest.approx(1.0, rel=0.01)
    assert motion == pytest.approx(harmony.MELODY_STEP / (frames - 1), rel=0.01)
    assert texture == 1.0  # log2(1 + 1)


def test_dynamics_and_rhythm() -> None:
    steady, uneven = np.arange(0, 100, 10), np.array([0, 10, 30, 40, 60])
    assert irregularity(steady) == pytest.approx(0, abs=1e-9)
    assert irregularity(uneven) == pytest.approx(np.std([0, 1, 0, 1]))
    assert features._slope(np.linspace(-20, -10, 101)) == pytest.approx(10, rel=0.02)
    assert features._decay(np.array([0.0, -2, -4, 0, -1])) == pytest.approx(5 / 3)


@pytest.mark.parametrize("tempo", [70, 96, 120, 150])
def test_tempo_of_struck_chords(tempo: int) -> None:
    found = features.summarise(chord([60, 64, 67], 12.0, tempo)).tempo
    assert min(abs(found - tempo * factor) for factor in (0.5, 1, 2)) < 0.04 * tempo


@pytest.mark.parametrize("root", range(57, 69, 3))
def test_mode_and_key_of_triads(root: int) -> None:
    major = features.summarise(chord([root, root + 4, root + 7], 6.0))
    minor = features.summarise(chord([root, root + 3, root + 7], 6.0))
    assert major.mode > 0.1
    assert minor.mode < -0.1
    assert major.key == minor.key == root % 12


@pytest.mark.parametrize("rate", [1, 2, 4])
def test_onsets_are_counted(rate: int) -> None:
    found = features.summarise(chord([60, 64], 10.0, 60 * rate)).onset_rate
    assert found == pytest.approx(rate, rel=0.15)


def test_the_vector_does_not_depend_on_the_level(audio: np.ndarray) -> None:
    loud, soft = features.summarise(audio), features.summarise(audio * np.float32(0.05))
    np.testing.assert_allclose(loud.vector, soft.vector, rtol=2e-3, atol=2e-3)
    assert loud.level - soft.level == pytest.approx(26.0, abs=0.1)
    assert loud.energy > soft.energy


def test_the_vector_does_not_depend_on_the_key() -> None:
    names = [i for i, n in enumerate(features.NAMES) if n.startswith("chroma_from_tonic")]
    low = features.summarise(chord([57, 61, 64], 6.0)).vector[names]
    high = features.summarise(chord([60, 64, 67], 6.0)).vector[names]
    np.testing.assert_allclose(low, high, atol=0.25)


def test_faster_and_brighter_is_more_energetic() -> None:
    slow = features.summarise(chord([48, 52], 10.0, 40))
    fast = features.summarise(chord([72, 76, 79], 10.0, 300))
    assert fast.energy > slow.energy + 0.1


def test_silence_is_described_as_silence() -> None:
    summary = features.summarise(np.zeros(RATE, np.float32))
    assert (summary.silent, summary.energy, summary.tempo, summary.mode) == (1.0, 0.0, 0.0, 0.0)
    assert summary.vector.shape == (len(features.NAMES),)


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
    summary = features.summarise(samples)
    assert np.isfinite(summary.vector).all()
    assert np.isfinite(summary.timbre).all()
    assert np.isfinite(summary.chroma).all()
    assert 0.0 <= summary.energy <= 1.0
    assert -1.0 <= summary.mode <= 1.0
    assert 0.0 <= summary.silent <= 1.0
    assert all(np.isfinite([summary.tempo, summary.level, summary.onset_rate, summary.centroid]))


def test_a_whole_from_its_parts() -> None:
    quick, slow = chord([60, 64, 67], 10.0, 120), chord([60, 64, 67], 10.0, 90) * np.float32(0.5)
    parts = [features.summarise(part) for part in (quick, quick, slow)]
    whole = features.combine(parts)
    assert features.combine(parts[:1]) is parts[0]
    assert whole.tempo == parts[0].tempo
    assert (whole.key, whole.mode > 0) == (0, True)
    mean_power = np.mean([np.mean(part.astype(float) ** 2) for part in (quick, quick, slow)])
    assert whole.level == pytest.approx(10 * np.log10(mean_power), abs=0.1)
    assert whole.onset_rate == pytest.approx(np.mean([part.onset_rate for part in parts]))
    assert whole.chroma.max() == pytest.approx(1)
    np.testing.assert_allclose(whole.timbre, np.mean([p.timbre for p in parts], axis=0), rtol=1e-5)


def test_silent_parts_combine_to_silence() -> None:
    silence = features.summarise(np.zeros(RATE, np.float32))
    whole = features.combine([silence, silence])
    assert (whole.silent, whole.energy, whole.tempo, whole.mode) == (1.0, 0.0, 0.0, 0.0)
    assert np.isfinite([whole.level, whole.loudness]).all()
