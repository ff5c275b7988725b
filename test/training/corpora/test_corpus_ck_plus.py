# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ck_plus


def picture(path: Path, shade: int, size: tuple[int, int] = (49, 64)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full(size, shade, np.uint8))


def sequence(folder: Path, person: str, series: str, frames: int, label: str | None) -> None:
    images = folder / "cohn-kanade-images" / person / series
    for number in range(1, frames + 1):
        picture(images / f"{person}_{series}_{number:08d}.png", 10 * number)
    notes = folder / "Emotion" / person / series
    notes.mkdir(parents=True)  # present but empty where a sequence has no label
    if label is not None:
        (notes / f"{person}_{series}_{frames:08d}_emotion.txt").write_text(label, "ascii")


def test_it_reads_the_apex_and_the_neutral_frame(tmp_path: Path) -> None:
    sequence(tmp_path, "S005", "001", 3, "   3.0000000e+00\n")
    sequence(tmp_path, "S005", "002", 2, None)
    sequence(tmp_path, "S010", "004", 4, "   7.0000000e+00\n")
    corpus = ck_plus.load(tmp_path)
    assert [corpus.classes[label] for label in corpus.labels] == [
        "disgust",
        "neutral",
        "surprise",
        "neutral",
    ]
    assert [int(image[0, 0]) for image in corpus.items] == [30, 10, 40, 10]
    assert corpus.items[0].shape == (49, 64)
    assert corpus.people.tolist() == ["S005", "S005", "S010", "S010"]
    assert len(ck_plus.load(tmp_path, neutral=False)) == 2


def test_folders_of_the_archives_may_stay(tmp_path: Path) -> None:
    sequence(tmp_path, "S011", "003", 2, "  2.0\n")
    for name, archive in (
        ("cohn-kanade-images", "extended-cohn-kanade-images"),
        ("Emotion", "Emotion_labels"),
    ):
        (tmp_path / archive).mkdir()
        (tmp_path / name).rename(tmp_path / archive / name)
    corpus = ck_plus.load(tmp_path, neutral=False)
    assert corpus.classes[corpus.labels[0]] == "contempt"


def test_it_reads_one_folder_per_emotion(tmp_path: Path) -> None:
    picture(tmp_path / "happy" / "S010_006_00000015.png", 50, (48, 48))
    picture(tmp_path / "anger" / "S010_004_00000017.png", 60, (48, 48))
    picture(tmp_path / "anger" / "S011_004_00000019.png", 70, (48, 48))
    corpus = ck_plus.load(tmp_path)
    assert [corpus.classes[label] for label in corpus.labels] == ["anger", "anger", "happiness"]
    assert corpus.people.tolist() == ["S010", "S011", "S010"]


@pytest.mark.parametrize("label", ["8", "-1", "2.5", "nan", "happy", ""])
def test_odd_labels_are_named(tmp_path: Path, label: str) -> None:
    sequence(tmp_path, "S005", "001", 2, label)
    with pytest.raises(InputError, match="S005_001_00000002_emotion.txt") as caught:
        ck_plus.load(tmp_path)
    assert caught.value.remedy


def test_missing_folders_and_frames_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder cohn-kanade-images"):
        ck_plus.load(tmp_path / "absent")
    (tmp_path / "cohn-kanade-images").mkdir()
    with pytest.raises(InputError, match="no folder Emotion"):
        ck_plus.load(tmp_path)
    (tmp_path / "Emotion").mkdir()
    with pytest.raises(InputError, match="no labelled picture"):
        ck_plus.load(tmp_path)
    sequence(tmp_path, "S005", "001", 2, "1.0")
    last = tmp_path / "cohn-kanade-images" / "S005" / "001" / "S005_001_00000002.png"
    last.write_bytes(last.read_bytes()[:20])
    with pytest.raises(InputError, match="is no picture"):
        ck_plus.load(tmp_path)
    last.write_bytes(b"")
    with pytest.raises(InputError, match="is no picture"):
        ck_plus.load(tmp_path)
    last.unlink()
    with pytest.raises(InputError, match="is missing"):
        ck_plus.load(tmp_path)


def test_odd_names_of_faces_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "fear" / "face1.png", 50, (48, 48))
    with pytest.raises(InputError, match=r"face1\.png"):
        ck_plus.load(tmp_path)
