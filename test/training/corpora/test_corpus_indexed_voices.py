# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import soundfile

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import indexed_voices

TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.float32)
HEAD = "file,speaker,gender,age,language,emotion,text_id"


def write(folder, *rows, head=HEAD):
    (folder / "audio" / "f1").mkdir(parents=True)
    for name in ("a", "b", "c"):
        soundfile.write(folder / "audio" / "f1" / f"{name}.flac", TONE, 16000)
    (folder / "index.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8-sig")
    return folder


def test_what_the_table_lists_is_read(tmp_path):
    folder = write(
        tmp_path / "emovo",
        "f1/a.flac,f1,female,,it,joy,b1",
        "f1/b.flac,m1,male,70,it,disgust,b1",
        "f1/c.flac,m1,male,70,it,boredom,b1",
    )
    corpus = indexed_voices.load(folder)
    assert corpus.name == "EMOVO"
    assert [RAVDESS[label] for label in corpus.labels] == ["happiness", "disgust"]
    assert corpus.people.tolist() == ["f1", "m1"]
    assert corpus.groups["sex"].tolist() == ["female", "male"]
    assert corpus.groups["language"].tolist() == ["it", "it"]
    assert len(corpus.items[0]) == 16000


@pytest.mark.parametrize(
    ("head", "row", "words"),
    [
        ("file,speaker,gender,language", "f1/a.flac,f1,female,it", "no column emotion"),
        (HEAD, "f1/none.flac,f1,female,,it,joy,b1", "line 2.*f1/none.flac"),
        (HEAD, "f1/a.flac,f1,female,,it,boredom,b1", "no emotion"),
        (HEAD, "f1/a.flac,,female,,it,joy,b1", "line 2: speaker ''"),
        (HEAD, "f1/a.flac,f1,female,,it,hunger,b1", "line 2: emotion 'hunger'"),
    ],
)
def test_a_table_that_does_not_say_enough_is_refused(tmp_path, head, row, words):
    with pytest.raises(InputError, match=words):
        indexed_voices.load(write(tmp_path / "mine", row, head=head))


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(InputError, match=r"index\.csv"):
        indexed_voices.load(tmp_path)
