# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What each part is worth: every part is dropped once, and nothing else changes."""

import pathlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is for training only")

from emo_music_ros.fusion.grid import AGE_AT, CLASSES_AT, MASK_AT, QUALITY_AT  # noqa: E402
from emo_music_ros.simulation.answers import Answers  # noqa: E402
from emo_music_ros.training.fusion import ablations  # noqa: E402
from emo_music_ros.training.fusion.ablations import (  # noqa: E402
    Ablation,
    Variant,
    corpus_of,
    plainer,
    variants,
    without,
)
from emo_music_ros.training.fusion.calibration import states_of  # noqa: E402
from emo_music_ros.training.fusion.episodes import windows  # noqa: E402
from emo_music_ros.training.fusion.temporal import Design, Recipe  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


@pytest.fixture(scope="module")
def seeds():
    patch = pytest.MonkeyPatch()
    for name, value in (("LESSONS", 300), ("HELD", 40), ("TESTED", 30)):
        patch.setattr(ablations, name, value)
    patch.setattr(ablations, "RECIPE", Recipe(epochs=1))
    recorded = Answers()
    yield [Ablation(recorded, Work(pathlib.Path("never")), seed) for seed in (0, 1)]
    patch.undo()


def test_every_part_is_dropped_once_and_named():
    found = variants()
    names = [one.name for one in found]
    assert len(set(names)) == len(names)
    assert len({repr(one).partition("design=")[2] for one in found}) == len(found)
    whole = [name for name in names if "without" not in name]
    assert whole == ["emo_music_ros", "attention", "compressed"]
    for kind, parts in {
        "emo_music_ros": ("quality", "age", "classes", "missing modalities", "contradictions",
                          "calibration"),
        "attention": ("quality", "age", "classes", "past", "missing modalities", "contradictions",
                      "calibration", "attention", "Bi-LSTM", "convolution"),
        "compressed": ("quality", "age", "classes", "past", "missing modalities", "contradictions",
                       "calibration", "auto-encoder", "reconstruction", "Bi-LSTM", "both"),
    }.items():  # fmt: skip
        assert {f"{kind} without {part}" for part in parts} <= set(names)


def test_what_is_hidden_is_gone_and_the_rest_is_not(seeds):
    study = seeds[0].study
    given = windows(study.spoken, study.episodes[0])
    assert (without(given, ("quality",))[..., QUALITY_AT] == given[..., MASK_AT]).all()
    assert not without(given, ("age",))[..., AGE_AT].any()
    assert not without(given, ("classes",))[..., CLASSES_AT].any()
    past = without(given, ("past",))
    assert not past[:, :-1].any()
    assert np.array_equal(past[:, -1], given[:, -1])
    assert np.array_equal(without(given, ()), given)


def test_moments_without_classes_still_tell_the_state(seeds):
    moments = seeds[0].study.study.tests[0]
    plain = plainer(moments, ("classes", "age", "quality"))
    assert (plain.quality == 1).all()
    assert (plain.age == 0).all()
    from emo_music_ros.fusion.classes import CLASSES

    first, second = (CLASSES.index(word) for word in ("anger", "fear"))
    assert plain.evidence[..., first] == pytest.approx(plain.evidence[..., second], abs=1e-5)
    best = states_of(plain.evidence.argmax(axis=2).ravel())
    before = states_of(moments.evidence.argmax(axis=2).ravel())
    assert (best == before).mean() > 0.8


def test_the_corpus_has_every_seed_and_every_row_is_tested_once(seeds):
    corpus, protocol = corpus_of(seeds)
    assert len(corpus) == 2 * ablations.TESTED_PARTS * ablations.TESTED
    assert set(corpus.groups["seed"]) == {"0", "1"}
    tested = np.concatenate([test for _, test in protocol.folds])
    assert np.array_equal(np.sort(tested), np.arange(len(corpus)))
    assert not protocol.leaky


def test_every_kind_answers_with_a_distribution_and_calibration_changes_no_order(seeds):
    for whole in (Variant("ours"), Variant("a", Design("attention"))):
        table = seeds[0].answer(whole, 0)
        assert table.shape == (ablations.TESTED, 4)
        assert table.sum(axis=1) == pytest.approx(1)
        plain = seeds[0].answer(Variant("x", whole.design, calibrated=False), 0)
        assert (plain.argmax(axis=1) == table.argmax(axis=1)).all()
        assert not np.allclose(plain, table)
    apart = seeds[0].answer(Variant("x", contradictions=False, missing=False), 0)
    assert not np.allclose(apart, seeds[0].answer(Variant("ours"), 0))


def test_the_table_has_costs_and_an_interval_over_people(seeds, monkeypatch, tmp_path):
    from emo_music_ros.training.evaluation.cost import Cost

    monkeypatch.setattr(ablations, "SEEDS", 2)
    monkeypatch.setattr(ablations, "Ablation", lambda recorded, work, seed: seeds[seed])
    monkeypatch.setattr(ablations, "_cost", lambda one, design: Cost(7, 70.0, lambda: None))
    chosen = [Variant("emo_music_ros without age", hidden=("age",))]
    found = ablations.ablate(Work(tmp_path), 0, chosen)
    assert [one.candidate for one in found] == [one.name for one in chosen]
    assert found[0].cost["parameters"] == 7
    assert set(found[0].groups["seed"]) == {"0", "1"}
    assert found[0].measures["UAR"]["low"] < found[0].measures["UAR"]["value"]
    assert "Simulation" in found[0].note


def test_the_command_finds_them():
    from emo_music_ros.training.fusion import run

    assert run.ablate is ablations.ablate
