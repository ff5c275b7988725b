"""The pieces of the built-in library: free scores, and how each one is to be played.

The scores come with the Python package ``music21``; compositions are in the public domain, and
what each file says about its encoding is in :data:`PIECES`. Files whose encoding is restricted
(the Essen collection, Wikifonia sheets marked "all rights reserved") are not used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

#: Changes whenever the same row of the table sounds different than before.
RECIPE = 1


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

    def digest(self) -> str:
        """Return what changes when the piece would sound or be tagged differently."""
        content = json.dumps([RECIPE, asdict(self)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def _chorale(
    name: str, bwv: str, title: str, tempo: float, programs: tuple[int, ...], **options: Any
) -> Piece:
    return Piece(
        name,
        title,
        "Johann Sebastian Bach",
        "chorale",
        f"bach/bwv{bwv}.mxl",
        tempo,
        programs,
        f"Four-part chorale BWV {bwv}",
        "Public domain; encoded by Margaret Greentree, distributed with music21 by permission",
        **options,
    )


def _quartet(
    name: str,
    composer: str,
    source: str,
    title: str,
    work: str,
    tempo: float,
    programs: tuple[int, ...] = (40, 40, 41, 42),
    **options: Any,
) -> Piece:
    return Piece(
        name,
        title,
        composer,
        "string quartet",
        source,
        tempo,
        programs,
        work,
        "Public domain; no restriction in the file, distributed with music21 by permission",
        **options,
    )


def _irish(
    name: str,
    book: str,
    number: int,
    title: str,
    tempo: float,
    programs: tuple[int, ...],
    **options: Any,
) -> Piece:
    return Piece(
        name,
        title,
        "Traditional (Ireland)",
        "folk",
        f"oneills1850/{book}.abc",
        tempo,
        programs,
        f"O'Neill's Music of Ireland (1903), no. {number}",
        "Public domain; transcribed by volunteers, distributed with music21 by permission",
        number=number,
        **options,
    )


def _aird(
    name: str, number: int, title: str, tempo: float, programs: tuple[int, ...], **options: Any
) -> Piece:
    return Piece(
        name,
        title,
        "Traditional (Scotland)",
        "folk",
        "airdsAirs/book1.abc",
        tempo,
        programs,
        f"Aird's Airs, book 1 (1778), no. {number}",
        "Public domain; transcribed by Jack Campin (campin.me.uk), distributed with music21",
        number=number,
        **options,
    )


def _polonaise(name: str, number: int, key: str, tempo: float, programs: tuple[int, ...]) -> Piece:
    return Piece(
        name,
        f"Polonaise in {key}, Op. 1 No. {number}",
        "Clara Schumann",
        "piano",
        f"schumann_clara/polonaise_op1n{number}.mxl",
        tempo,
        programs,
        f"Quatre Polonaises, Op. 1 No. {number} (1831)",
        "Public domain; encoded by Cypressdome for IMSLP, CC BY-SA 4.0",
    )


_STRINGS = (48, 48, 48, 43)
_ORGAN = (19,)
_WINDS = (73, 68, 71, 70)
_BRASS = (56, 56, 60, 58)
_HAYDN, _MOZART = "Joseph Haydn", "Wolfgang Amadeus Mozart"
_BEETHOVEN, _SCHUMANN = "Ludwig van Beethoven", "Robert Schumann"
_NO_LIMIT = "Public domain; no restriction in the file, distributed with music21 by permission"
_WEBER_RIGHTS = "Public domain; encoded by Oliver Seely, released to the public domain in 1998"

#: The library.
PIECES: tuple[Piece, ...] = (
    _chorale("bach_wie_schoen_leuchtet", "1.6", "Wie schön leuchtet der Morgenstern", 84, _STRINGS),
    _chorale("bach_was_gott_tut", "99.6", "Was Gott tut, das ist wohlgetan", 66, (46, 24)),
    _chorale("bach_nun_danket", "386", "Nun danket alle Gott", 100, _BRASS, velocity=100),
    _chorale("bach_jesu_meine_freude", "227.1", "Jesu, meine Freude", 54, _ORGAN, velocity=70),
    _chorale("bach_ich_ruf_zu_dir", "177.5", "Ich ruf zu dir, Herr Jesu Christ", 52, _WINDS),
    _chorale("bach_wer_nur", "93.7", "Wer nur den lieben Gott", 52, (0,), velocity=60),
    _chorale(
        "bach_christ_lag", "4.8", "Christ lag in Todesbanden", 132, (19, 19, 19, 58), velocity=110
    ),
    Piece(
        "bach_prelude_c",
        "Prelude in C major",
        "Johann Sebastian Bach",
        "piano",
        "bach/bwv846.mxl",
        66,
        (46,),
        "The Well-Tempered Clavier I, BWV 846",
        _NO_LIMIT,
        velocity=62,
    ),
    Piece(
        "corelli_grave",
        "Sonata da chiesa: Grave",
        "Arcangelo Corelli",
        "baroque",
        "corelli/opus3no1/1grave.xml",
        50,
        (48, 48, 19),
        "Op. 3 No. 1",
        "Public domain; encoded by Michael Scott Cuthbert, CC BY",
        velocity=66,
    ),
    Piece(
        "aloha_oe",
        "Aloha ʻOe",
        "Liliʻuokalani",
        "song",
        "liliuokalani/aloha_oe.mxl",
        72,
        (52, 52, 52, 52, 73, 24, 24),
        "Song, 1884",
        "Public domain; encoded by Michael Scott Asato Cuthbert, CC0",
        velocity=68,
    ),
    Piece(
        "jeanie",
        "Jeanie with the Light Brown Hair",
        "Stephen Foster",
        "song",
        "leadSheet/fosterBrownHair.mxl",
        84,
        (73, 24),
        "Song, 1854",
        "Public domain, says the file (Wikifonia)",
        velocity=70,
    ),
    _polonaise("clara_polonaise_1", 1, "E-flat major", 100, (0,)),
    _polonaise("clara_polonaise_2", 2, "C major", 104, (0,)),
    _polonaise("clara_polonaise_3", 3, "D major", 100, (0,)),
    Piece(
        "mozart_k545",
        "Piano Sonata in C major: Allegro",
        _MOZART,
        "piano",
        "mozart/k545/movement1_exposition.mxl",
        132,
        (0,),
        "K. 545, first movement, exposition",
        _NO_LIMIT,
    ),
    _quartet(
        "mozart_k80_adagio",
        _MOZART,
        "mozart/k80/movement1.mxl",
        "String Quartet K. 80: Adagio",
        "K. 80, first movement",
        50,
    ),
    _quartet(
        "mozart_k155_molto_allegro",
        _MOZART,
        "mozart/k155/movement3.mxl",
        "String Quartet K. 155: Molto allegro",
        "K. 155, third movement",
        144,
    ),
    _quartet(
        "mozart_k156_presto",
        _MOZART,
        "mozart/k156/movement1.mxl",
        "String Quartet K. 156: Presto",
        "K. 156, first movement",
        190,
    ),
    _quartet(
        "haydn_op1_presto",
        _HAYDN,
        "haydn/opus1no1/movement1.mxl",
        "String Quartet Op. 1 No. 1: Presto",
        "Op. 1 No. 1, first movement",
        150,
    ),
    _quartet(
        "haydn_op1_adagio",
        _HAYDN,
        "haydn/opus1no1/movement3.mxl",
        "String Quartet Op. 1 No. 1: Adagio",
        "Op. 1 No. 1, third movement",
        46,
        velocity=66,
    ),
    _quartet(
        "haydn_op1_finale",
        _HAYDN,
        "haydn/opus1no1/movement5.mxl",
        "String Quartet Op. 1 No. 1: Finale: Presto",
        "Op. 1 No. 1, fifth movement",
        144,
    ),
    _quartet(
        "beethoven_op18_adagio",
        _BEETHOVEN,
        "beethoven/opus18no1/movement2.mxl",
        "String Quartet Op. 18 No. 1: Adagio affettuoso",
        "Op. 18 No. 1, second movement",
        60,
        velocity=72,
    ),
    _quartet(
        "schumann_op41_scherzo",
        _SCHUMANN,
        "schumann_robert/opus41no1/movement2.mxl",
        "String Quartet Op. 41 No. 1: Scherzo: Presto",
        "Op. 41 No. 1, second movement",
        190,
        velocity=105,
    ),
    Piece(
        "weber_concertino",
        "Concertino: Adagio ma non troppo",
        "Carl Maria von Weber",
        "classical",
        "weber/concertino_clarinet.mxl",
        60,
        (71, 48, 48),
        "Op. 26, for clarinet",
        _WEBER_RIGHTS,
        velocity=80,
    ),
    _irish(
        "little_brother",
        "0051-0100",
        51,
        "Little Brother of My Heart",
        60,
        (40,),
        drone=48,
        velocity=66,
    ),
    _irish("shule_aroon", "0051-0100", 59, "Shule Aroon", 66, (68,), drone=46, velocity=66),
    _irish(
        "carolan_lament", "0051-0100", 69, "O'Carolan's Lament", 60, (46,), drone=48, velocity=64
    ),
    _irish(
        "black_rose", "0051-0100", 70, "The Little Black Rose", 60, (71,), drone=48, velocity=64
    ),
    _irish(
        "dear_irish_boy", "0051-0100", 73, "The Dear Irish Boy", 58, (73,), drone=46, velocity=64
    ),
    _irish(
        "castle_of_dromore",
        "0051-0100",
        52,
        "The Castle of Dromore",
        66,
        (46,),
        drone=48,
        velocity=64,
    ),
    _irish("coolin", "0051-0100", 89, "The Coolin", 56, (73,), drone=46, velocity=62),
    _irish(
        "stormy_voyage",
        "0051-0100",
        86,
        "The Stormy Voyage",
        170,
        (110,),
        drone=42,
        drum="low",
        velocity=110,
    ),
    _irish(
        "gordons_tune",
        "0001-0050",
        40,
        "Gordon's Tune",
        190,
        (56,),
        drone=61,
        drum="low",
        velocity=112,
    ),
    _irish(
        "boys_of_wexford",
        "0051-0100",
        81,
        "The Boys of Wexford",
        132,
        (73,),
        drone=109,
        drum="high",
    ),
    _aird("highland_laddie", 32, "Highland Laddie", 120, (110,), drone=24, drum="high"),
    _aird(
        "lang_muir", 34, "Through the Lang Muir", 180, (110,), drone=61, drum="low", velocity=112
    ),
)


def credits() -> list[dict[str, str]]:  # noqa: A001 - the everyday word for it
    """Return title, composer, genre, source and rights of every piece, for people to read."""
    return [
        {
            "title": piece.title,
            "composer": piece.composer,
            "genre": piece.genre,
            "source": piece.reference,
            "rights": piece.rights,
        }
        for piece in PIECES
    ]
