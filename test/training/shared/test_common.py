from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.training.shared import common

metrics = pytest.importorskip("sklearn.metrics")


def draw(seed: int, classes: int = 4, size: int = 200):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(size, classes))
    truth = generator.integers(0, classes, size)
    logits[np.arange(size), truth] += 1.0
    return truth, logits


@given(st.integers(0, 2**32 - 1))
def test_measures_agree_with_scikit_learn(seed):
    truth, logits = draw(seed)
    predicted = logits.argmax(axis=1)
    probabilities = common.softmax(logits)
    assert common.accuracy(truth, predicted) == pytest.approx(
        metrics.accuracy_score(truth, predicted)
    )
    assert common.uar(truth, predicted) == pytest.approx(
        metrics.balanced_accuracy_score(truth, predicted)
    )
    assert common.macro_f1(truth, predicted) == pytest.approx(
        metrics.f1_score(truth, predicted, average="macro")
    )
    assert common.macro_auc(truth, probabilities) == pytest.approx(
        metrics.roc_auc_score(truth, probabilities, multi_class="ovr")
    )
    np.testing.assert_array_equal(
        common.confusion(truth, predicted), metrics.confusion_matrix(truth, predicted)
    )


def test_absent_class_is_left_out():
    assert common.uar([0, 0, 2, 2], [0, 1, 2, 2]) == pytest.approx(0.75)
    assert math.isnan(common.auc([1, 1], [0.2, 0.3]))
    assert common.macro_auc([0, 1, 1], np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0, 1, 0]])) == 1.0


def test_ties_count_half():
    assert common.auc([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5


def test_calibration_error_of_known_bins():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    truth = np.array([0] * 9 + [1] + [1] * 2 + [0] * 8)
    assert common.calibration_error(truth, probabilities) == pytest.approx(0.2)
    assert common.calibration_error([0, 0], np.array([[1.0, 0.0], [1.0, 0.0]])) == 0.0


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_temperature_recovers_the_scale(factor):
    generator = np.random.default_rng(1)
    logits = generator.normal(scale=2.0, size=(20000, 5))
    chances = common.softmax(logits).cumsum(axis=1)
    truth = (generator.random((20000, 1)) > chances).sum(axis=1)
    assert common.fit_temperature(logits * factor, truth) == pytest.approx(factor, rel=0.05)


def test_interval_is_wider_when_rows_belong_to_few_people():
    generator = np.random.default_rng(3)
    people = np.repeat(np.arange(10), 50)
    skill = generator.uniform(0.3, 0.9, 10)
    truth = np.ones(500, int)
    predicted = (generator.random(500) < skill[people]).astype(int)
    low, high = common.interval(common.accuracy, people, truth, predicted)
    alone = common.interval(common.accuracy, np.arange(500), truth, predicted)
    assert low <= common.accuracy(truth, predicted) <= high
    assert high - low > 1.5 * (alone[1] - alone[0])
    assert (low, high) == common.interval(common.accuracy, people, truth, predicted)


def test_card_shows_value_interval_and_baseline(tmp_path):
    card = common.Card(
        name="toy",
        purpose="Nothing.",
        data="None.",
        licence="MIT",
        split="By person.",
        network="One layer.",
        figures=[
            common.Figure("UAR", 0.51234, 0.125, 0.47, 0.55, "20 people"),
            common.Figure("AUC", 0.75),
        ],
        limits=["Fails on whispers."],
        reproduce="emo-music train toy",
        extra={"By sex": common.table(("sex", "UAR"), [("women", 0.5)])},
    )
    text = common.write_card(card, tmp_path).read_text("utf-8")
    assert "| UAR | 0.512 | 0.470 to 0.550 | 0.125 | 20 people |" in text
    assert "| AUC | 0.750 | - | - |  |" in text
    assert "| women | 0.500 |" in text
    assert "- Fails on whispers." in text


def test_export_keeps_the_batch_free(tmp_path):
    torch = pytest.importorskip("torch")
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    common.prepare(0)

    class Toy(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(6, 3)

        def forward(self, x):
            hidden = self.first(x).relu()
            return hidden.sum(dim=1), hidden

    path = common.export(
        Toy(), tmp_path / "deep" / "toy.onnx", [torch.randn(2, 6)], ["x"], ["sum", "hidden"]
    )
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    total, hidden = session.run(["sum", "hidden"], {"x": np.ones((5, 6), np.float32)})
    assert hidden.shape == (5, 3)
    np.testing.assert_allclose(total, hidden.sum(axis=1), rtol=1e-5)
    assert str(Path(__file__).parent).encode() not in path.read_bytes()
