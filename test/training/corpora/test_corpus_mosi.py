# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import mosi


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.csv").write_text(
        "utt,speaker_video,utt_no,positive,split,transcript\n"
        "a_1,a,1,1,train,GOOD\na_2,a,2,0,train,BAD\nb_1,b,1,1,train,FINE\n"
    )
    tables = {
        name: np.ones((3, size), np.float16)
        for name, size in (("audio", 73), ("video", 100), ("text", 100))
    }
    np.savez(tmp_path / "features.npz", **tables)
    return tmp_path


def test_rows_people_and_signs(folder):
    corpus, voices = mosi.load(folder)
    assert corpus.labels.tolist() == [1, 0, 1]
    assert corpus.people.tolist() == ["a", "a", "b"]
    assert corpus.items == ["GOOD", "BAD", "FINE"]
    assert voices.shape == (3, 73)


def test_the_folder_above_is_found(folder, tmp_path):
    inner = tmp_path / "multimodal" / "cmu_mosi"
    inner.mkdir(parents=True)
    for name in mosi.FILES:
        (folder / name).rename(inner / name)
    assert len(mosi.load(tmp_path)[0]) == 3


def test_what_is_missing_or_damaged_is_named(folder):
    np.savez(folder / "features.npz", audio=np.ones((2, 73)))
    with pytest.raises(InputError, match="cmu_mosi|features|as published|differ"):
        mosi.load(folder)
    (folder / "features.npz").unlink()
    with pytest.raises(InputError, match="no CMU-MOSI"):
        mosi.load(folder)
