# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import jaffe


def test_people_and_expressions_come_from_the_names(tmp_path):
    folder = tmp_path / "jaffe" / "jaffedbase"
    folder.mkdir(parents=True)
    for name in ("KA.AN1.39", "KM.SU3.16", "readme"):
        cv2.imwrite(str(folder / f"{name}.tiff"), np.zeros((256, 256), np.uint8))
    corpus = jaffe.load(tmp_path)
    assert [FER2013[label] for label in corpus.labels] == ["anger", "surprise"]
    assert corpus.people.tolist() == ["KA", "KM"]
    assert corpus.items[0].shape == (256, 256)


def test_none_where_there_are_no_pictures_and_an_error_for_a_broken_one(tmp_path):
    assert jaffe.load(tmp_path) is None
    (tmp_path / "jaffe").mkdir()
    (tmp_path / "jaffe" / "KA.AN1.39.tiff").write_bytes(b"II")
    with pytest.raises(InputError, match="KA.AN1.39"):
        jaffe.load(tmp_path)
