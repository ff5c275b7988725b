"""The folk music of the built-in library: airs, songs, marches and dances of old tune books."""

from __future__ import annotations

from typing import Any

from emo_music_ros.recommendation.library.piece import Piece

_CAMPIN = "Public domain; transcribed by Jack Campin (campin.me.uk), distributed with music21"
_AIRD = {1: 1778, 2: 1782, 3: 1788, 4: 1794, 5: 1797, 6: 1801}


def _tune(
    name: str,
    source: str,
    number: int,
    title: str,
    tempo: float,
    programs: tuple[int, ...],
    reference: str,
    rights: str,
    composer: str,
    **options: Any,
) -> Piece:
    return Piece(
        name,
        title,
        composer,
        "folk",
        f"{source}.abc",
        tempo,
        programs,
        reference,
        rights,
        number=number,
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
    return _tune(
        name,
        f"oneills1850/{book}",
        number,
        title,
        tempo,
        programs,
        f"O'Neill's Music of Ireland (1903), no. {number}",
        "Public domain; transcribed by volunteers, distributed with music21 by permission",
        "Traditional (Ireland)",
        **options,
    )


def _aird(
    name: str,
    book: int,
    number: int,
    title: str,
    tempo: float,
    programs: tuple[int, ...],
    composer: str = "Traditional (Scotland)",
    **options: Any,
) -> Piece:
    reference = f"Aird's Airs, book {book} ({_AIRD[book]}), no. {number}"
    source = f"airdsAirs/book{book}"
    return _tune(
        name, source, number, title, tempo, programs, reference, _CAMPIN, composer, **options
    )


def _northumbrian(
    name: str, number: int, title: str, tempo: float, programs: tuple[int, ...], **options: Any
) -> Piece:
    return _tune(
        name,
        "miscFolk/northumbrianminstrelsyopus",
        number,
        title,
        tempo,
        programs,
        f"Northumbrian Minstrelsy (1882), no. {number} of the transcription",
        _CAMPIN,
        "Traditional (England)",
        **options,
    )


def _fife(
    name: str,
    number: int,
    title: str,
    tempo: float,
    programs: tuple[int, ...],
    composer: str = "Traditional (United States)",
    **options: Any,
) -> Piece:
    return _tune(
        name,
        "miscFolk/americanfifeopus",
        number,
        title,
        tempo,
        programs,
        f"American fife music, no. {number}",
        "Public domain; edited by Jack Campin (campin.me.uk), distributed with music21",
        composer,
        **options,
    )


def _ryan(
    name: str,
    file: str,
    title: str,
    tempo: float,
    programs: tuple[int, ...],
    **options: Any,
) -> Piece:
    return _tune(
        name,
        f"ryansMammoth/{file}",
        0,
        title,
        tempo,
        programs,
        "Ryan's Mammoth Collection (1883)",
        "Public domain; transcribed by John Chambers, distributed with music21 by permission",
        "Traditional",
        **options,
    )


# A row is read best in one piece.
# fmt: off
#: Folk music, by the book it is from.
FOLK: tuple[Piece, ...] = (
    _irish("little_brother", "0051-0100", 51, "Little Brother of My Heart", 60, (40,), drone=48,
        velocity=66),
    _irish("shule_aroon", "0051-0100", 59, "Shule Aroon", 66, (68,), drone=46, velocity=66),
    _irish("carolan_lament", "0051-0100", 69, "O'Carolan's Lament", 60, (46,), drone=48,
        velocity=64),
    _irish("black_rose", "0051-0100", 70, "The Little Black Rose", 60, (71,), drone=48,
        velocity=64),
    _irish("dear_irish_boy", "0051-0100", 73, "The Dear Irish Boy", 58, (73,), drone=46,
        velocity=64),
    _irish("castle_of_dromore", "0051-0100", 52, "The Castle of Dromore", 66, (46,), drone=48,
        velocity=64),
    _irish("coolin", "0051-0100", 89, "The Coolin", 56, (73,), drone=46, velocity=62),
    _irish("stormy_voyage", "0051-0100", 86, "The Stormy Voyage", 170, (110,), drone=42, drum="low",
        velocity=110),
    _irish("gordons_tune", "0001-0050", 40, "Gordon's Tune", 190, (56,), drone=61, drum="low",
        velocity=112),
    _irish("boys_of_wexford", "0051-0100", 81, "The Boys of Wexford", 132, (73,), drone=109,
        drum="high"),
    _aird("highland_laddie", 1, 32, "Highland Laddie", 120, (110,), drone=24, drum="high"),
    _aird("lang_muir", 1, 34, "Through the Lang Muir", 180, (110,), drone=61, drum="low",
        velocity=112),
)
