# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network of the learned fusion and what is calibrated of it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is for training only")

from emo_music_ros.emotion import STATES, UNKNOWN  # noqa: E402
from emo_music_ros.fusion.classes import CLASSES  # noqa: E402
from emo_music_ros.fusion.decision import decide  # noqa: E402
from emo_music_ros.fusion.learned import FusionModel, LearnedFusion  # noqa: E402
from emo_music_ros.fusion.timeline import TimelineOptions  # noqa: E402
from emo_music_ros.simulation.answers import Answers  # noqa: E402
from emo_music_ros.training.fusion.calibration import Calibration, answers  # noqa: E402
from emo_music_ros.training.fusion.network import FusionNetwork, Moments, fit, hear  # noqa: E402
from emo_music_ros.training.fusion.stitched import StitchedStudy, masks, simplex  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402

COUNT = 2


def moments(truth, said, present=None, age=0.0, quality=1.0):
    """Moments in which every modality says a class, 90 % sure."""
    masses = np.full((len(truth), COUNT, len(CLASSES)), 0.1 / (len(CLASSES) - 1))
    for row, classes in enumerate(said):
        for place, one in enumerate(classes):
            masses[row, place, one] = 0.9
    logs = np.log(masses)
    ones = np.ones((len(truth), COUNT), np.float32)
    here = ones if present is None else np.asarray(present, np.float32)
    return Moments(
        (logs - logs.mean(axis=2, keepdims=True)).astype(np.float32),
        here,
        (quality * ones).astype(np.float32),
        (age * ones).astype(np.float32),
        np.asarray(truth, np.int64),
        np.arange(len(truth)),
    )


def network():
    return FusionNetwork(np.array([10.0, 10.0])).eval()


def test_what_is_missing_changes_nothing():
    there = moments([3], [[3, 4]], [[1, 0]])
    other = moments([3], [[3, 6]], [[1, 0]])
    assert hear(network(), there).classes == pytest.approx(hear(network(), other).classes)


def test_two_that_agree_are_surer_than_one_and_explain_it_together():
    both, one = (
        hear(network(), moments([3], [[3, 3]])),
        hear(network(), moments([3], [[3, 3]], [[1, 0]])),
    )
    assert both.classes[0, 3] > one.classes[0, 3]
    assert both.agreement[0] > 0
    assert one.agreement[0] == pytest.approx(0, abs=1e-5)
    assert hear(network(), moments([3], [[3, 4]])).agreement[0] < 0


def test_age_halves_what_is_believed():
    fresh, late = (hear(network(), moments([3], [[3, 3]], [[1, 0]], age)) for age in (0.0, 10.0))
    uniform = 1 / len(CLASSES)
    gained = np.exp(fresh.classes[0, 3]) - uniform
    assert np.exp(late.classes[0, 3]) - uniform == pytest.approx(gained / 2, abs=1e-4)


def test_it_learns_whom_to_believe():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 8, 200)
    said = np.stack([truth, draw.integers(0, 8, 200)], axis=1)
    made = fit(moments(truth, said), np.array([10.0, 10.0]))
    found = hear(made, moments(truth, said)).classes.argmax(axis=1)
    assert (found == truth).mean() > 0.95


def test_any_number_of_classes():
    truth = np.array([0, 1] * 20)
    logs = np.where(np.eye(2)[truth] > 0, 1.0, -1.0)[:, None, :].repeat(COUNT, axis=1)
    ones = np.ones((40, COUNT), np.float32)
    given = Moments(logs.astype(np.float32), ones, ones, 0 * ones, truth, truth)
    made = fit(given, np.array([10.0, 10.0]), class_share=1.0)
    assert (hear(made, given).classes.argmax(axis=1) == truth).all()


def test_the_plugin_answers_what_was_measured(tmp_path):
    """The vectorised answers of the study and those of the plugin, moment by moment."""
    study = StitchedStudy(Answers(), Work(tmp_path), 3)
    model = FusionModel()
    shipped = Calibration(model.temperature, model.credibility, model.contradictory)
    fusion, limits = LearnedFusion(model=model), TimelineOptions()
    for made in (study.tests[0], study.apart[0]):
        for present in masks(3, len(made)):
            some = made.without(present)
            heard = model.hear(*(one[:25] for one in some.inputs))
            table, unknown = answers(shipped, heard, some.present[:25])
            for row in range(25):
                items = study.evidence(some, row)
                estimate, weights = fusion.fuse(items)
                state = decide(fusion, estimate, items, weights, limits.max_uncertainty, 1.0)
                assert estimate.probabilities == pytest.approx(table[row], abs=1e-3)
                assert (state == UNKNOWN) == unknown[row]


def test_weights_in_steps_of_a_tenth():
    found = simplex(3)
    assert len(found) == 66
    assert all(sum(one) == pytest.approx(1) for one in found)
    assert len(set(found)) == 66
    assert simplex(1) == [(1.0,)]


def test_one_two_and_all_pieces():
    one, two, three = masks(3, 9)
    assert (one.sum(axis=1) == 1).all()
    assert (two.sum(axis=1) == 2).all()
    assert (three == 1).all()
    assert (masks(2, 4)[1] == 1).all()


def test_the_shipped_network_is_the_exported_one():
    model = FusionModel()
    made = FusionNetwork(np.array(model.description["half_lives"]))
    assert model.labels == CLASSES
    assert set(model.modalities) == {"face", "speech", "text"}
    assert len(STATES) == 4
    assert sum(weight.numel() for weight in made.parameters()) < 1000
    assert not torch.is_grad_enabled() or made.half_lives.requires_grad is False
