# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How a score is set for instruments and read from notation, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.recommendation.library.piece import Piece
from emo_music_ros.recommendation.library.scores import (
    SHORTEST,
    Score,
    _chord_symbols,
    _sounding,
    arrange,
)

BARS = tuple(float(bar) for bar in range(0, 80, 4))
#: One note a quarter, for twenty bars of four.
TUNE = tuple((float(n), n + 1.0, 60 + n % 12) for n in range(80))
BASS = tuple((float(n), n + 4.0, 40) for n in range(0, 80, 4))


def piece(**more):
    row = {"tempo": 60.0, "programs": (40, 42), "velocity": 70, "articulation": 0.5, **more}
    return Piece("name", "Title", "Composer", "genre", "source", reference="", rights="", **row)


def first(part, count=1):
    return [(note.start, note.end, note.pitch, note.velocity) for note in part.notes[:count]]


def test_quarters_become_seconds_and_bar_lines_are_stronger():
    (part,) = arrange(piece(tempo=120.0, transpose=-2), Score((TUNE,), BARS, 0))
    assert first(part, 2) == [(0.0, 0.25, 58, 78), (0.5, 0.75, 59, 70)]
    assert part.notes[4].velocity == 78
    assert part.program == 40
    assert (part.gain, part.pan) == (0.9, 0.0)


@pytest.mark.parametrize(("quarters", "rounds"), [(8, 6), (40, 2), (44, 1), (80, 1)])
def test_what_is_short_is_repeated_until_it_is_long_enough(quarters, rounds):
    score = Score((TUNE[:quarters],), BARS[: quarters // 4], 0)
    (part,) = arrange(piece(longest=100.0), score)
    assert len(part.notes) == rounds * quarters
    starts = [note.start for note in part.notes]
    assert starts == pytest.approx(list(np.arange(rounds * quarters)))  # no gap and no overlap
    assert part.notes[-1].start + 1.0 >= SHORTEST
    pitches = [note.pitch for note in part.notes]
    assert pitches == pitches[:quarters] * rounds


def test_what_is_long_ends_at_a_bar_line():
    (part,) = arrange(piece(longest=50.0), Score((TUNE,), BARS, 0))
    assert len(part.notes) == 48  # the last bar line within 50 s
    (part,) = arrange(piece(longest=48.0), Score((TUNE,), BARS, 0))
    assert len(part.notes) == 48
    long_note = ((0.0, 100.0, 50),)
    _, held = arrange(piece(longest=50.0, articulation=1.0), Score((TUNE, long_note), BARS, 0))
    assert held.notes[0].end == 48.0


def test_it_may_begin_at_a_later_bar():
    (part,) = arrange(piece(first_bar=3, longest=100.0), Score((TUNE,), BARS, 0))
    assert len(part.notes) == 80 - 8
    assert first(part) == [(0.0, 0.5, 60 + 8, 78)]


def test_voices_are_spread_and_the_last_instrument_plays_the_rest():
    parts = arrange(piece(), Score((TUNE, BASS, BASS), BARS, 0))
    assert [part.program for part in parts] == [40, 42, 42]
    assert [part.pan for part in parts] == pytest.approx([-0.4, 0.0, 0.4])
    assert [part.gain for part in parts] == [0.9] * 3


@pytest.mark.parametrize(("tonic", "root"), [(0, 48), (7, 55), (11, 59)])
def test_a_drone_holds_tonic_and_fifth_through_every_bar(tonic, root):
    parts = arrange(piece(drone=109, articulation=1.0), Score((TUNE[:44],), BARS[:11], tonic))
    tune, drone = parts
    assert (tune.program, drone.program) == (40, 109)
    assert (tune.gain, drone.gain) == (0.9, 0.55)
    assert (tune.pan, drone.pan) == pytest.approx((-0.4, 0.4))
    held = [(note.start, note.end, note.pitch) for note in drone.notes]
    assert held == [
        (bar, bar + 4.0, root + step) for bar in np.arange(0.0, 44.0, 4.0) for step in (0, 7)
    ]


@pytest.mark.parametrize(("drum", "pitch"), [("low", 41), ("high", 64)])
def test_a_drum_marks_the_bar_line_and_its_quarters(drum, pitch):
    parts = arrange(piece(drum=drum, tempo=120.0), Score((TUNE[:40],), BARS[:10], 0))
    assert (len(parts), parts[-1].drums, parts[0].drums) == (2, True, False)
    strokes = parts[-1].notes
    assert len(strokes) == 3 * 40  # 20 s, three times
    assert [note.start for note in strokes] == pytest.approx(list(np.arange(120) * 0.5))
    assert [note.velocity for note in strokes] == [70, 45, 45, 45] * 30
    assert {note.pitch for note in strokes} == {pitch}
    assert all(note.end == pytest.approx(note.start + 0.2) for note in strokes)
    assert len(arrange(piece(), Score((TUNE,), BARS, 0))) == 1


def test_bar_lines_of_odd_bars_are_stronger_too():
    third = 8 / 3
    bars = tuple(third * n for n in range(18))
    notes = tuple((bar + part, bar + part + 1.0, 60) for bar in bars for part in (0.0, 1.0))
    (part,) = arrange(piece(longest=100.0), Score((notes,), bars, 0))
    assert [note.velocity for note in part.notes] == [78, 70] * 18


def test_a_piece_is_played_as_written_unless_its_row_says_otherwise():
    plain = Piece("n", "T", "C", "g", "s", tempo=60.0, programs=(0,), reference="", rights="")
    parts = arrange(plain, Score((TUNE,), BARS, 0))
    assert len(parts) == 1
    assert [note.pitch for note in parts[0].notes[:3]] == [60, 61, 62]
    assert parts[0].notes[0].start == 0.0


def test_no_pitch_leaves_what_midi_knows():
    high, low = ((0.0, 44.0, 126),), ((0.0, 44.0, 1),)
    parts = arrange(piece(transpose=5), Score((high, high), (0.0,), 0))
    assert parts[0].notes[0].pitch == 127
    parts = arrange(piece(transpose=-5), Score((low, low), (0.0,), 0))
    assert parts[0].notes[0].pitch == 0


# Notation ---------------------------------------------------------------------------------------


def note(pitch, length, tie=""):
    music21 = pytest.importorskip("music21")
    made = music21.note.Note(pitch, quarterLength=length)
    if tie:
        made.tie = music21.tie.Tie(tie)
    return made


def part(*elements):
    music21 = pytest.importorskip("music21")
    made = music21.stream.Part()
    for each in elements:
        made.append(each)
    return made


def test_tied_notes_sound_as_one():
    found = part(
        note(60, 1, "start"), note(60, 2, "continue"), note(60, 1, "stop"), note(62, 1)
    )  # fmt: skip
    assert list(_sounding(found)) == [(0.0, 4.0, 60), (4.0, 5.0, 62)]


def test_the_same_note_twice_is_two_notes_and_a_tie_to_nothing_ends_where_it_is_written():
    assert list(_sounding(part(note(60, 1), note(60, 1)))) == [(0.0, 1.0, 60), (1.0, 2.0, 60)]
    found = part(note(60, 1, "start"), note(64, 1), note(60, 1, "stop"))  # not side by side
    assert sorted(_sounding(found)) == [(0.0, 1.0, 60), (1.0, 2.0, 64), (2.0, 3.0, 60)]
    assert list(_sounding(part(note(60, 1, "start")))) == [(0.0, 1.0, 60)]
    found = part(note(60, 1, "start"), note(60, 1))  # not marked as the other end
    assert sorted(_sounding(found)) == [(0.0, 1.0, 60), (1.0, 2.0, 60)]


def test_each_note_of_a_chord_sounds_and_grace_notes_and_drums_do_not():
    music21 = pytest.importorskip("music21")
    grace = note(72, 1).getGrace()
    chord = music21.chord.Chord([60, 64, 67], quarterLength=2)
    drum = music21.note.Unpitched(quarterLength=1)
    found = sorted(_sounding(part(grace, chord, drum, note(60, 1))))
    assert found == [(0.0, 2.0, 60), (0.0, 2.0, 64), (0.0, 2.0, 67), (3.0, 4.0, 60)]


def test_chords_written_as_letters_hold_until_the_next():
    music21 = pytest.importorskip("music21")
    written = part(note(72, 4), note(72, 4))
    written.insert(0.0, music21.harmony.ChordSymbol("C"))
    written.insert(4.0, music21.harmony.ChordSymbol("G"))
    found = list(_chord_symbols(written))
    spans = {(start, end) for start, end, _ in found}
    assert spans == {(0.0, 4.0), (4.0, 8.0)}
    assert {pitch % 12 for start, _, pitch in found if start == 0.0} == {0, 4, 7}
    assert {pitch % 12 for start, _, pitch in found if start == 4.0} == {7, 11, 2}
    assert sorted(_sounding(written)) == [(0.0, 4.0, 72), (4.0, 8.0, 72)]
