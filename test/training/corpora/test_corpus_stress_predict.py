# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil

import numpy as np
import pytest

from emo_music_ros.encoding.physiology.encoder import GROUPS, MEASURES, MEMORIES
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import stress_predict


@pytest.fixture(scope="module")
def corpus(stress_predict_folder):
    return stress_predict.load(stress_predict_folder)


def test_windows_and_their_labels(corpus):
    assert corpus.count == 4
    assert set(corpus.people) == {"S02", "S03", "S04", "S05"}
    assert corpus.classes == ("calm", "stress")
    mine = corpus.people == "S03"
    elapsed = np.array([item.elapsed for item in corpus.items])[mine]
    share = np.array([item.share for item in corpus.items])[mine]
    np.testing.assert_allclose(np.diff(elapsed), 10.0)
    # Stress is from 120 to 240 s, windows hold 60 s and the first ends after 10.
    end = elapsed + 10
    expected = np.clip((np.minimum(end, 240) - np.maximum(end - 60, 120)) / 60, 0, 1)
    np.testing.assert_allclose(share[end >= 60], expected[end >= 60], atol=0.02)
    np.testing.assert_array_equal(corpus.labels[mine], share >= 0.5)
    assert end.min() >= 30  # less than half a minute of labels says nothing


def test_items_hold_what_the_encoder_sees(corpus):
    item = corpus.items[20]
    assert item.moment.normalised.shape == (len(MEASURES) * len(MEMORIES),)
    assert item.moment.mask.shape == (len(GROUPS),)
    rate = np.array([item.moment.features["heart_rate"] for item in corpus.items])
    pure = np.array([item.share in (0.0, 1.0) for item in corpus.items])
    np.testing.assert_allclose(rate[pure], np.where(corpus.labels[pure] == 1, 84, 64), atol=3)


def test_the_published_folders_are_found(stress_predict_folder, tmp_path):
    (tmp_path / "Processed_data").mkdir()
    table = tmp_path / "Processed_data" / "Improved_All_Combined_hr_rsp_binary.csv"
    shutil.copy(stress_predict_folder / "hr_rsp_binary.csv", table)
    shutil.copytree(stress_predict_folder / "S04", tmp_path / "Raw_data" / "S04")
    assert [name for name, _, _ in stress_predict.people(tmp_path)] == ["S04"]


@pytest.mark.parametrize(
    "text",
    ["", "Participant,HR\n", "a,b,c,d,e\n2,70,15,word,1\n", "a,b,c,d,e\n2,70,15,1700000000,3\n"],
    ids=["empty", "no rows", "words", "label"],
)
def test_odd_tables_are_told(stress_predict_folder, tmp_path, text):
    shutil.copytree(stress_predict_folder / "S02", tmp_path / "S02")
    (tmp_path / "hr_rsp_binary.csv").write_text(text)
    with pytest.raises(InputError, match="hr_rsp_binary"):
        list(stress_predict.people(tmp_path))


def test_what_is_missing_is_told(stress_predict_folder, tmp_path):
    with pytest.raises(InputError, match=r"hr_rsp_binary\.csv"):
        stress_predict.load(tmp_path)
    shutil.copy(stress_predict_folder / "hr_rsp_binary.csv", tmp_path)
    with pytest.raises(InputError, match="no recordings"):
        stress_predict.load(tmp_path)
