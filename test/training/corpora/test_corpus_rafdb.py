# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import rafdb


def write(folder, *lines):
    """Write pictures as published for lines such as ``train_00001.jpg 5``."""
    root = folder / "rafdb" / "basic"
    (root / "EmoLabel").mkdir(parents=True)
    (root / "Image" / "aligned").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for line in lines:
        name = line.split(" ")[0].replace(".jpg", "_aligned.jpg")
        picture = draw.integers(0, 256, (100, 100, 3), np.uint8)
        cv2.imwrite(str(root / "Image" / "aligned" / name), picture)
    (root / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    return root


def test_parts_stay_apart_and_numbers_become_classes(tmp_path):
    write(tmp_path, "train_00001.jpg 5", "train_00002.jpg 1", "test_0001.jpg 7")
    train, test = rafdb.load(tmp_path, "train"), rafdb.load(tmp_path, "test")
    assert [FER2013[label] for label in train.labels] == ["sadness", "surprise"]
    assert [FER2013[label] for label in test.labels] == ["neutral"]
    assert train.items[0].shape == (100, 100, 3)


def test_where_it_is_not_there_is_none(tmp_path):
    assert rafdb.load(tmp_path, "train") is None


@pytest.mark.parametrize("line", ["train_00001.jpg 8", "train_00001.jpg", "train_00001.jpg x"])
def test_odd_lines_are_refused(tmp_path, line):
    write(tmp_path, line)
    with pytest.raises(InputError, match="line 1"):
        rafdb.load(tmp_path, "train")


def test_a_missing_picture_is_told(tmp_path):
    root = write(tmp_path, "train_00001.jpg 2")
    (root / "Image" / "aligned" / "train_00001_aligned.jpg").unlink()
    with pytest.raises(InputError, match="no picture"):
        rafdb.load(tmp_path, "train")
    with pytest.raises(InputError, match="no pictures of test"):
        rafdb.load(tmp_path, "test")
