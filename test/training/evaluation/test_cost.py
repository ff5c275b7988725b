# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The time of one answer."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.training.evaluation.cost import latency, onnx_cost


def test_latency_is_measured_in_order():
    middle, late = latency(lambda: None, seconds=0.01)
    assert 0 <= middle <= late


def network(nodes, inputs, weights):
    """A network of some nodes; all arrays are float32, the last node gives the output."""
    pytest.importorskip("onnx", reason="onnx is for training only")
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node(*args, **more) for args, more in nodes],
        "made",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("nodes", "inputs", "weights", "flops"),
    [
        ([(("MatMul", ["x", "w"], ["out"]), {})], [("x", (3, 4))], [("w", (4, 5))],
         2 * 3 * 4 * 5),
        ([(("Gemm", ["x", "w", "b"], ["out"]), {})], [("x", (3, 4))], [("w", (4, 5)), ("b", (5,))],
         2 * 3 * 4 * 5),
        ([(("Conv", ["x", "w"], ["out"]), {"pads": [1, 1]})], [("x", (1, 2, 8))],
         [("w", (6, 2, 3))], 2 * (6 * 8) * (2 * 3)),
        # Both directions: four gates of 5 units, each of 3 inputs and 5 states, in 8 steps.
        ([(("LSTM", ["x", "w", "r"], ["out"]), {"hidden_size": 5, "direction": "bidirectional"})],
         [("x", (8, 1, 3))], [("w", (2, 20, 3)), ("r", (2, 20, 5))],
         8 * 2 * (2 * 4 * 5 * (3 + 5))),
        ([(("Einsum", ["x", "w"], ["out"]), {"equation": "nmc,mkc->nmk"})], [("x", (2, 3, 4))],
         [("w", (3, 5, 4))], 2 * (2 * 3 * 4 * 5)),
        ([(("Relu", ["x"], ["y"]), {}), (("MatMul", ["y", "w"], ["out"]), {})], [("x", (1, 4))],
         [("w", (4, 2))], 2 * 4 * 2),
    ],
)  # fmt: skip
def test_operations_are_two_a_multiply_add_by_hand(tmp_path, nodes, inputs, weights, flops):
    path = tmp_path / "network.onnx"
    path.write_bytes(network(nodes, inputs, weights))
    given = {name: np.ones(shape, np.float32) for name, shape in inputs}
    parameters, found = onnx_cost(path, given)
    assert found == flops
    assert parameters == sum(int(np.prod(shape)) for _, shape in weights)
