# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import emo_music_ros
from emo_music_ros.emotion import QUADRANTS, from_labels
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.recommendation.base import Catalogue
from emo_music_ros.recommendation.library import analysed as library
from emo_music_ros.recommendation.library import analysis, files, store
from emo_music_ros.recommendation.library.analysis import FEATURES, Analyser
from emo_music_ros.recommendation.library.folder import FolderCatalogue
from emo_music_ros.recommendation.library.tags import read_tags
from emo_music_ros.streams import MusicDescription

RATE = 22050


def write_tone(path: Path, pitch: float = 440.0, seconds: float = 3.0, **tags: str) -> Path:
    """Write two struck notes a second, with tags."""
    import mutagen

    time = np.arange(int(seconds * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * pitch * time) * np.exp(-6 * np.mod(time, 0.5))
    soundfile.write(path, tone, RATE)
    if tags:
        audio = mutagen.File(path, easy=True)  # type: ignore[attr-defined]
        if audio.tags is None:
            audio.add_tags()
        audio.update(tags)
        audio.save()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "music"
    (place / "more").mkdir(parents=True)
    write_tone(place / "one.flac", 330, title="Zebra", artist="Ada", genre="folk")
    write_tone(place / "more" / "two.ogg", 440, title="apple", artist="Bob")
    write_tone(place / "three_notes.wav", 550)
    (place / "cover.jpg").write_bytes(b"no music")
    return place


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record which files are analysed."""
    names: list[str] = []
    real = library.describe

    def describe(path: Path, track_id: str, analyser: Analyser) -> object:
        names.append(path.name)
        return real(path, track_id, analyser)

    monkeypatch.setattr(library, "describe", describe)
    return names


def catalogue(folder: Path, database: Path | None = None) -> FolderCatalogue:
    where = database or folder.parent / "library.sqlite"
    return FolderCatalogue(FolderCatalogue.Options(path=str(folder), database=str(where)))


def test_a_folder_becomes_tracks(folder: Path) -> None:
    found = catalogue(folder)
    typed: Catalogue = found
    calls: list[tuple[int, int, str]] = []
    report = typed.scan(lambda *call: calls.append(call))
    assert (report.added, report.unchanged, report.removed, report.unreadable) == (3, 0, 0, {})
    assert [call[:2] for call in calls] == [(1, 3), (2, 3), (3, 3)]
    assert {call[2] for call in calls} == {"one.flac", "two.ogg", "three_notes.wav"}
    tracks = found.tracks()
    assert [track.title for track in tracks] == ["apple", "three notes", "Zebra"]
    assert (tracks[2].artist, tracks[2].genre) == ("Ada", "folk")
    for track in tracks:
        assert Path(track.path).is_file()
        assert track.duration == pytest.approx(3.0, abs=0.1)
        assert track.tempo == pytest.approx(120, rel=0.05)
        assert 0 <= track.energy <= 1
        assert -1 <= track.mode <= 1
        assert all(-1 <= v <= 1 for v in (track.valence, track.arousal, track.dominance))
        assert track.features.shape == (len(FEATURES),)
        assert np.isfinite(track.features).all()
        assert np.abs(track.features).max() <= 1
        assert found.get(track.track_id) == track or found.get(track.track_id) is track
    assert found.get("absent") is None


def test_another_analyser_may_be_handed_in(folder: Path) -> None:
    class Deaf:
        version = "deaf"

        def describe(self, path: Path) -> MusicDescription:
            calm = from_labels(QUADRANTS, np.array([0.1, 0.7, 0.1, 0.1], np.float32))
            return MusicDescription(9.0, 60.0, 1.0, 0.25, np.zeros(13), np.ones(12), calm)

    options = FolderCatalogue.Options(str(folder), str(folder.parent / "library.sqlite"))
    found = FolderCatalogue(options, Deaf())
    assert found.scan().added == 3
    assert {(track.duration, track.tempo, track.energy) for track in found.tracks()} == {
        (9.0, 60.0, 0.25)
    }
    assert all(track.features[0] == -1 and track.features[-1] == 1 for track in found.tracks())
    again = catalogue(folder)  # the music encoder hears something else
    again.scan()
    assert {track.duration for track in again.tracks()} == {3.0}


def test_a_second_scan_analyses_nothing(folder: Path, analysed: list[str]) -> None:
    catalogue(folder).scan()
    assert len(analysed) == 3
    again = catalogue(folder)
    before = {track.track_id: track for track in again.tracks()}
    assert len(before) == 3  # there before any scan
    report = again.scan()
    assert len(analysed) == 3
    assert (report.added, report.unchanged, report.removed) == (0, 3, 0)
    for track in again.tracks():
        np.testing.assert_array_equal(track.features, before[track.track_id].features)
        assert track.valence == before[track.track_id].valence


def test_unchanged_files_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(folder).scan()
    opened: list[Path] = []
    real = Path.open

    def recording(self: Path, *args: object, **kwargs: object) -> object:
        opened.append(self)
        return real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", recording)
    catalogue(folder).scan()
    assert not [path for path in opened if path.suffix in files.SOUND]


def test_a_renamed_file_keeps_its_analysis(folder: Path, analysed: list[str]) -> None:
    first = catalogue(folder)
    first.scan()
    before = {track.title: track.track_id for track in first.tracks()}
    (folder / "one.flac").rename(folder / "more" / "renamed.flac")
    report = first.scan()
    assert len(analysed) == 3
    assert (report.added, report.unchanged, report.removed) == (0, 3, 0)
    after = {track.title: track for track in first.tracks()}
    assert after["Zebra"].track_id == before["Zebra"]
    assert after["Zebra"].path.endswith("renamed.flac")


def test_changes_and_removals_are_noticed(folder: Path, analysed: list[str]) -> None:
    found = catalogue(folder)
    found.scan()
    (folder / "more" / "two.ogg").unlink()
    write_tone(folder / "three_notes.wav", 600)
    os.utime(folder / "one.flac")  # touched, same content
    report = found.scan()
    assert analysed[3:] == ["three_notes.wav"]
    assert (report.added, report.unchanged, report.removed) == (1, 1, 2)
    assert len(found.tracks()) == 2


def test_new_tags_are_read_without_touching_identity_of_the_rest(folder: Path) -> None:
    found = catalogue(folder)
    found.scan()
    write_tone(folder / "one.flac", 330, title="Quagga")
    found.scan()
    assert "Quagga" in {track.title for track in found.tracks()}


def test_copies_are_one_track(folder: Path) -> None:
    shutil.copy(folder / "one.flac", folder / "copy.flac")
    found = catalogue(folder)
    assert found.scan().added == 3
    assert len(found.tracks()) == 3


def test_unreadable_files_are_listed(folder: Path, analysed: list[str]) -> None:
    (folder / "empty.mp3").touch()
    (folder / "text.mp3").write_text("this is no music " * 100)
    for ending in ("flac", "ogg", "wav", "mp3"):
        whole = write_tone(folder / f"cut.{ending}", 500, seconds=8.0).read_bytes()
        (folder / f"cut.{ending}").write_bytes(whole[: len(whole) // 2])
    soundfile.write(folder / "silent.wav", np.zeros(2 * RATE), RATE)
    soundfile.write(folder / "blink.wav", np.full(100, 0.1), RATE)
    (folder / "dangling.mp3").symlink_to(folder / "absent.mp3")
    found = catalogue(folder)
    report = found.scan()
    assert len(found.tracks()) == report.added == 3
    names = {Path(path).name for path in report.unreadable}
    assert names == {
        "empty.mp3",
        "text.mp3",
        "cut.flac",
        "cut.ogg",
        "cut.wav",
        "cut.mp3",
        "silent.wav",
        "blink.wav",
        "dangling.mp3",
    }
    for path, reason in report.unreadable.items():
        assert Path(path).name in reason
    count = len(analysed)
    assert set(found.scan().unreadable) == set(report.unreadable)
    assert len(analysed) == count  # known to be bad


def test_a_forbidden_file_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def forbidding(self: Path, *args: object, **kwargs: object) -> object:
        if self.name == "one.flac":
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)  # type: ignore[arg-type]

    found = catalogue(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", forbidding)
        report = found.scan()
        assert "Permission denied" in report.unreadable[str(folder / "one.flac")]
    assert found.scan().added == 1
    assert len(found.tracks()) == 3


@pytest.mark.parametrize("kind", ["absent", "file", "empty"])
def test_a_folder_without_music_says_what_to_do(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.touch()
    elif kind == "empty":
        place.mkdir()
    with pytest.raises(InputError) as error:
        catalogue(place).scan()
    assert "place" in error.value.cause
    assert error.value.remedy


def test_an_unreadable_folder_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "scandir", refuse)
    with pytest.raises(InputError, match="cannot be read"):
        catalogue(folder).scan()


@pytest.mark.parametrize("damage", ["middle", "version"])
def test_a_corrupt_database_is_moved_aside(
    folder: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    database = folder.parent / "library.sqlite"
    catalogue(folder).scan()
    if damage == "middle":
        content = bytearray(database.read_bytes())
        content[100:] = b"\xff" * (len(content) - 100)
        database.write_bytes(content)
    else:
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA user_version=99")
        connection.close()
    with caplog.at_level(logging.WARNING):
        found = catalogue(folder)
        assert found.scan().added + found.scan().unchanged == 6
    assert "not usable" in caplog.text
    assert len(list(folder.parent.glob("library.sqlite.corrupt-*"))) >= 1
    assert len(catalogue(folder).tracks()) == 3


def test_a_full_disk_leaves_the_analysis_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*values: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "transaction", fail)
    found = catalogue(folder)
    with pytest.raises(StorageError) as error:
        found.scan()
    assert "disk is full" in error.value.cause
    assert error.value.remedy
    assert len(found.tracks()) == 3


def test_a_database_that_cannot_be_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").mkdir()
    found = catalogue(folder, tmp_path / "blocked")
    with pytest.raises(StorageError, match="blocked"):
        found.scan()
    assert len(found.tracks()) == 3
    assert (tmp_path / "blocked").is_dir()


def test_another_model_analyses_again(
    folder: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue(folder).scan()
    monkeypatch.setattr(analysis, "ANALYSIS", "next")
    found = catalogue(folder)
    found.scan()
    assert len(analysed) == 6
    assert len(found.tracks()) == 3


def test_a_new_model_hears_every_track_anew_and_says_how_far_it_is(folder: Path) -> None:
    class Listener:
        def __init__(self, version: str, arousal: float) -> None:
            self.version = version
            self.mood = replace(from_labels(QUADRANTS, np.full(4, 0.25)), arousal=arousal)

        def describe(self, path: Path) -> MusicDescription:
            return MusicDescription(9.0, 60.0, 1.0, 0.25, np.zeros(13), np.ones(12), self.mood)

    options = FolderCatalogue.Options(str(folder), str(folder.parent / "library.sqlite"))
    before = FolderCatalogue(options, Listener("2.0.0", 0.96))
    before.scan()
    found = FolderCatalogue(options, Listener("3.0.0", -0.2))
    # What the last model heard is there until the new one has listened.
    assert {track.arousal for track in found.tracks()} == {0.96}
    calls: list[tuple[int, int, str]] = []
    report = found.scan(lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(1, 3), (2, 3), (3, 3)]
    assert {track.arousal for track in found.tracks()} == {-0.2}
    assert {track.features[FEATURES.index("arousal")] for track in found.tracks()} == {
        np.float32(-0.2)
    }
    assert (report.added, report.unchanged, report.removed) == (0, 3, 0)
    # The analyses of the model before are kept for whoever goes back to it.
    again = FolderCatalogue(options, Listener("2.0.0", 0.0))
    again.scan()
    assert {track.arousal for track in again.tracks()} == {0.96}


def test_folders_share_a_database_without_mixing(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "music2"
    other.mkdir()
    write_tone(other / "four.flac", 700)
    database = tmp_path / "shared.sqlite"
    catalogue(folder, database).scan()
    report = catalogue(other, database).scan()
    assert (report.added, report.removed) == (1, 0)
    assert len(catalogue(folder, database).tracks()) == 3
    assert len(catalogue(other, database).tracks()) == 1


def test_tracks_can_be_read_during_a_scan(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = catalogue(folder)
    reached, go_on = threading.Event(), threading.Event()
    real = library.describe

    def slow(path: Path, track_id: str, analyser: Analyser) -> object:
        if path.name == "three_notes.wav":
            reached.set()
            assert go_on.wait(30)
        return real(path, track_id, analyser)

    monkeypatch.setattr(library, "describe", slow)
    worker = threading.Thread(target=found.scan)
    worker.start()
    assert reached.wait(30)
    assert len(found.tracks()) == 2
    go_on.set()
    worker.join(30)
    assert len(found.tracks()) == 3


def test_an_interrupted_scan_goes_on(folder: Path, analysed: list[str]) -> None:
    def stop(done: int, total: int, name: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catalogue(folder).scan(stop)
    assert len(analysed) == 2
    catalogue(folder).scan()
    assert len(analysed) == 3


def test_tags_of_every_format(tmp_path: Path) -> None:
    place = tmp_path / "tags"
    place.mkdir()
    for ending in ("mp3", "ogg", "flac"):
        write_tone(place / f"{ending}.{ending}", title=f"T {ending}", artist="A", genre="G")
    from mutagen.id3 import TIT2, TPE1
    from mutagen.wave import WAVE

    wav = WAVE(write_tone(place / "wav.wav"))
    wav.add_tags()
    wav.tags.add(TIT2(encoding=3, text=["T wav"]))
    wav.tags.add(TPE1(encoding=3, text=["A"]))
    wav.save()
    for ending in ("mp3", "ogg", "flac", "wav"):
        title, artist, genre = read_tags(place / f"{ending}.{ending}")
        assert (title, artist) == (f"T {ending}", "A")
        assert genre == ("" if ending == "wav" else "G")


class Quick:
    """Hears the same in every file."""

    version = "quick"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def describe(self, path: Path) -> MusicDescription:
        self.heard.append(path.name)
        calm = from_labels(QUADRANTS, np.array([0.1, 0.7, 0.1, 0.1], np.float32))
        return MusicDescription(9.0, 60.0, 1.0, 0.25, np.zeros(13), np.ones(12), calm)


def quick(folder: Path, analyser: Analyser | None = None) -> FolderCatalogue:
    database = str(folder.parent / "library.sqlite")
    return FolderCatalogue(FolderCatalogue.Options(str(folder), database), analyser or Quick())


def test_odd_files_cost_those_files(folder: Path, mortal: None) -> None:
    os.mkfifo(folder / "pipe.wav")  # opening it would wait for ever
    (folder / "locked").mkdir()
    (folder / "locked" / "four.wav").write_bytes(b"x")
    (folder / "locked").chmod(0)
    secret = write_tone(folder / "secret.wav", 600)
    secret.chmod(0)
    name = os.fsencode(folder) + b"/\xff\xfe.wav"
    shutil.copy(folder / "three_notes.wav", name)
    found = quick(folder)
    report = found.scan(lambda done, total, shown: shown.encode("utf-8"))
    (folder / "locked").chmod(0o700)
    reasons = {Path(path).name: reason for path, reason in report.unreadable.items()}
    assert "is a pipe, not a file" in reasons["pipe.wav"]
    assert "Permission denied" in reasons["locked"]
    assert "Permission denied" in reasons["secret.wav"]
    assert "no UTF-8 text" in reasons["\\xff\\xfe.wav"]
    assert len(reasons) == 4
    assert len(found.tracks()) == 3
    assert all(reason.encode("utf-8") for reason in report.unreadable.values())


@pytest.mark.parametrize("error", [ValueError, RuntimeError, MemoryError, OSError, KeyError])
def test_whatever_a_decoder_raises_costs_that_file(folder: Path, error: type[Exception]) -> None:
    class Fragile(Quick):
        broken = True

        def describe(self, path: Path) -> MusicDescription:
            if path.name == "two.ogg" and self.broken:
                raise error("inside of a library")
            return super().describe(path)

    analyser = Fragile()
    found = quick(folder, analyser)
    (reason,) = found.scan().unreadable.values()
    assert "two.ogg' cannot be analysed" in reason
    assert error.__name__ in reason
    assert len(found.tracks()) == 2
    analyser.broken = False
    assert found.scan().added == 1  # it was not remembered as unusable


def test_a_file_that_vanishes_during_the_scan(folder: Path) -> None:
    class Removing(Quick):
        def describe(self, path: Path) -> MusicDescription:
            for other in [one for one in folder.rglob("*.*") if one != path]:
                other.unlink()
            return super().describe(path)

    found = quick(folder, Removing())
    assert len(found.scan().unreadable) == 2
    assert len(found.tracks()) == 1
    assert found.scan().unreadable == {}


def test_whatever_tags_raise_the_file_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mutagen

    class Frame:
        text: tuple[str, ...] = ()

    class Tags:
        def get(self, name: str) -> object:
            if name == "artist":
                raise AttributeError("inside of a library")
            return Frame() if name == "title" else "\ud800" if name == "genre" else None

    monkeypatch.setattr(mutagen, "File", lambda path, easy: Tags())
    found = quick(folder)
    assert found.scan().added == 3
    assert {track.title for track in found.tracks()} == {"one", "two", "three notes"}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("analyses", "features", b"odd"),
        ("analyses", "features", np.zeros(3, np.float32).tobytes()),
        ("analyses", "features", np.full(len(FEATURES), np.nan, np.float32).tobytes()),
        ("analyses", "features", "a text"),
        ("analyses", "tempo", "fast"),
        ("analyses", "energy", float("inf")),
        ("files", "size", "large"),
        ("files", "modified", b"x"),
        ("files", "track_id", b"\xff"),
        ("files", "title", b"x"),
    ],
)
def test_a_row_that_makes_no_sense_costs_that_row(
    folder: Path, caplog: pytest.LogCaptureFixture, table: str, column: str, value: object
) -> None:
    quick(folder).scan()
    connection = sqlite3.connect(folder.parent / "library.sqlite", isolation_level=None)
    (key,) = connection.execute(f"SELECT min(rowid) FROM {table}").fetchone()
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, key))
    connection.close()
    found = quick(folder)
    assert len(found.tracks()) == 2
    assert f"of table {table} makes no sense" in caplog.text
    assert found.scan().unreadable == {}
    assert len(found.tracks()) == 3
    caplog.clear()
    assert len(quick(folder).tracks()) == 3  # it was made again
    assert not caplog.records


def test_a_row_of_nothing_is_left_out(folder: Path) -> None:
    quick(folder).scan()
    connection = sqlite3.connect(folder.parent / "library.sqlite", isolation_level=None)
    connection.execute(
        "INSERT INTO files SELECT NULL, size, modified, track_id, title, artist, genre, version,"
        " error, album, number FROM files"
    )
    connection.close()
    assert len(quick(folder).tracks()) == 3
    assert quick(folder).scan().unchanged == 3


def test_a_database_of_somebody_else_is_left_alone(folder: Path) -> None:
    database = folder.parent / "library.sqlite"
    database.write_text("dear Ada")
    found = quick(folder)
    with pytest.raises(StorageError, match="no database of this program"):
        found.scan()
    assert len(found.tracks()) == 3
    assert database.read_text() == "dear Ada"
    assert not list(folder.parent.glob("library.sqlite?*"))


@pytest.mark.parametrize("wrong", ["~nobody-like-this/x", "a\0b", "x" * 300])
def test_paths_that_are_none_are_told(folder: Path, wrong: str) -> None:
    with pytest.raises(InputError, match="music folder"):
        FolderCatalogue(FolderCatalogue.Options(path=wrong))
    found = FolderCatalogue(FolderCatalogue.Options(str(folder), wrong), Quick())
    with pytest.raises(StorageError, match="library database"):
        found.scan()
    assert len(found.tracks()) == 3


def test_a_read_only_library_works(folder: Path, mortal: None) -> None:
    image = folder.parent / "image"
    image.mkdir()
    options = FolderCatalogue.Options(str(folder), str(image / "library.sqlite"))
    FolderCatalogue(options, Quick()).scan()
    image.chmod(0o500)
    analyser = Quick()
    found = FolderCatalogue(options, analyser)
    assert len(found.tracks()) == 3
    report = found.scan()
    image.chmod(0o700)
    assert (report.unchanged, report.unreadable, analyser.heard) == (3, {}, [])
    assert [path.name for path in image.iterdir()] == ["library.sqlite"]


SCAN = """
import sys
from pathlib import Path
from emo_music_ros.recommendation.library.folder import FolderCatalogue
from emo_music_ros.emotion import QUADRANTS, from_labels
from emo_music_ros.streams import MusicDescription
import numpy as np

class Quick:
    version = "quick"
    def describe(self, path):
        calm = from_labels(QUADRANTS, np.array([0.1, 0.7, 0.1, 0.1], np.float32))
        return MusicDescription(9.0, 60.0, 1.0, 0.25, np.zeros(13), np.ones(12), calm)

found = FolderCatalogue(FolderCatalogue.Options(sys.argv[1], sys.argv[2]), Quick())
print("ready", flush=True)
sys.stdin.readline()
report = found.scan()
assert not report.unreadable, report.unreadable
print(len(found.tracks()))
"""


def test_two_processes_scan_at_once(tmp_path: Path) -> None:
    place = tmp_path / "music"
    place.mkdir()
    for number in range(100):
        write_tone(place / f"{number}.wav", 200.0 + number, seconds=0.1)
    scanners = [
        subprocess.Popen(
            [sys.executable, "-c", SCAN, str(place), str(tmp_path / "library.sqlite")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(emo_music_ros.__file__).parents[1])},
        )
        for _ in range(2)
    ]
    for scanner in scanners:
        assert scanner.stdout is not None
        assert scanner.stdout.readline() == "ready\n"
    for scanner in scanners:
        assert scanner.stdin is not None
        scanner.stdin.write("go\n")
        scanner.stdin.flush()
    for scanner in scanners:
        output, errors = scanner.communicate(timeout=120)
        assert output == "100\n", errors
    assert len(quick(place).tracks()) == 100
    analyser = Quick()
    assert quick(place, analyser).scan().unchanged == 100
    assert analyser.heard == []
    assert not list(tmp_path.glob("*.corrupt-*"))
