# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Read MIDI files: the notes of each instrument. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.errors import InputError

#: File endings that :func:`read_midi` understands.
MIDI_ENDINGS = (".mid", ".midi")


@dataclass(frozen=True)
class Note:
    """One note: MIDI `pitch` 0..127, `velocity` 1..127, `start` and `end` in seconds."""

    start: float
    end: float
    pitch: int
    velocity: int = 90


@dataclass(frozen=True)
class Part:
    """The notes of one instrument: General MIDI `program` 0..127, `pan` -1..1, `gain` 0..1."""

    notes: tuple[Note, ...]
    program: int = 0
    drums: bool = False
    gain: float = 1.0
    pan: float = 0.0


def read_midi(path: Path) -> list[Part]:
    """Read a MIDI file.

    Raises
    ------
    InputError
        If the file cannot be read or is no MIDI file.
    """
    import pretty_midi

    try:
        score = pretty_midi.PrettyMIDI(str(path))
    except Exception as error:  # the parser raises whatever it stumbles over
        raise InputError(
            f"'{path}' is no readable MIDI file: {error!r}", "Give a standard MIDI file"
        ) from error
    return [
        Part(
            tuple(Note(n.start, n.end, n.pitch, n.velocity) for n in instrument.notes),
            program=instrument.program,
            drums=instrument.is_drum,
        )
        for instrument in score.instruments
        if instrument.notes
    ]
