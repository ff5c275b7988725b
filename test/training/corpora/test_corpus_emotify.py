# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The loader of Emotify, on a folder in its published format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros import emotion
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import emotify

HEADER = (
    "track_id,genre,amazement,solemnity,tenderness,nostalgia,calmness,power,joyful_activation,"
    "tension,sadness,mood,liked,disliked,age,gender,mother_tongue\n"
)
ROWS = (
    "7,pop,0,0,0,0,0,0,1,0,0,3,1,0,25,1,English\n"
    "7,pop,0,0,0,1,0,0,1,0,0,3,0,0,64,0,Dutch\n"
    "7,pop,1,1,1,1,1,1,1,1,1,3,1,0,99,0,Dutch\n"
    "2,classical,0,0,0,0,1,0,0,0,1,4,0,1,30,1,Dutch\n"
    "10,rock,0,0,0,0,0,1,0,1,0,4,0,1,30,1,Dutch\n"
    "2,classical,1,1,1,1,1,1,1,1,1,4,0,1,5,1,Dutch\n"
)
FEATURES = "track_id,genre,file_no,dur_s,tempo_bpm\n2,classical,2,60,90\n7,pop,7,60,120\n"


def write(folder: Path, rows: str = ROWS, features: str = FEATURES) -> Path:
    (folder / "annotations.csv").write_text(HEADER + rows, "utf-8")
    (folder / "snippets10s").mkdir()
    for track in (2, 7, 10):
        (folder / "snippets10s" / f"{track:03d}.opus").write_bytes(b"OggS")
    if features:
        (folder / "track_features.csv").write_text(features, "utf-8")
    return folder


def test_tracks_with_the_mean_answer_of_their_listeners(tmp_path: Path) -> None:
    tracks = emotify.load(write(tmp_path))
    # Track 10 is divisible by five; listeners of 5 and 99 years are mistakes.
    assert tracks.names.tolist() == [2, 7]
    assert [file.name for file in tracks.files] == ["002.opus", "007.opus"]
    assert tracks.genres.tolist() == ["classical", "pop"]
    assert tracks.listeners.tolist() == [1, 2]
    assert tracks.left_out == 2
    answers = dict(zip(emotify.ANSWERS, tracks.answers.T))
    assert answers["joyful_activation"].tolist() == [0, 1]
    assert answers["nostalgia"].tolist() == [0, 0.5]
    assert answers["calmness"].tolist() == [1, 0]
    assert answers["liked"].tolist() == [0, 0.5]
    assert tracks.features.tolist() == [[60, 90], [60, 120]]


def test_listeners_over_sixty_apart(tmp_path: Path) -> None:
    tracks = emotify.load(write(tmp_path))
    assert tracks.older_listeners.tolist() == [0, 1]
    assert np.isnan(tracks.older[0]).all()
    assert tracks.older[1, emotion.GEMS.index("nostalgia")] == 1


def test_axes_are_derived_from_what_was_felt() -> None:
    answers = np.eye(10)
    valence, arousal = emotify.derived_axes(answers).T
    at = emotion.GEMS.index
    assert valence[at("joyful_activation")] == 1
    assert valence[at("sadness")] == -1
    assert arousal[at("power")] == arousal[at("tension")] == pytest.approx(1 / 3)
    assert arousal[at("calmness")] == arousal[at("tenderness")] == -1 / 2
    assert valence[at("calmness")] == arousal[at("sadness")] == 0
    everything = emotify.derived_axes(np.ones((1, 10)))
    np.testing.assert_allclose(everything, 0)


def test_the_features_may_be_absent(tmp_path: Path) -> None:
    assert emotify.load(write(tmp_path, features="")).features.size == 0


def test_missing_audio_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "snippets10s" / "007.opus").unlink()
    with pytest.raises(InputError, match="007.opus"):
        emotify.load(tmp_path)


def test_missing_annotations(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="annotations.csv"):
        emotify.load(tmp_path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,pop" + ",0" * 12 + ",30,1,Dutch", "row 1"),
        ("1,pop,2" + ",0" * 11 + ",30,1,Dutch", "neither 0 nor 1"),
        ("1,folk" + ",0" * 12 + ",30,1,Dutch", "no genre"),
        ("1,pop,0", "row 1"),
        ("5,pop" + ",0" * 12 + ",30,1,Dutch", "no track"),
    ],
)
def test_a_row_that_is_not_as_published(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        emotify.load(write(tmp_path, row + "\n"))


def test_features_of_other_tracks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="track_features.csv"):
        emotify.load(write(tmp_path, features=FEATURES.replace("\n7,", "\n8,")))
