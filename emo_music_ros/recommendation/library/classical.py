# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The art music of the built-in library: chorales, quartets, piano pieces, songs."""

from __future__ import annotations

from typing import Any

from emo_music_ros.recommendation.library.piece import Piece


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
        # The last part of a name only tells which cantata of the Christmas Oratorio it is from.
        f"Four-part chorale BWV {bwv.split('-')[0]}",
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
        f"{source}.mxl",
        tempo,
        programs,
        work,
        "Public domain; no restriction in the file, distributed with music21 by permission",
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
_WINDS = (73, 68, 71, 70)
_BRASS = (56, 56, 60, 58)
_BACH, _HAYDN, _MOZART = "Johann Sebastian Bach", "Joseph Haydn", "Wolfgang Amadeus Mozart"
_BEETHOVEN, _SCHUMANN = "Ludwig van Beethoven", "Robert Schumann"
_NO_LIMIT = "Public domain; no restriction in the file, distributed with music21 by permission"
_WEBER_RIGHTS = "Public domain; encoded by Oliver Seely, released to the public domain in 1998"

# A row is read best in one piece.
# fmt: off
#: Art music, with the hymns and songs that have a known author.
CLASSICAL: tuple[Piece, ...] = (
    _chorale("bach_wie_schoen_leuchtet", "1.6", "Wie schön leuchtet der Morgenstern", 84, _STRINGS),
    _chorale("bach_was_gott_tut", "99.6", "Was Gott tut, das ist wohlgetan", 66, (46, 24)),
    _chorale("bach_nun_danket", "386", "Nun danket alle Gott", 100, _BRASS, velocity=100),
    _chorale("bach_jesu_meine_freude", "227.1", "Jesu, meine Freude", 54, (19,), velocity=70),
    _chorale("bach_ich_ruf_zu_dir", "177.5", "Ich ruf zu dir, Herr Jesu Christ", 52, _WINDS),
    _chorale("bach_wer_nur", "93.7", "Wer nur den lieben Gott", 52, (0,), velocity=60),
    _chorale("bach_christ_lag", "4.8", "Christ lag in Todesbanden", 132, (19, 19, 19, 58),
        velocity=110),
    _chorale("bach_ach_gott_vom_himmel_sieh_darein", "153.1", "Ach Gott, vom Himmel sieh darein",
        104, (19,), velocity=60, articulation=0.9, longest=55.0),
    _chorale("bach_befiehl_du_deine_wege", "244.44", "Befiehl du deine Wege", 60, (19,),
        velocity=74, longest=55.0),
    _chorale("bach_erhalt_uns_herr_bei_deinem_wort", "6.6", "Erhalt uns, Herr, bei deinem Wort", 91,
        (6,), velocity=90, longest=55.0),
    _chorale("bach_du_o_schoenes_weltgebaeude", "301", "Du, o schönes Weltgebäude", 57, (53,),
        velocity=96, articulation=0.8, longest=55.0),
    _chorale("bach_nun_komm_der_heiden_heiland", "62.6", "Nun komm, der Heiden Heiland", 70,
        (68, 48, 48, 43), transpose=-2, velocity=112, articulation=0.9, longest=55.0),
    _chorale("bach_wenn_ich_einmal_soll_scheiden", "244.62", "Wenn ich einmal soll scheiden", 95,
        (68, 48, 48, 43), velocity=65, longest=55.0),
    _chorale("bach_o_grosse_lieb", "245.3", "O große Lieb", 93, (68, 48, 48, 43), velocity=110,
        articulation=0.8, longest=55.0),
    _chorale("bach_herzliebster_jesu_was_hast_du_verbrochen", "244.3",
        "Herzliebster Jesu, was hast du verbrochen", 48, (61,), velocity=62, articulation=0.85,
        longest=55.0),
    _chorale("bach_brich_an_o_schoenes_morgenlicht", "248.12-2", "Brich an, o schönes Morgenlicht",
        99, (56, 19, 19, 19), transpose=2, velocity=112, longest=55.0),
    _chorale("bach_wie_soll_ich_dich_empfangen", "248.5", "Wie soll ich dich empfangen", 113,
        (10, 46, 46, 46), velocity=62, articulation=0.7, longest=55.0),
    _chorale("bach_in_dulci_jubilo", "368", "In dulci jubilo", 107, (56, 19, 19, 19), velocity=108,
        articulation=0.85, longest=55.0),
    _chorale("bach_kyrie_gott_vater_in_ewigkeit", "371", "Kyrie, Gott Vater in Ewigkeit", 95, (61,),
        velocity=101, articulation=0.85, longest=55.0),
    _chorale("bach_an_wasserfluessen_babylon", "267", "An Wasserflüssen Babylon", 76,
        (74, 74, 75, 70), velocity=104, articulation=0.7, longest=55.0),
    _chorale("bach_ein_feste_burg_ist_unser_gott", "80.8", "Ein feste Burg ist unser Gott", 97,
        (8, 46, 46, 46), velocity=91, longest=55.0),
    _chorale("bach_nun_ruhen_alle_waelder", "244.10", "Nun ruhen alle Wälder", 99, _WINDS,
        velocity=79, articulation=0.7, longest=55.0),
    _chorale("bach_allein_gott_in_der_hoeh_sei_ehr", "260", "Allein Gott in der Höh sei Ehr", 74,
        _STRINGS, velocity=75, longest=55.0),
    _chorale("bach_wie_soll_ich_dich_empfangen_recorders", "248.5",
        "Wie soll ich dich empfangen (for recorders)", 108, (74, 74, 75, 70), velocity=62,
        articulation=0.7, longest=55.0),
    _chorale("bach_in_dulci_jubilo_strings", "368", "In dulci jubilo (for strings)", 107, _STRINGS,
        velocity=91, articulation=0.85, longest=55.0),
    Piece("bach_prelude_c", "Prelude in C major", "Johann Sebastian Bach", "piano",
        "bach/bwv846.mxl", 66, (46,), "The Well-Tempered Clavier I, BWV 846", _NO_LIMIT,
        velocity=62),
    Piece("corelli_grave", "Sonata da chiesa: Grave", "Arcangelo Corelli", "baroque",
        "corelli/opus3no1/1grave.xml", 50, (48, 48, 19), "Op. 3 No. 1",
        "Public domain; encoded by Michael Scott Cuthbert, CC BY", velocity=66),
    Piece("aloha_oe", "Aloha ʻOe", "Liliʻuokalani", "song", "liliuokalani/aloha_oe.mxl", 72,
        (52, 52, 52, 52, 73, 24, 24), "Song, 1884",
        "Public domain; encoded by Michael Scott Asato Cuthbert, CC0", velocity=68),
    Piece("jeanie", "Jeanie with the Light Brown Hair", "Stephen Foster", "song",
        "leadSheet/fosterBrownHair.mxl", 84, (73, 24), "Song, 1854",
        "Public domain, says the file (Wikifonia)", velocity=70),
    Piece("mozart_k545", "Piano Sonata in C major: Allegro", _MOZART, "piano",
        "mozart/k545/movement1_exposition.mxl", 132, (0,), "K. 545, first movement, exposition",
        _NO_LIMIT),
    Piece("weber_concertino", "Concertino: Adagio ma non troppo", "Carl Maria von Weber",
        "classical", "weber/concertino_clarinet.mxl", 60, (71, 48, 48), "Op. 26, for clarinet",
        _WEBER_RIGHTS, velocity=80),
    Piece("handel_lascia_chio_pianga", "Lascia ch'io pianga", "George Frideric Handel", "baroque",
        "handel/rinaldo/Lascia_chio_pianga.mxl", 59, (42, 46), "Rinaldo, HWV 7", _NO_LIMIT,
        velocity=100, longest=55.0),
    Piece("handel_lascia_chio_pianga_strings", "Lascia ch'io pianga (for strings)",
        "George Frideric Handel", "baroque", "handel/rinaldo/Lascia_chio_pianga.mxl", 48, (48,),
        "Rinaldo, HWV 7", _NO_LIMIT, velocity=112, articulation=0.9, longest=55.0),
    Piece("lift_every_voice_and_sing", "Lift Every Voice and Sing", "J. Rosamond Johnson", "song",
        "johnson_j_r/lift_every_voice.mxl", 112, (68, 24), "Song, 1900",
        "Public domain; encoded by Michael Scott Asato Cuthbert, CC0", velocity=79, longest=55.0),
    Piece("prayer_of_a_tired_child", "Prayer of a Tired Child", "Amy Beach", "song",
        "beach/prayer_of_a_tired_child.musicxml", 115, (48,), "Op. 75 No. 4 (1915)",
        "Public domain; encoded by Michael Scott Cuthbert, CC BY-SA", velocity=102, longest=55.0),
    Piece("maple_leaf_rag", "Maple Leaf Rag", "Scott Joplin", "ragtime",
        "joplin/maple_leaf_rag.mxl", 107, (40, 48, 48, 42), "Rag, 1899", _NO_LIMIT, velocity=107,
        longest=55.0),
    Piece("cpebach_sonata_h186", "Sonata H. 186 (for harp)", "Carl Philipp Emanuel Bach",
        "classical", "cpebach/h186.mxl", 52, (46,), "Keyboard sonata", _NO_LIMIT, velocity=108,
        articulation=0.9, longest=55.0),
    _polonaise("clara_polonaise_1", 1, "E-flat major", 100, (0,)),
    _polonaise("clara_polonaise_2", 2, "C major", 104, (0,)),
    _polonaise("clara_polonaise_3", 3, "D major", 100, (0,)),
    _quartet("mozart_k80_adagio", _MOZART, "mozart/k80/movement1", "String Quartet K. 80: Adagio",
        "K. 80, first movement", 50),
    _quartet("mozart_k155_molto_allegro", _MOZART, "mozart/k155/movement3",
        "String Quartet K. 155: Molto allegro", "K. 155, third movement", 144),
    _quartet("mozart_k156_presto", _MOZART, "mozart/k156/movement1",
        "String Quartet K. 156: Presto", "K. 156, first movement", 190),
    _quartet("haydn_op1_presto", _HAYDN, "haydn/opus1no1/movement1",
        "String Quartet Op. 1 No. 1: Presto", "Op. 1 No. 1, first movement", 150),
    _quartet("haydn_op1_adagio", _HAYDN, "haydn/opus1no1/movement3",
        "String Quartet Op. 1 No. 1: Adagio", "Op. 1 No. 1, third movement", 46, velocity=66),
    _quartet("haydn_op1_finale", _HAYDN, "haydn/opus1no1/movement5",
        "String Quartet Op. 1 No. 1: Finale: Presto", "Op. 1 No. 1, fifth movement", 144),
    _quartet("beethoven_op18_adagio", _BEETHOVEN, "beethoven/opus18no1/movement2",
        "String Quartet Op. 18 No. 1: Adagio affettuoso", "Op. 18 No. 1, second movement", 60,
        velocity=72),
    _quartet("schumann_op41_scherzo", _SCHUMANN, "schumann_robert/opus41no1/movement2",
        "String Quartet Op. 41 No. 1: Scherzo: Presto", "Op. 41 No. 1, second movement", 190,
        velocity=105),
    _quartet("mozart_k458_adagio", _MOZART, "mozart/k458/movement3",
        "String Quartet K. 458: Adagio, at the piano", "K. 458, third movement", 72, (0,),
        velocity=81, articulation=0.9, longest=55.0),
)
