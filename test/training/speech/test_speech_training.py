# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.emotion import RAVDESS  # noqa: E402
from emo_music_ros.encoding.speech.audio_features import RATE, features  # noqa: E402
from emo_music_ros.encoding.speech.encoder import SpeechModel  # noqa: E402
from emo_music_ros.encoding.speech.functionals import functionals  # noqa: E402
from emo_music_ros.encoding.speech.lstm import LstmSpeechModel, halve  # noqa: E402
from emo_music_ros.encoding.speech.voice_activity import Segment  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.training.corpora.base import Corpus  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402
from emo_music_ros.training.speech import clips as speech_clips  # noqa: E402
from emo_music_ros.training.speech import comparison, voices  # noqa: E402
from emo_music_ros.training.speech import network as networks  # noqa: E402
from emo_music_ros.training.speech import run as speech  # noqa: E402
from emo_music_ros.training.speech.clips import prepare_clips  # noqa: E402
from emo_music_ros.training.speech.conditions import CONDITIONS  # noqa: E402


def corpus(people=8, each=1, seed=0):
    """Return short buzzes whose class is the height and movement of their pitch."""
    draw = np.random.default_rng(seed)
    items, labels, actors = [], [], []
    for actor in range(1, people + 1):
        for label in range(8):
            for _ in range(each):
                time = np.arange(int(draw.uniform(0.5, 0.6) * RATE)) / RATE
                hertz = 90 * 1.2**label * (1 + 0.2 * (label % 2) * time) * draw.uniform(0.98, 1.02)
                phase = 2 * np.pi * np.cumsum(hertz) / RATE
                wave = sum(np.sin(n * phase) / n for n in range(1, 12))
                wave = 0.1 * wave + draw.normal(0, 1e-3, len(time))
                items.append(wave.astype(np.float32))
                labels.append(label)
                actors.append(actor)
    people = np.array(actors)
    return Corpus(
        *("RAVDESS speech", "made up", "none", items, np.array(labels), RAVDESS, people, "actors"),
        {"sex": np.where(people % 2 == 1, "male", "female")},
    )


@pytest.fixture
def small(monkeypatch):
    """Make a training of seconds."""
    monkeypatch.setattr(speech_clips, "COPIES", 1)
    monkeypatch.setattr(prepare_clips, "__defaults__", (0, 1))
    monkeypatch.setattr(speech, "FOLDS", 2)
    monkeypatch.setattr(networks, "SEQUENCES", 1)
    monkeypatch.setattr(networks, "WHOLES", 1)
    monkeypatch.setattr(networks, "AVERAGING", 0.8)
    quick = networks.Course(epochs=4, batch=16, rate=5e-3, decay=0.01, clean=0.5)
    monkeypatch.setattr(networks.fit_sequence, "__defaults__", (quick,))
    whole = networks.Course(epochs=30, batch=16, rate=5e-3, decay=0.01, clean=0.5)
    monkeypatch.setattr(networks.fit_whole, "__defaults__", (whole,))
    monkeypatch.setattr(speech.voices.ravdess, "load", lambda data: corpus(4))


def test_kept_features_are_those_of_run_time(tmp_path, small):
    made = voices.joined([corpus(2)])
    (first, *_) = prepare_clips(made, Work(tmp_path))
    found = features(made.items[0])
    np.testing.assert_allclose(first.statistics[0], functionals(found), atol=1e-4)
    np.testing.assert_allclose(first.spectra[0], halve(found.mel), atol=0.02)
    assert len(first.spectra) == len(first.contours) == len(first.statistics) == 2
    again = prepare_clips(made, Work(tmp_path, frozen=True))
    np.testing.assert_array_equal(
        again[3].spectra[1], prepare_clips(made, Work(tmp_path))[3].spectra[1]
    )


def test_training_leaves_a_usable_model_and_goes_on_where_it_was(tmp_path, small):
    work = Work(tmp_path / "work")
    figures = speech.train(tmp_path, tmp_path, work)
    assert figures["RAVDESS speech, UAR"] > 0.3
    steps = {path.name for path in work.folder.iterdir()}
    (frozen,) = speech.evaluate(tmp_path, Work(tmp_path / "work", frozen=True))
    assert frozen.measures["UAR"]["value"] == figures["RAVDESS speech, UAR"]
    assert {path.name for path in work.folder.iterdir()} == steps
    judge = SpeechModel(tmp_path)
    item = corpus().items[3]
    estimate, embedding, _ = judge(Segment(item, 0, 0.01, 1e-6))
    assert embedding.shape == (networks.EMBEDDING,)
    assert estimate.probabilities.shape == (8,)
    assert estimate.labels == RAVDESS
    card = (tmp_path / "speech.md").read_text()
    assert "By sex" in card
    assert "by speaker" in card
    other, state, _ = LstmSpeechModel(tmp_path)(Segment(item, 0, 0.01, 1e-6))
    assert state.shape == (64,)
    assert other.probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert "miniature" in (tmp_path / "speech_lstm.md").read_text()
    with pytest.raises(InputError, match="int8"):
        speech.train(tmp_path, tmp_path, work, precision="int8")


def test_all_tables(tmp_path, small, monkeypatch):
    monkeypatch.setattr(comparison, "opensmile_peer", lambda corpus, work: None)
    chosen = {name: CONDITIONS[name] for name in ("babble, 0 dB, reduced",)}
    monkeypatch.setattr(speech, "CONDITIONS", chosen)
    monkeypatch.setattr(comparison.baselines.fit_sequences, "__defaults__", (0, 2, 32, 2e-3))
    results = speech.evaluate(tmp_path, Work(tmp_path / "work"), leaky=True, baselines=True)
    ours, *rest = results
    assert ours.candidate == "emo_music_ros"
    assert not ours.leaky
    assert ours.measures["UAR"]["trivial"] == pytest.approx(1 / 8)
    assert ours.people == 4
    assert set(ours.groups["sex"]) == {"male", "female"}
    names = [result.candidate for result in rest]
    assert {"CNN on log-Mel", "LSTM on MFCC", "statistics alone"} <= set(names)
    assert "emotions, babble, 0 dB, reduced" in {result.task for result in rest}
    assert [result.leaky for result in rest].count(True) == 1
    for result in results:
        assert np.isfinite(result.probabilities).all()
        np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, atol=1e-3)


def test_corpora_are_learnt_together_and_each_has_its_table(tmp_path, small, monkeypatch):
    other = corpus(2, seed=1)
    chosen = other.labels > 3
    monkeypatch.setattr(speech.voices.emodb, "files", lambda data: [data])
    theirs = replace(other.subset(chosen), name="EMO-DB")
    monkeypatch.setattr(speech.voices.emodb, "load", lambda data: theirs)
    monkeypatch.setattr(comparison, "opensmile_peer", lambda corpus, work: None)
    monkeypatch.setattr(speech, "CONDITIONS", {})
    monkeypatch.setattr(comparison.baselines.fit_sequences, "__defaults__", (0, 2, 32, 2e-3))
    results = speech.evaluate(tmp_path, Work(tmp_path / "work"), baselines=True)
    ours = [result for result in results if result.candidate == "emo_music_ros"]
    assert [result.corpus for result in ours] == [
        *("RAVDESS speech", "EMO-DB"),
        *("RAVDESS speech", "EMO-DB"),
    ]
    assert ["left out" in result.protocol for result in ours] == [False, False, True, True]
    assert (ours[1].probabilities[:, :4] == 0).all()
    figures = speech.train(tmp_path, tmp_path, Work(tmp_path / "work"))
    assert {"RAVDESS speech, UAR", "EMO-DB, UAR"} <= set(figures)
    card = (tmp_path / "speech.md").read_text()
    assert "EMO-DB (de, 2 speakers" in card
    estimate, _, _ = SpeechModel(tmp_path)(Segment(corpus().items[3], 0, 0.01, 1e-6))
    assert -1 <= estimate.valence <= 1
