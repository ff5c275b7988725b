# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How sound moves, and its chords, on sounds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.encoding.music import harmony, movement
from emo_music_ros.encoding.music.spectrum import FRAME_RATE, MELS

FRAMES = round(10 * FRAME_RATE)


def swinging(hertz: float, filters: slice, frames: int = FRAMES) -> np.ndarray:
    """A mel level in dB in which some filters swing by 6 dB at a rate."""
    level = np.full((frames, MELS), -40.0)
    level[:, filters] += 6 * np.sin(2 * np.pi * hertz * np.arange(frames) / FRAME_RATE)[:, None]
    return level


@given(st.integers(0, 5), st.integers(0, 2))
def test_a_swing_is_found_at_its_rate_and_in_its_register(rate: int, register: int) -> None:
    low, high = movement.RATES[rate : rate + 2]
    followed = movement.FOLLOWED[register]
    filters = slice(16 * followed.start, 16 * followed.stop)
    found = movement.swings(swinging((low + high) / 2, filters)).reshape(3, 6)
    assert found.argmax() == 6 * register + rate
    assert found[register, rate] > np.delete(found.ravel(), 6 * register + rate).max() + 0.5


@given(st.floats(5, 30))
def test_a_swing_is_as_strong_in_a_short_window_as_in_a_long_one(seconds: float) -> None:
    found = movement.swings(swinging(2.2, slice(0, MELS), round(seconds * FRAME_RATE)))
    whole = movement.swings(swinging(2.2, slice(0, MELS)))
    assert found[2] == pytest.approx(whole[2], abs=0.1)


def test_attacks_are_counted_where_they_are() -> None:
    level = np.zeros((101, MELS))
    level[50:, 16:32] = 20.0
    found = movement.attacks(level)
    assert found[1] == pytest.approx(20 / 100)
    assert np.delete(found, 1).max() == 0


def test_timbre_that_alternates_changes_and_one_that_stays_does_not() -> None:
    coefficients = np.zeros((100, 13))
    coefficients[::2, 3] = 1.0
    found = movement.timbre_changes(coefficients)
    assert found[3] == pytest.approx(1.0, abs=0.01)
    assert np.delete(found, 3).max() == 0


def test_drums_are_more_percussive_than_a_held_chord() -> None:
    drums, held = np.full((FRAMES, MELS), -40.0), np.full((FRAMES, MELS), -40.0)
    drums[::20] = 0.0
    held[:, ::8] = 0.0
    assert (movement.percussiveness(drums) > 10 * movement.percussiveness(held)).all()


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_frame_moves_nothing(count: int) -> None:
    level = np.zeros((count, MELS))
    assert not movement.attacks(level).any()
    assert not movement.percussiveness(level).any()
    assert not movement.timbre_changes(np.zeros((count, 13))).any()


def sounding(*chords: tuple[int, ...]) -> harmony.Notes:
    """Chords of half a second each."""
    table = np.zeros((len(chords) * harmony.CHORD_STEP, 12))
    for row, pitches in enumerate(chords):
        part = slice(row * harmony.CHORD_STEP, (row + 1) * harmony.CHORD_STEP)
        table[part, [pitch % 12 for pitch in pitches]] = 1 / len(pitches)
    empty = np.zeros(0)
    return harmony.Notes(np.zeros(0, np.intp), empty, empty, table)


@given(st.integers(0, 11), st.integers(0, len(harmony.CHORDS) - 1))
def test_a_chord_is_most_like_its_kind_in_every_key(root: int, kind: int) -> None:
    chord = tuple(root + step for step in harmony.CHORDS[kind])
    found = harmony.chords(sounding(chord, chord))
    assert found[kind] == pytest.approx(1)
    assert found[:8].max() == pytest.approx(1)
    assert found[10:].tolist() == pytest.approx([0, 0])  # nothing changes


def test_major_minor_and_changes_of_chords() -> None:
    major, minor = (0, 4, 7), (9, 12, 16)
    found = harmony.chords(sounding(major, minor, major, major))
    over, share, changes, motion = found[8:]
    assert share == pytest.approx(3 / 4)
    assert changes == 0  # relatives share the root of their major chord
    assert over > 0
    assert harmony.chords(sounding(major, (5, 9, 12), major))[10] == 1
    assert motion == pytest.approx(2 / 3 * np.sqrt(2 - 2 * 2 / 3))


def test_intervals_do_not_depend_on_the_key() -> None:
    profile = np.array([0.5, 0, 0, 0, 0.2, 0, 0, 0.3, 0, 0, 0, 0])
    found = harmony.intervals(profile)
    assert found[3 - 1] == pytest.approx(0.2 * 0.3)
    assert found[4 - 1] == pytest.approx(0.5 * 0.2)
    assert found[5 - 1] == pytest.approx(0.5 * 0.3)
    np.testing.assert_allclose(harmony.intervals(np.roll(profile, 5)), found)


def test_what_lies_between_the_semitones() -> None:
    frame = np.zeros(3, np.intp)
    pitch = np.array([60.0, 64.2, 67.45])
    found = harmony.Notes(frame, pitch, np.array([1.0, 1.0, 0.0]), np.zeros((1, 12)))
    away, share = harmony.between_semitones(found)
    assert away == pytest.approx(0.1)  # 67.45 is no note, it weighs nothing
    assert share == pytest.approx(1 / 3)
