# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Scores of the corpus of music21, set for the instruments of a piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.midi import Note, Part
from emo_music_ros.recommendation.library.piece import Piece

#: The least that is played of a piece [s]: short ones are repeated.
SHORTEST = 42.0
#: What to do when a package or score that the built-in library is made of is missing.
REMEDY = "Install the Python packages music21, pretty_midi, tinysoundfont, soundfile and mutagen"


@dataclass(frozen=True)
class Score:
    """Voices of a score as (start, end, pitch) in quarter notes, bar lines, tonic pitch class."""

    voices: tuple[tuple[tuple[float, float, int], ...], ...]
    bars: tuple[float, ...]
    tonic: int


def read_score(piece: Piece) -> Score:
    """Read a score of the corpus of music21.

    Raises
    ------
    InputError
        If music21 or the score is missing.
    """
    try:
        from music21 import common, converter, key, stream
    except ImportError as error:
        raise InputError(f"music21 cannot be imported: {error}", REMEDY) from error
    path = Path(common.getCorpusFilePath()) / piece.source
    if not path.is_file():
        raise InputError(f"music21 has no score '{piece.source}'", REMEDY)
    options: dict[str, Any] = {"number": piece.number} if piece.number else {}
    score = converter.parseFile(path, forceSource=True, storePickle=False, **options)
    if not isinstance(score, stream.Score):
        raise InputError(f"'{piece.source}' is not one score", REMEDY)
    if piece.number:
        score = score.expandRepeats()
    score = score.toSoundingPitch()  # a clarinet is written higher than it sounds
    tonics = [found.tonic.pitchClass for found in score.recurse().getElementsByClass(key.Key)]
    voices: list[tuple[tuple[float, float, int], ...]] = []
    bars: list[float] = []
    for part in score.parts:
        measures = list(part.getElementsByClass(stream.Measure))
        if len(measures) > len(bars):
            bars = [float(measure.offset) for measure in measures]
        voices.append(tuple(_sounding(part)))
        chords = tuple(_chord_symbols(part))
        if chords:
            voices.append(chords)
    return Score(tuple(voices), tuple(bars), tonics[0] if tonics else 0)


def _sounding(part: Any) -> Iterator[tuple[float, float, int]]:
    """Yield the notes of a part with tied ones joined; grace notes and chord symbols left out."""
    from music21 import harmony

    held: dict[int, tuple[float, float]] = {}
    for element in part.flatten().notes:
        if isinstance(element, harmony.Harmony) or element.duration.isGrace:
            continue
        start = float(element.offset)
        end = start + float(element.quarterLength)
        for note in getattr(element, "notes", (element,)):
            if not hasattr(note, "pitch"):
                continue
            pitch = int(note.pitch.midi)
            tie = note.tie.type if note.tie is not None else ""
            begun = held.pop(pitch, None)
            if begun is not None:
                if tie in ("stop", "continue") and abs(begun[1] - start) < 1e-3:
                    start_held = begun[0]
                else:
                    yield (*begun, pitch)
                    start_held = start
            else:
                start_held = start
            if tie in ("start", "continue"):
                held[pitch] = (start_held, end)
            elif end > start_held:
                yield start_held, end, pitch
    for pitch, begun in held.items():
        yield (*begun, pitch)


def _chord_symbols(part: Any) -> Iterator[tuple[float, float, int]]:
    """Yield the notes of the chords written as letters, each until the next one."""
    from music21 import harmony

    flat = part.flatten()
    symbols = [s for s in flat.getElementsByClass(harmony.ChordSymbol) if s.pitches]
    ends = [float(symbol.offset) for symbol in symbols[1:]] + [float(flat.highestTime)]
    for symbol, end in zip(symbols, ends):
        for pitch in symbol.pitches:
            yield float(symbol.offset), end, int(pitch.midi)


def arrange(piece: Piece, score: Score) -> list[Part]:
    """Set a score for the instruments of a piece: cut, repeated, in seconds."""
    beat = 60.0 / piece.tempo
    begin = score.bars[piece.first_bar - 1]
    finish = max(end for voice in score.voices for _, end, _ in voice)
    limit = begin + piece.longest / beat
    if finish > limit:
        finish = max(bar for bar in score.bars if bar <= limit)
    length = finish - begin
    rounds = max(1, int(np.ceil(SHORTEST / (length * beat)))) if length * beat < SHORTEST else 1
    voices = [
        [(s - begin, min(e, finish) - begin, p) for s, e, p in voice if begin <= s < finish]
        for voice in score.voices
    ]
    bars = [bar - begin for bar in score.bars if begin <= bar < finish]
    if piece.drone is not None:
        root = 48 + (score.tonic - 48) % 12
        edges = [*bars, length]
        voices.append(
            [(a, b, root + step) for a, b in zip(edges[:-1], edges[1:]) for step in (0, 7)]
        )
    programs = list(piece.programs)
    programs += [programs[-1]] * (len(voices) - len(programs))
    if piece.drone is not None:
        programs[len(voices) - 1] = piece.drone
    strong = {round(bar, 3) for bar in bars}
    parts = []
    for index, (voice, program) in enumerate(zip(voices, programs)):
        spread = 0.0 if len(voices) == 1 else -0.5 + index / (len(voices) - 1)
        background = piece.drone is not None and index == len(voices) - 1
        notes = [
            Note(
                (turn * length + start) * beat,
                (turn * length + start + (end - start) * piece.articulation) * beat,
                int(np.clip(pitch + piece.transpose, 0, 127)),
                piece.velocity + (8 if round(start, 3) in strong else 0),
            )
            for turn in range(rounds)
            for start, end, pitch in voice
        ]
        parts.append(
            Part(tuple(notes), program, gain=0.55 if background else 0.9, pan=0.8 * spread)
        )
    if piece.drum:
        parts.append(_drum(piece, bars, length, rounds, beat))
    return parts


def _drum(piece: Piece, bars: Sequence[float], length: float, rounds: int, beat: float) -> Part:
    """Return a hand drum: every bar line strong, every quarter of the bar weak."""
    edges = [*bars, length]
    strokes = [
        (turn * length + a + (b - a) * quarter / 4, 70 if quarter == 0 else 45)
        for turn in range(rounds)
        for a, b in zip(edges[:-1], edges[1:])
        for quarter in range(4)
    ]
    pitch = 41 if piece.drum == "low" else 64
    return Part(
        tuple(Note(at * beat, at * beat + 0.2, pitch, loud) for at, loud in strokes),
        drums=True,
        gain=0.7,
    )
