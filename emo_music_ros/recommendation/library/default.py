"""The built-in music library: free scores played by sampled instruments on first use.

The scores come with the Python package ``music21``; compositions are in the public domain, and
what each file says about its encoding is in :data:`PIECES`. Files whose encoding is restricted
(the Essen collection, Wikifonia sheets marked "all rights reserved") are not used. The sound is
that of TimGM6mb.sf2 (see :mod:`emo_music_ros.io.synthesis`). The result depends on
nothing but the table and the versions of these packages.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io import synthesis
from emo_music_ros.io.midi import Note, Part
from emo_music_ros.io.synthesis import FloatArray

log = logging.getLogger(__name__)

SAMPLE_RATE = 44100
#: Changes whenever the same row of the table sounds different than before.
RECIPE = 1
#: Wanted length of a piece [s]: short ones are repeated, long ones end at a bar line and fade.
SHORTEST, LONGEST = 42.0, 78.0
FADE_IN, FADE_OUT = 0.3, 3.0
_MANIFEST = "library.json"
_REMEDY = "Install the Python packages music21, pretty_midi, tinysoundfont, soundfile and mutagen"


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


def ensure(
    folder: Path,
    progress: Callable[[int, int, str], None] | None = None,
    pieces: Sequence[Piece] = PIECES,
) -> Path:
    """Make what is missing of the library and return its folder.

    Every file is complete or absent: an interrupted run goes on where it ended.

    Parameters
    ----------
    folder : pathlib.Path
        Where the library is, made on demand.
    progress : callable, optional
        Gets (done, total, title) after every piece that had to be made.
    pieces : sequence of Piece
        What belongs into it.

    Raises
    ------
    InputError
        If a package that is needed, or a score, is missing.
    StorageError
        If the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = _read_manifest(folder)
        wanted = {f"{piece.name}.ogg": piece for piece in pieces}
        missing = [
            (name, piece)
            for name, piece in wanted.items()
            if manifest.get(name) != piece.digest() or not (folder / name).is_file()
        ]
        for done, (name, piece) in enumerate(missing, start=1):
            _write(perform(piece), piece, folder / name)
            manifest[name] = piece.digest()
            _write_manifest(folder, manifest)
            if progress is not None:
                progress(done, len(missing), piece.title)
        for name in set(manifest) - set(wanted):
            (folder / name).unlink(missing_ok=True)
            del manifest[name]
            _write_manifest(folder, manifest)
    except OSError as error:
        raise StorageError(
            f"the music library in '{folder}' cannot be written: {error}",
            "Free space, or set EMO_MUSIC_CACHE to a folder that can be written",
        ) from error
    return folder


def perform(piece: Piece) -> FloatArray:
    """Read the score of a piece and play it: float32 [samples, 2] at 44.1 kHz, about -20 dB RMS.

    Raises
    ------
    InputError
        If a package that is needed, or the score, is missing.
    """
    parts = arrange(piece, read_score(piece))
    audio = synthesis.render(parts, SAMPLE_RATE, tail=2.5)
    audio = synthesis.set_level(synthesis.room(audio, SAMPLE_RATE))
    return synthesis.fade(audio, SAMPLE_RATE, FADE_IN, FADE_OUT)


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
        raise InputError(f"music21 cannot be imported: {error}", _REMEDY) from error
    path = Path(common.getCorpusFilePath()) / piece.source
    if not path.is_file():
        raise InputError(f"music21 has no score '{piece.source}'", _REMEDY)
    options: dict[str, Any] = {"number": piece.number} if piece.number else {}
    score = converter.parseFile(path, forceSource=True, storePickle=False, **options)
    if not isinstance(score, stream.Score):
        raise InputError(f"'{piece.source}' is not one score", _REMEDY)
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
    limit = begin + LONGEST / beat
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


def _write(audio: FloatArray, piece: Piece, path: Path) -> None:
    """Write Ogg Vorbis with tags beside its place, then move it there."""
    try:
        import soundfile
        from mutagen.oggvorbis import OggVorbis
    except ImportError as error:
        raise InputError(f"{error.name} is not installed", _REMEDY) from error
    partial = path.with_name(f".{path.stem}.partial.ogg")
    try:
        with soundfile.SoundFile(
            partial, "w", SAMPLE_RATE, 2, format="OGG", subtype="VORBIS", compression_level=0.5
        ) as out:
            # libsndfile needs stack in proportion to the block.
            for start in range(0, len(audio), SAMPLE_RATE):
                out.write(audio[start : start + SAMPLE_RATE])
        tags = OggVorbis(partial)
        tags["title"] = piece.title
        tags["artist"] = piece.composer
        tags["composer"] = piece.composer
        tags["genre"] = piece.genre
        tags["album"] = "emo_music_ros built-in library"
        tags["comment"] = f"{piece.reference}. {piece.rights}. Sound: TimGM6mb.sf2"
        tags.save()
        _fix_serial(partial, zlib.crc32(piece.name.encode()))
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except soundfile.LibsndfileError as error:
        raise OSError(str(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def _fix_serial(path: Path, serial: int) -> None:
    """Replace the random number of the Ogg stream, so that the same music gives the same file."""
    from mutagen.ogg import OggPage

    pages = bytearray()
    with path.open("rb") as content:
        while True:
            try:
                page = OggPage(content)
            except EOFError:
                break
            page.serial = serial
            pages += page.write()
    path.write_bytes(pages)


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        content = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(name): str(digest) for name, digest in content.items() if name.endswith(".ogg")}


def _write_manifest(folder: Path, manifest: dict[str, str]) -> None:
    partial = folder / f".{_MANIFEST}.partial"
    partial.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")
    os.replace(partial, folder / _MANIFEST)
