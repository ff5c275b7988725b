# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The folk music of the built-in library: airs, songs, marches and dances of old tune books."""

from __future__ import annotations

from typing import Any

from emo_music_ros.recommendation.library.piece import Piece

_CAMPIN = "Public domain; transcribed by Jack Campin (campin.me.uk), distributed with music21"
#: Only the first transcription says of which year the book is.
_AIRD = {1: "book 1 (1778)"}


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
    reference = f"Aird's Airs, {_AIRD.get(book, f'book {book}')}, no. {number}"
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
    _irish("banks_of_claudy", "0401-0486", 430, "The Banks of Claudy", 63, (24,), transpose=-5,
        velocity=78, drone=48, longest=55.0),
    _irish("grave_of_wolfe_tone", "0401-0486", 456, "The Grave of Wolfe Tone", 87, (0,),
        transpose=-12, velocity=75, drone=42, longest=55.0),
    _irish("pretty_maid_milking_her_cow", "0101-0200", 103, "The Pretty Maid Milking Her Cow", 76,
        (0,), transpose=-12, velocity=82, articulation=0.8, drone=60, longest=55.0),
    _irish("setting_of_the_sun", "0101-0200", 111, "The Setting of the Sun", 107, (40,),
        transpose=-5, velocity=106, drone=42, longest=55.0),
    _irish("old_blind_bard", "0201-0300", 266, "The Old Blind Bard", 92, (41,), velocity=99,
        articulation=0.9, drone=19, longest=55.0),
    _irish("ocarolans_concerto", "0626-0700", 633, "O'Carolan's Concerto", 67, (6,), transpose=-2,
        velocity=72, drone=48, drum="high", longest=55.0),
    _irish("planxty_fanny_powers", "0626-0700", 673, "Planxty Fanny Powers", 147, (41,),
        transpose=-5, velocity=109, drone=42, drum="low", longest=55.0),
    _irish("groves_of_blarney", "0501-0550", 507, "The Groves of Blarney", 87, (41,), velocity=68,
        articulation=0.9, drone=49, longest=55.0),
    _irish("ocarolans_concerto_piano_and_guitar", "0626-0700", 633,
        "O'Carolan's Concerto (for piano and guitar)", 116, (0,), transpose=5, velocity=62,
        articulation=0.9, drone=25, longest=55.0),
    _irish("true_love_can_neer_forget", "0051-0100", 88, "True Love Can Ne'er Forget", 53, (0,),
        velocity=75, articulation=0.9, drone=52, longest=55.0),
    _aird("highland_laddie", 1, 32, "Highland Laddie", 120, (110,), drone=24, drum="high"),
    _aird("lang_muir", 1, 34, "Through the Lang Muir", 180, (110,), drone=61, drum="low",
        velocity=112),
    _aird("auld_robin_gray", 3, 582, "Auld Robin Gray", 70, (19,), transpose=-5, velocity=102,
        drone=42, longest=55.0),
    _aird("bonny_charlie", 2, 309, "Bonny Charlie", 73, (19,), transpose=-5, velocity=95,
        articulation=0.9, drone=42, drum="high", longest=55.0),
    _aird("boyne_water", 2, 321, "Boyne Water", 138, (25,), transpose=-7, velocity=100,
        articulation=0.9, drone=46, longest=55.0),
    _aird("saw_ye_nae_my_peggy", 3, 471, "Saw Ye Nae My Peggy", 57, (0,), transpose=-2, velocity=75,
        articulation=0.8, drone=52, longest=55.0),
    _aird("over_the_water_to_charlie", 2, 231, "Over the Water to Charlie", 111, (0,), velocity=83,
        drum="high", longest=55.0),
    _aird("christmas_day_in_the_morning", 3, 440, "Christmas Day in the Morning", 125, (74,),
        velocity=81, drone=48, longest=55.0),
    _aird("duncan_gray", 2, 311, "Duncan Gray", 102, (60,), transpose=-5, velocity=97, drone=42,
        longest=55.0),
    _aird("hearts_of_oak", 4, 686, "Hearts of Oak", 108, (74,), velocity=72, articulation=0.8,
        drone=46, longest=55.0, composer="William Boyce"),
    _northumbrian("dol_li_a", 41, "Dol-li-a", 139, (71,), transpose=-5, velocity=91, drone=42,
        drum="low", longest=55.0),
    _northumbrian("cockle_geordie", 61, "Cockle Geordie", 60, (8,), velocity=63, drone=52,
        drum="high", longest=55.0),
    _fife("white_cockade", 28, "The White Cockade", 61, (56,), transpose=-5, velocity=102, drone=52,
        drum="low", longest=55.0),
    _fife("chester", 7, "Chester", 78, (74,), transpose=-5, velocity=102, articulation=0.9,
        drone=25, drum="low", longest=55.0, composer="William Billings"),
    _fife("rose_tree", 25, "The Rose Tree", 119, (60,), velocity=87, drone=52, drum="low",
        longest=55.0),
    _ryan("arkansas_traveller", "ArkansasTravellerReel", "Arkansas Traveller", 103, (71,),
        transpose=-5, velocity=105, articulation=0.85, drone=48, drum="high", longest=55.0),
    _ryan("soldiers_joy", "SoldiersJoy", "Soldier's Joy", 125, (75,), transpose=-5, velocity=68,
        articulation=0.85, drone=0, drum="high", longest=55.0),
    _aird("tulloch_gorm", 1, 85, "Tulloch Gorm (for pipes)", 130, (109,), velocity=110, drone=109,
        drum="low", longest=55.0),
    _aird("millers_rant", 1, 46, "The Miller's Rant (for accordion)", 150, (21,), velocity=100,
        drone=24, drum="low", longest=55.0),
    _aird("katie_hall", 1, 83, "Miss Katie Hall's Reel (for accordion)", 120, (21,), drone=24,
        drum="high", longest=55.0),
    _aird("huntleys_reel", 2, 301, "The Marquis of Huntly's Reel (for brass)", 130, (61,),
        velocity=115, drone=58, drum="low", longest=55.0),
    _aird("oyster_wives_rant", 1, 6, "The Oyster Wives' Rant (for electric guitar)", 130, (30,),
        transpose=-12, velocity=110, drone=30, drum="low", longest=55.0),
    _aird("capt_ross", 2, 245, "Captain Ross's Reel (for electric guitar)", 130, (30,),
        transpose=-12, velocity=110, drone=30, drum="low", longest=55.0),
    _fife("british_grenadiers", 6, "The British Grenadiers (for pipes)", 135, (109,), drone=24,
        drum="high", longest=55.0),
    _fife("wreckers_daughter", 29, "The Wrecker's Daughter (for pipes)", 130, (109,), velocity=110,
        drone=109, drum="low", longest=55.0),
    _ryan("blackberry_blossom", "BlackberryBlossomReel", "Blackberry Blossom (for brass)", 115,
        (61,), velocity=115, drone=58, drum="low", longest=55.0),
    _ryan("bonnie_kates", "BonnieKatesReel", "Bonnie Kate's Reel (for electric guitar)", 115,
        (30,), transpose=-12, velocity=110, drone=30, drum="low", longest=55.0),
)
