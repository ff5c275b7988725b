"""The networks of music by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from emo_music_ros.training.music import models as music_models  # noqa: E402
from emo_music_ros.training.music.models import Lesson  # noqa: E402


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
    music_models.halve(path)
    assert path.stat().st_size < 0.6 * before
    x = draw.standard_normal((2, 300)).astype(np.float32)
    (found,) = InferenceSession(str(path)).run(None, {"x": x})
    np.testing.assert_allclose(found, x @ weight, atol=0.05)


def test_the_network_of_paper_e_is_as_published() -> None:
    network = music_models.PaperE(194)
    assert network.hidden.in_features == 186 * 5
    assert network.hidden.out_features == 1024
    assert network.drop.p == 0.5


def test_lesson_shapes() -> None:
    lesson = Lesson(np.zeros((4, 3), np.float32), np.full((4, 2), 0.5), np.ones((4, 2)))
    model = music_models.fit_linear(lesson, {"epochs": 1, "decay": 0.0}, 0)
    np.testing.assert_allclose(model(lesson.features), 0.25, atol=0.2)
