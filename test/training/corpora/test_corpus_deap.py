# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import deap


def test_trials_as_published(deap_folder):
    corpus = deap.load(deap_folder)
    assert len(corpus) == 24
    assert corpus.people.tolist() == ["s01"] * 8 + ["s02"] * 8 + ["s03"] * 8
    assert corpus.classes == ("valence", "arousal")
    np.testing.assert_allclose(corpus.labels[:4, 1], [-0.75, 0.75, -0.75, 0.75])
    assert np.abs(corpus.labels).max() <= 1
    trial = corpus.items[0]
    assert trial.signals["eeg"].shape == (23 * 128, 32)
    assert trial.signals["eeg"].dtype == np.float32
    assert trial.channels["eeg"][0] == "Fp1"
    assert len(set(trial.channels["eeg"])) == 32
    assert set(trial.signals) == {"eeg", "eda", "respiration", "ppg", "temperature"}
    assert trial.signals["ppg"].max() > 500  # column 38 and no other


def test_the_samples_are_those_in_the_file(deap_folder):
    data, labels = deap.read(deap_folder / "s01.dat")
    assert data.shape == (8, 40, 23 * 128)
    assert labels.shape == (8, 4)
    trial = deap.load(deap_folder).items[0]
    np.testing.assert_array_equal(trial.signals["eeg"].T, data[0, :32])
    np.testing.assert_array_equal(trial.signals["eda"][:, 0], data[0, 36])


def test_only_what_is_asked_for_is_kept(deap_folder):
    corpus = deap.load(deap_folder, lambda trial: trial.signals["ppg"].shape)
    assert corpus.items == [(23 * 128, 1)] * 24


def test_python_3_pickles_are_read_too(tmp_path):
    content = {"data": np.zeros((2, 40, 8064)), "labels": np.full((2, 4), 5.0)}
    (tmp_path / "s07.dat").write_bytes(pickle.dumps(content))
    corpus = deap.load(tmp_path)
    assert corpus.people.tolist() == ["s07", "s07"]


class Intruder:
    """What a pickle can do that runs code."""

    def __reduce__(self):
        return print, ("code of the pickle was run",)


@pytest.mark.parametrize("where", ["top", "inside"])
def test_no_code_of_a_pickle_is_run(tmp_path, capsys, where):
    inside = {"data": np.array([Intruder()], object), "labels": np.zeros((1, 4))}
    (tmp_path / "s01.dat").write_bytes(pickle.dumps(Intruder() if where == "top" else inside))
    with pytest.raises(InputError, match=r"s01\.dat.*print"):
        deap.load(tmp_path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        b"\x80\x02}.",
        b"\x80\x02]q\x00.",
        pickle.dumps({"data": np.zeros((2, 40, 8064)), "labels": np.zeros((3, 4))}),
        pickle.dumps({"data": np.zeros((2, 32, 8064)), "labels": np.zeros((2, 4))}),
        pickle.dumps({"data": np.zeros((2, 40, 100)), "labels": np.zeros((2, 4))}),
        pickle.dumps({"data": np.zeros((2, 40, 8064)), "labels": np.full((2, 4), np.nan)}),
        pickle.dumps({"data": "words", "labels": np.zeros((2, 4))}),
    ],
    ids=["empty", "text", "no keys", "list", "lengths", "channels", "short", "unrated", "words"],
)
def test_odd_files_are_told_by_name(tmp_path, content):
    (tmp_path / "s01.dat").write_bytes(content)
    with pytest.raises(InputError, match=r"s01\.dat"):
        deap.load(tmp_path)


def test_a_truncated_file_is_told(deap_folder, tmp_path):
    whole = (deap_folder / "s01.dat").read_bytes()
    (tmp_path / "s01.dat").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"s01\.dat"):
        deap.load(tmp_path)
    with pytest.raises(InputError, match="data_preprocessed_python"):
        deap.load(tmp_path / "absent")
