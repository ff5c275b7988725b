# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A site's own recordings: labelled seconds become moments, and ours learns from them."""

import logging

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is for training only")
pytest.importorskip("sklearn", reason="scikit-learn is for training only")
pytest.importorskip("rosbags", reason="rosbags is not installed")
pytest.importorskip("mcap", reason="mcap is not installed")

from encoded import record

from emo_music_ros.emotion import RAVDESS, STATES
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.timeline import STALE_AFTER
from emo_music_ros.streams import Encoding, Estimate
from emo_music_ros.training.corpora import labels, site
from emo_music_ros.training.corpora.labels import Label
from emo_music_ros.training.fusion import run
from emo_music_ros.training.fusion import site as study
from emo_music_ros.training.fusion.stitching import MODALITIES
from emo_music_ros.training.shared.work import Work

WORD = {"positive": "happiness", "calm": "calm", "anxiety": "fear", "depression": "sadness"}


def said(time, word, modality="face", person=""):
    masses = np.full(len(RAVDESS), 0.3 / (len(RAVDESS) - 1), np.float32)
    masses[RAVDESS.index(word)] = 0.7
    estimate = Estimate(RAVDESS, masses, np.nan, np.nan, np.nan, 0.5, 1.0)
    return Encoding(modality, time, time, estimate, np.empty(0, np.float32), person_id=person)


@pytest.fixture
def data(tmp_path):
    """Two people of 20 s in four states; the face of each says a fearful face when sad."""
    folder = tmp_path / "data" / "site"
    folder.mkdir(parents=True)
    for name in ("ada", "bob"):
        made, marks = [], []
        for place, state in enumerate(STATES):
            word = "fear" if state == "depression" else WORD[state]
            made += [said(5 * place + 0.25 * k, word) for k in range(20)]
            made.append(said(5 * place, WORD[state], "text"))
            marks.append(Label(5 * place, 5 * place + 5, state))
        record(folder / f"{name}.mcap", sorted(made, key=lambda one: one.time))
        labels.write(folder / f"{name}.labels.csv", marks)
    return folder.parent


def test_labelled_seconds_become_moments(data):
    found = site.load(data, STALE_AFTER)
    assert len(found.states) == 40
    assert found.people.tolist() == ["ada"] * 20 + ["bob"] * 20
    assert found.modalities == ("face", "text")
    ages = {one.modality: age for one, age in found.heard[3]}
    assert ages == pytest.approx({"face": 0.0, "text": 3.0}, abs=1e-5)
    taught = study.lessons(found)
    assert taught.present[:, MODALITIES.index("speech")].sum() == 0
    assert not taught.named.any()


def test_what_is_stale_of_others_or_silent_is_no_moment():
    heard = [said(0.0, "calm", person="ada"), said(0.5, "fear", person="bob")]
    label = Label(0, 10, "calm", "ada")
    found = list(site.moments(heard, label, {"face": 2.0}))
    assert len(found) == 3  # at 0, 1 and 2 s
    assert {one.person_id for moment in found for one, _ in moment} == {"ada"}


def test_a_silent_stretch_and_a_bad_line_are_told(data, caplog):
    path = data / "site" / "ada.labels.csv"
    path.write_text(path.read_text() + "100,120,calm,,\nx,y,calm,,\n")
    with caplog.at_level(logging.WARNING):
        site.load(data, STALE_AFTER)
    assert "no encoder said anything from 100 s to 120 s" in caplog.text
    assert "line 7" in caplog.text


def test_without_labels_there_is_no_site(tmp_path):
    assert study.load(tmp_path) is None
    with pytest.raises(InputError, match="no labelled recording"):
        site.load(tmp_path, STALE_AFTER)


def test_ours_learns_what_a_face_means_here(data, tmp_path):
    from emo_music_ros.simulation.answers import Answers

    stitched = run.StitchedStudy(Answers(), Work(tmp_path / "work"))
    results = run._of_site(data, stitched, Work(tmp_path / "w"), 0)
    names = {one.candidate for one in results}
    assert {"emo_music_ros", "emo_music_ros, as shipped", "face alone", "text alone"} <= names
    uar = {one.candidate: one.measures["UAR"]["value"] for one in results}
    assert uar["face alone"] == pytest.approx(0.75)  # the sad face is read as fear
    assert uar["emo_music_ros"] >= uar["emo_music_ros, as shipped"]
