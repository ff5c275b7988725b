# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import pytest

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ravdess_faces

HEAD = "clip,audio_clip,actor,sex,emotion,AU01_r_mean,AU01_c_mean\n"
ROWS = (
    "01-01-04-01-01-01-02,03-01-04-01-01-01-02,2,female,sad,0.5,1.0\n"
    "01-01-05-01-01-01-01,03-01-05-01-01-01-01,1,male,angry,0.0,0.25\n"
)


def test_action_units_and_the_takes_they_are_of(tmp_path):
    (tmp_path / ravdess_faces.NAME).write_text(HEAD + ROWS)
    corpus, clips = ravdess_faces.load(tmp_path)
    assert [RAVDESS[label] for label in corpus.labels] == ["sadness", "anger"]
    assert corpus.items.tolist() == [[0.5, 1.0], [0.0, 0.25]]
    assert corpus.people.tolist() == [2, 1]
    assert corpus.groups["sex"].tolist() == ["female", "male"]
    assert clips == ["03-01-04-01-01-01-02", "03-01-05-01-01-01-01"]


@pytest.mark.parametrize(
    "text", ["", HEAD, HEAD + ROWS + ROWS, HEAD + ROWS.replace("0.25", "x"), "a,b\n1,2\n"]
)
def test_a_damaged_table_is_named(tmp_path, text):
    (tmp_path / ravdess_faces.NAME).write_text(text)
    with pytest.raises(InputError, match="ravdess_au_mean"):
        ravdess_faces.load(tmp_path)


def test_a_missing_table_is_named(tmp_path):
    assert ravdess_faces.find(tmp_path) is None
    with pytest.raises(InputError, match="holds no"):
        ravdess_faces.load(tmp_path)
