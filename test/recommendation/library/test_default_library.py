# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.recommendation.library import default as default_library
from emo_music_ros.recommendation.library import pieces
from emo_music_ros.recommendation.library.default import ensure, perform
from emo_music_ros.recommendation.library.folder import FolderCatalogue
from emo_music_ros.recommendation.library.piece import LONGEST, Piece
from emo_music_ros.recommendation.library.pieces import PIECES
from emo_music_ros.recommendation.library.scores import SHORTEST, Score, arrange, read_score

pytest.importorskip("music21")
pytest.importorskip("tinysoundfont")

FOLK = next(piece for piece in PIECES if piece.number)
CHORALE = next(piece for piece in PIECES if "bwv" in piece.source)
#: Of its score music21 has something to say.
LOUD = "beethoven_op18_adagio"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the library in this process, where parts of it can be replaced."""

    def call(function, *arguments, progress, log):
        return function(*arguments, progress or (lambda *told: None))

    monkeypatch.setattr(default_library, "apart", call)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    calls: list[tuple[int, int, str]] = []
    assert ensure(folder, lambda *call: calls.append(call), (FOLK, CHORALE)) == folder
    assert calls == [(1, 2, FOLK.title), (2, 2, CHORALE.title)]
    return folder


def test_of_two_processes_one_makes_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: None
) -> None:
    made: list[str] = []
    first_begins = threading.Event()

    def write(audio: object, piece: Piece, path: Path) -> None:
        first_begins.set()
        made.append(piece.name)
        time.sleep(0.05)
        path.touch()

    monkeypatch.setattr(default_library, "perform", lambda piece: None)
    monkeypatch.setattr(default_library, "_write", write)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ensure, tmp_path, None, (FOLK, CHORALE))
        assert first_begins.wait(5)
        second = pool.submit(ensure, tmp_path, None, (FOLK, CHORALE))
        assert first.result(5) == second.result(5) == tmp_path
    assert made == [FOLK.name, CHORALE.name]


def test_the_table_is_large_enough_and_consistent() -> None:
    assert 60 <= len(PIECES) <= 100  # making them all takes minutes on the first run
    assert len({piece.name for piece in PIECES}) == len(PIECES)
    assert len({piece.title + piece.composer for piece in PIECES}) == len(PIECES)
    for piece in PIECES:
        assert piece.name.replace("_", "").isalnum()
        assert piece.name.islower()
        assert all(0 <= program <= 127 for program in piece.programs)
        assert piece.drone is None or 0 <= piece.drone <= 127
        assert piece.drum in ("", "low", "high")
        assert 1 <= piece.velocity <= 119
        assert 0.5 <= piece.articulation <= 1.0
        assert 40 <= piece.tempo <= 200
        assert SHORTEST < piece.longest <= LONGEST
        assert piece.rights
        assert piece.reference
        assert piece.composer
        assert piece.genre


def test_no_tune_is_there_too_often() -> None:
    tunes = Counter((piece.source, piece.number, piece.first_bar) for piece in PIECES)
    assert max(tunes.values()) <= 2


def test_restricted_encodings_are_not_used() -> None:
    for piece in PIECES:
        assert not piece.source.startswith(("essen", "leadSheet/berlin", "chopin"))
        assert not piece.source.endswith(".krn")
        assert "public domain" in piece.rights.lower()


def test_credits_name_every_piece() -> None:
    rows = pieces.credits()
    assert [row["title"] for row in rows] == [piece.title for piece in PIECES]
    assert all(row[key] for row in rows for key in ("composer", "source", "rights", "genre"))


def test_every_score_is_there() -> None:
    from music21 import common

    for piece in PIECES:
        assert (Path(common.getCorpusFilePath()) / piece.source).is_file()


@pytest.mark.parametrize("piece", PIECES[::6], ids=lambda piece: piece.name)
def test_scores_have_the_right_length(piece: Piece) -> None:
    parts = arrange(piece, read_score(piece))
    notes = [note for part in parts for note in part.notes]
    length = max(note.end for note in notes)
    assert 40 <= length <= LONGEST + 0.5
    assert min(note.start for note in notes) < 5
    assert all(note.end > note.start >= 0 for note in notes)
    assert all(24 <= note.pitch <= 108 for part in parts if not part.drums for note in part.notes)


def test_files_are_music_with_tags(made: Path) -> None:
    from mutagen.oggvorbis import OggVorbis

    for piece in (FOLK, CHORALE):
        audio, rate = soundfile.read(made / f"{piece.name}.ogg")
        assert rate == 44100
        assert audio.shape[1] == 2
        assert 40 <= len(audio) / rate <= 90
        assert 0.2 < np.abs(audio).max() <= 1.0
        assert np.mean(np.abs(audio) >= 0.999) == 0.0
        level = 20 * np.log10(np.sqrt(np.mean(audio**2)))
        assert -24 < level < -17
        assert np.abs(audio[:50]).max() < 0.01
        assert np.abs(audio[-50:]).max() < 0.01
        tags = OggVorbis(made / f"{piece.name}.ogg")
        assert tags["title"] == [piece.title]
        assert tags["artist"] == [piece.composer]
        assert piece.rights in tags["comment"][0]


def test_nothing_is_made_twice(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.glob("*.ogg")}
    calls: list[object] = []
    ensure(made, lambda *call: calls.append(call), (FOLK, CHORALE))
    assert calls == []
    assert before == {path: path.stat().st_mtime_ns for path in made.glob("*.ogg")}
    assert not list(made.glob(".*partial*"))


def test_what_libraries_say_of_old_scores_is_kept_from_people(tmp_path: Path, capfd) -> None:
    loud = next(piece for piece in PIECES if piece.name == LOUD)
    ensure(tmp_path, None, (loud,))
    assert capfd.readouterr() == ("", "")
    assert "Warning" in (tmp_path / "rendering.log").read_text()


def test_a_piece_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.mxl"):
        ensure(tmp_path, None, (replace(CHORALE, source="bach/absent.mxl"),))


def test_the_same_recipe_gives_the_same_file(made: Path, tmp_path: Path) -> None:
    ensure(tmp_path, None, (FOLK,))
    name = f"{FOLK.name}.ogg"
    assert (tmp_path / name).read_bytes() == (made / name).read_bytes()


def test_a_run_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: None
) -> None:
    names: list[str] = []

    def quick(piece: Piece) -> np.ndarray:
        names.append(piece.name)
        if len(names) == 2:
            raise KeyboardInterrupt
        return np.full((44100, 2), 0.1, np.float32)

    monkeypatch.setattr(default_library, "perform", quick)
    with pytest.raises(KeyboardInterrupt):
        ensure(tmp_path, None, PIECES[:3])
    assert [path.stem for path in tmp_path.glob("*.ogg")] == [PIECES[0].name]
    ensure(tmp_path, None, PIECES[:3])
    assert names == [PIECES[0].name, PIECES[1].name, PIECES[1].name, PIECES[2].name]


def test_changed_and_dropped_pieces_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: None
) -> None:
    names: list[str] = []

    def quick(piece: Piece) -> np.ndarray:
        names.append(piece.name)
        return np.full((44100, 2), 0.1, np.float32)

    monkeypatch.setattr(default_library, "perform", quick)
    ensure(tmp_path, None, PIECES[:3])
    (tmp_path / "mine.ogg").write_bytes(b"not ours")
    faster = replace(PIECES[1], tempo=PIECES[1].tempo + 1)
    ensure(tmp_path, None, (PIECES[0], faster))
    assert names[3:] == [faster.name]
    assert {path.name for path in tmp_path.glob("*.ogg")} == {
        f"{PIECES[0].name}.ogg",
        f"{faster.name}.ogg",
        "mine.ogg",
    }


def test_a_broken_manifest_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: None
) -> None:
    monkeypatch.setattr(
        default_library, "perform", lambda piece: np.full((44100, 2), 0.1, np.float32)
    )
    for content in ("{", "[1]", "null"):
        (tmp_path / "library.json").write_text(content)
        ensure(tmp_path, None, PIECES[:1])
        assert list(json.loads((tmp_path / "library.json").read_text()))


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        ensure(tmp_path / "file" / "below", None, PIECES[:1])


def test_a_missing_score_is_named() -> None:
    with pytest.raises(InputError, match=r"absent\.mxl"):
        perform(replace(CHORALE, source="bach/absent.mxl"))


def test_arranging_cuts_repeats_and_accompanies() -> None:
    tune = Score((((0.0, 1.0, 67), (1.0, 4.0, 71)),), (0.0,), tonic=7)
    piece = replace(
        FOLK, tempo=60.0, drone=48, drum="low", transpose=2, first_bar=1, articulation=1.0
    )
    melody, drone, drum = arrange(piece, tune)
    assert len(melody.notes) == 2 * 11  # 4 s, repeated to reach 42 s
    assert {note.pitch for note in melody.notes} == {69, 73}
    assert {note.pitch % 12 for note in drone.notes} == {9, 4}
    assert drone.program == 48
    assert drum.drums
    long = Score((tuple((float(i), i + 1.0, 60) for i in range(200)),), (*range(0, 200, 4),), 0)
    cut = arrange(replace(piece, drone=None, drum=""), long)
    assert max(note.end for note in cut[0].notes) == pytest.approx(76.0)


def test_the_catalogue_makes_and_reads_the_library(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path))
    monkeypatch.setattr(default_library.ensure, "__defaults__", (None, (FOLK, CHORALE)))
    shutil.copytree(made, tmp_path / "default_library")
    catalogue = FolderCatalogue()
    assert catalogue.scan().added == 2
    assert {track.title for track in catalogue.tracks()} == {FOLK.title, CHORALE.title}
    assert {track.artist for track in catalogue.tracks()} == {FOLK.composer, CHORALE.composer}


def test_a_library_made_by_somebody_else_is_used_where_nothing_can_be_written(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch, mortal: None
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "image"))
    monkeypatch.setattr(default_library.ensure, "__defaults__", (None, (FOLK, CHORALE)))
    shutil.copytree(made, tmp_path / "image" / "default_library")
    assert FolderCatalogue().scan().added == 2
    folders = [tmp_path / "image" / "default_library", tmp_path / "image"]
    for folder in folders:
        folder.chmod(0o500)
    catalogue = FolderCatalogue()
    assert len(catalogue.tracks()) == 2
    assert catalogue.scan().unchanged == 2
    assert {Path(track.path).parent for track in catalogue.tracks()} == {folders[0]}
    for folder in folders:
        folder.chmod(0o700)
    assert [path.name for path in folders[1].glob("library*")] == ["library.sqlite"]


def test_a_damaged_piece_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: None
) -> None:
    sound = 0.1 * np.sin(np.arange(44100 * 4) / 20).astype(np.float32)
    monkeypatch.setattr(default_library, "perform", lambda piece: np.stack([sound, sound], 1))
    monkeypatch.setattr(
        default_library, "ensure", lambda folder, progress: ensure(folder, progress, PIECES[:2])
    )
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path))
    assert FolderCatalogue().scan().unreadable == {}
    piece = tmp_path / "default_library" / f"{PIECES[1].name}.ogg"
    whole = piece.read_bytes()
    piece.write_bytes(whole[: len(whole) // 2])
    assert list(FolderCatalogue().scan().unreadable) == [str(piece)]
    assert FolderCatalogue().scan().unreadable == {}
    assert piece.read_bytes() == whole
