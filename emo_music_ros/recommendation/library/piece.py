# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a row of the built-in library says: a free score, and how it is to be played."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

#: Changes whenever the same row of the table sounds different than before.
RECIPE = 1
#: The most that is played of a piece, if its row does not say otherwise [s].
LONGEST = 78.0


@dataclass(frozen=True)
class Piece:
    """One piece of the library: a score and how to play it.

    Parameters
    ----------
    name : str
        File name without ending.
    title, composer, genre : str
        Tags.
    source : str
        Score, relative to the corpus of music21; `number` names a tune of an ABC book.
    tempo : float
        Quarter notes per minute.
    programs : tuple of int
        General MIDI programs, 0..127, one per voice from the top; the last one for the rest.
    transpose : int
        Semitones.
    velocity : int
        Force of the notes, 1..127.
    articulation : float
        Share of its length that a note sounds.
    first_bar : int
        Where to begin, from 1.
    drone : int or None
        Program that sustains tonic and fifth below a tune, as pipes do.
    drum : str
        ``""``, ``low`` or ``high``: a hand drum on the beats.
    longest : float
        Where a long piece ends, at a bar line, in seconds.
    reference, rights : str
        For the credits: work and book, and what is known about the encoding.
    """

    name: str
    title: str
    composer: str
    genre: str
    source: str
    tempo: float
    programs: tuple[int, ...]
    reference: str
    rights: str
    number: int = 0
    transpose: int = 0
    velocity: int = 80
    articulation: float = 0.97
    first_bar: int = 1
    drone: int | None = None
    drum: str = ""
    longest: float = LONGEST

    def digest(self) -> str:
        """Return what changes when the piece would sound or be tagged differently."""
        content = json.dumps([RECIPE, asdict(self)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
