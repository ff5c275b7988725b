# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is said of a music folder that is none, and which files count as music."""

from __future__ import annotations

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.library.files import audio_files, refuse_truncated_ogg


@pytest.mark.parametrize(
    ("kind", "said"),
    [("absent", "does not exist"), ("file", "is not a folder"), ("empty", "holds no music")],
)
def test_what_is_wrong_with_a_folder_is_named(tmp_path, kind, said):
    place = tmp_path / "place"
    if kind == "file":
        place.touch()
    elif kind == "empty":
        place.mkdir()
    with pytest.raises(InputError) as error:
        audio_files(place)
    assert said in error.value.cause


def test_music_is_found_by_its_ending_below_the_folder_and_hidden_files_are_not(tmp_path):
    for name in ("b.OGG", "a.mp3", "notes.txt", ".hidden.ogg", "deep/er/c.flac", "d.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in audio_files(tmp_path)]
    assert found == ["a.mp3", "b.OGG", "d.wav", "deep/er/c.flac"]


LAST, MIDDLE = b"OggS\0\4more", b"OggS\0\0more"


@pytest.mark.parametrize(
    ("name", "content", "whole"),
    [
        ("a.ogg", MIDDLE + LAST, True),
        ("a.ogg", LAST + MIDDLE, False),
        ("a.OGG", MIDDLE, False),
        ("a.ogg", MIDDLE + b"\0" * 1000, False),
        ("a.ogg", LAST + b"OggS\0", True),  # too short to tell: the decoder will
        ("a.ogg", b"no page at all", True),
        ("a.ogg", b"", True),
        ("a.mp3", MIDDLE, True),
    ],
)
def test_an_ogg_file_whose_last_page_is_not_the_end_is_truncated(tmp_path, name, content, whole):
    path = tmp_path / name
    path.write_bytes(content)
    if whole:
        refuse_truncated_ogg(path)
    else:
        with pytest.raises(InputError, match="truncated"):
            refuse_truncated_ogg(path)


def test_linked_folders_belong_to_the_library_and_circles_end(tmp_path):
    elsewhere, music = tmp_path / "disk", tmp_path / "music"
    (elsewhere / "album").mkdir(parents=True)
    music.mkdir()
    (elsewhere / "album" / "song.mp3").touch()
    (music / "own.m4a").touch()
    (music / "disk").symlink_to(elsewhere)
    (music / "again").symlink_to(elsewhere)
    (elsewhere / "album" / "back").symlink_to(music)
    (music / "nowhere").symlink_to(tmp_path / "gone")
    found = [path.name for path in audio_files(music)]
    assert sorted(found) == ["own.m4a", "song.mp3"]


def test_what_comes_after_a_circle_is_found(tmp_path):
    for name in "abcdef":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.mp3").touch()
        (tmp_path / name / "back").symlink_to(tmp_path)
    assert sorted(path.stem for path in audio_files(tmp_path)) == list("abcdef")
