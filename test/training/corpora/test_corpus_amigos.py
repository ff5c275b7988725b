# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import amigos


def publish(root, person="P01", unseen=(18,), change=None):
    """Write a person's preprocessed data: rows of 20 cells, empty where a film was not seen."""
    generator = np.random.default_rng(0)
    films, ratings, outside = (np.empty((1, 20), object) for _ in range(3))
    for film in range(20):
        seen = film + 1 not in unseen
        films[0, film] = generator.normal(size=(1300 + film, 17)) if seen else np.empty((0, 0))
        rating = np.r_[7.0, 3.0, np.full(10, 5.0)][None]  # arousal, valence, ...
        ratings[0, film] = rating if seen else np.empty((0, 0))
        outside[0, film] = np.zeros((1, 2))
    content = {
        "joined_data": films,
        "labels_selfassessment": ratings,
        "labels_ext_annotation": outside,
    }
    folder = root / f"Data_Preprocessed_{person}"
    folder.mkdir(parents=True)
    savemat(folder / f"Data_Preprocessed_{person}.mat", {**content, **(change or {})})
    return root


def test_films_as_published(tmp_path):
    publish(publish(tmp_path), "P02", unseen=())
    corpus = amigos.load(tmp_path)
    assert len(corpus) == 39
    assert corpus.people.tolist() == ["P01"] * 19 + ["P02"] * 20
    np.testing.assert_allclose(corpus.labels, [[-0.5, 0.5]] * 39)
    trial = corpus.items[1]
    assert {kind: signal.shape for kind, signal in trial.signals.items()} == {
        "eeg": (1301, 14), "ecg": (1301, 2), "eda": (1301, 1),
    }  # fmt: skip
    assert trial.channels["eeg"][:2] == ("AF3", "F7")
    assert trial.signals["eda"].dtype == np.float32


def test_films_without_rating_are_left_out(tmp_path):
    ratings = np.empty((1, 20), object)
    for film in range(20):
        ratings[0, film] = np.full((1, 12), np.nan if film < 5 else 5.0)
    publish(tmp_path, unseen=(), change={"labels_selfassessment": ratings})
    assert len(amigos.load(tmp_path)) == 15


def test_missing_samples_do_not_spread(tmp_path):
    films = np.empty((1, 20), object)
    for film in range(20):
        films[0, film] = np.ones((1300, 17))
        films[0, film][3:9] = np.nan
    publish(tmp_path, unseen=(), change={"joined_data": films})
    assert all(np.isfinite(item.signals["ecg"]).all() for item in amigos.load(tmp_path).items)


@pytest.mark.parametrize(
    "change",
    [
        {"joined_data": np.zeros((3, 3))},
        {"labels_selfassessment": np.array([[None] * 19], object)},
        {"joined_data": np.array([[np.zeros((1300, 3))] * 20 + [0]], object)[:, :20]},
    ],
    ids=["no cells", "fewer ratings", "channels"],
)
def test_odd_recordings_are_told_by_name(tmp_path, change):
    try:
        publish(tmp_path, unseen=(), change=change)
    except TypeError:  # None cannot be written: as many empty cells do as well
        cells = np.empty((1, 19), object)
        cells[:] = [[np.zeros((1, 12))] * 19]
        publish(tmp_path / "again", unseen=(), change={"labels_selfassessment": cells})
    with pytest.raises(InputError, match=r"Data_Preprocessed_P01\.mat"):
        amigos.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no matlab", b"MATLAB 5.0 MAT-file" + bytes(200)])
def test_damaged_files_are_told_by_name(tmp_path, content):
    folder = tmp_path / "Data_Preprocessed_P03"
    folder.mkdir()
    (folder / "Data_Preprocessed_P03.mat").write_bytes(content)
    with pytest.raises(InputError, match=r"Data_Preprocessed_P03\.mat"):
        amigos.load(tmp_path)


def test_a_truncated_or_missing_file_is_told(tmp_path):
    path = publish(tmp_path) / "Data_Preprocessed_P01" / "Data_Preprocessed_P01.mat"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="Data_Preprocessed_P01"):
        amigos.load(tmp_path)
    with pytest.raises(InputError, match="AMIGOS"):
        amigos.load(tmp_path / "absent")
