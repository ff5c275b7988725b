# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of music by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from emo_music_ros.training.music import networks  # noqa: E402
from emo_music_ros.training.music.learners import CNN, LINEAR, OURS  # noqa: E402
from emo_music_ros.training.music.models import TARGETS, Learner, Lesson  # noqa: E402


def test_large_weights_are_kept_in_half_precision(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime import InferenceSession

    draw = np.random.default_rng(0)
    weight = draw.standard_normal((300, 400)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 300])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 400])],
        [numpy_helper.from_array(weight, "w")],
    )
    path = tmp_path / "a.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    before = path.stat().st_size
    networks.halve(path)
    assert path.stat().st_size < 0.6 * before
    x = draw.standard_normal((2, 300)).astype(np.float32)
    (found,) = InferenceSession(str(path)).run(None, {"x": x})
    np.testing.assert_allclose(found, x @ weight, atol=0.05)


def test_the_network_of_paper_e_is_as_published() -> None:
    network = networks.PaperE(194)
    assert network.hidden.in_features == 186 * 5
    assert network.hidden.out_features == 1024
    assert network.drop.p == 0.5
    assert network.out.out_features == 3  # valence, arousal and dominance


def lesson(count: int = 200) -> Lesson:
    """Windows whose first features tell valence, arousal and dominance, and what is felt."""
    draw = np.random.default_rng(0)
    features = draw.standard_normal((count, 30)).astype(np.float32)
    wanted = 1 / (1 + np.exp(-3 * features[:, : len(TARGETS)]))
    return Lesson(features, wanted, np.ones_like(wanted))


def test_an_untrained_answer_is_the_middle() -> None:
    middle = Lesson(np.zeros((4, 3), np.float32), *np.full((2, 4, len(TARGETS)), 0.5))
    model = networks.fit_linear(middle, {"epochs": 1, "decay": 0.0}, 0)
    found = model(middle.features)
    np.testing.assert_allclose(found.quadrants, 0.25, atol=0.2)
    np.testing.assert_allclose(found.quadrants.sum(axis=1), 1, atol=1e-6)
    assert found.felt is not None
    assert found.felt.shape == (4, 10)


@pytest.mark.parametrize("learner", [OURS, CNN, LINEAR], ids=lambda each: each.name)
def test_each_axis_follows_its_own_targets(learner: Learner) -> None:
    taught = lesson()
    model = learner.fit(taught, {**learner.settings[0], "epochs": 150}, 0)
    found = model(taught.features)
    pleasant = found.quadrants[:, 0] + found.quadrants[:, 1]
    active = found.quadrants[:, 0] + found.quadrants[:, 2]
    assert found.dominance is not None
    for answer, column in ((pleasant, 0), (active, 1), (found.dominance, 2)):
        assert np.corrcoef(answer, taught.features[:, column])[0, 1] > 0.7
    assert (found.felt is not None) == ("felt" in learner.knows)
    assert ("felt" in model.outputs) == ("felt" in learner.knows)
    if found.felt is not None:
        for column in range(10):
            assert np.corrcoef(found.felt[:, column], taught.features[:, 3 + column])[0, 1] > 0.7


def test_what_is_not_known_teaches_nothing() -> None:
    taught = lesson()
    weights = taught.weights.copy()
    weights[:, 3:] = 0
    wrong = Lesson(taught.features, np.where(weights > 0, taught.wanted, 0.0), weights)
    right = Lesson(taught.features, np.where(weights > 0, taught.wanted, 1.0), weights)
    setting = {**OURS.settings[0], "epochs": 3, "members": 1}
    np.testing.assert_array_equal(
        OURS.fit(wrong, setting, 0)(taught.features).felt,
        OURS.fit(right, setting, 0)(taught.features).felt,
    )


def test_an_exported_network_names_what_it_knows(tmp_path: Path) -> None:
    from onnxruntime import InferenceSession

    taught = lesson(50)
    model = OURS.fit(taught, {**OURS.settings[0], "epochs": 1, "members": 2}, 0)
    model.export(tmp_path / "a.onnx", taught.features[:8])
    session = InferenceSession(str(tmp_path / "a.onnx"))
    assert [output.name for output in session.get_outputs()] == model.outputs
    found = dict(zip(model.outputs, session.run(None, {"features": taught.features})))
    np.testing.assert_allclose(found["felt"], model(taught.features).felt, atol=1e-5)
