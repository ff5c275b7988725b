# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The speaker encoder of Resemblyzer as an ONNX network."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.voiceprint import BANDS, PART
from emo_music_ros.errors import InputError
from emo_music_ros.training.shared.onnx_export import OPSET

PACKAGE, VERSION = "Resemblyzer", "0.1.4"
LAYERS, SIZE = 3, 256


def published() -> dict[str, NDArray[np.float32]]:
    """Return the weights that the installed package carries; it is not imported.

    Raises
    ------
    InputError
        If it is not installed.
    """
    import torch

    remedy = f"Install it: pip install --no-deps {PACKAGE.lower()}=={VERSION}"
    try:
        path = Path(str(distribution(PACKAGE).locate_file("resemblyzer/pretrained.pt")))
    except PackageNotFoundError as error:
        raise InputError(f"the package {PACKAGE} is not installed", remedy) from error
    if not path.is_file():
        raise InputError(f"{path} is missing", remedy)
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    return {name: np.asarray(value, np.float32) for name, value in state.items()}


def build(weights: dict[str, NDArray[np.float32]]) -> Any:
    """Return the network: Mel spectra [n, 160, 40] to prints [n, 256] of length 1.

    Its matrices are kept in 16 bits a weight. With 8 bits prints of the same utterance differ by up
    to a likeness of 0.88, and spectra of 8 bits leave nothing of the voice.
    """
    from onnx import TensorProto, helper, numpy_helper

    def ordered(name: str) -> NDArray[np.float32]:
        """Return rows of gates as ONNX has them (input, output, forget, cell)."""
        i, f, c, o = np.split(weights[name], 4)
        return np.concatenate([i, o, f, c])

    constants: dict[str, NDArray[Any]] = {"first": np.array([0]), "second": np.array([1])}
    nodes = []

    def matrix(name: str, value: NDArray[np.float32]) -> None:
        """Add a matrix."""
        constants[f"{name}_16"] = value.astype(np.float16)
        nodes.append(helper.make_node("Cast", [f"{name}_16"], [name], to=TensorProto.FLOAT))

    matrix("projection", weights["linear.weight"].T.copy())
    constants["offset"] = weights["linear.bias"]
    nodes.append(helper.make_node("Transpose", ["mel"], ["x0"], perm=[1, 0, 2]))
    for layer in range(LAYERS):
        matrix(f"W{layer}", ordered(f"lstm.weight_ih_l{layer}")[None])
        matrix(f"R{layer}", ordered(f"lstm.weight_hh_l{layer}")[None])
        biases = [ordered(f"lstm.bias_{kind}_l{layer}") for kind in ("ih", "hh")]
        constants[f"B{layer}"] = np.concatenate(biases)[None]
        inputs = [f"{name}{layer}" for name in ("x", "W", "R", "B")]
        outputs = [f"y{layer}", f"h{layer}"]
        nodes.append(helper.make_node("LSTM", inputs, outputs, hidden_size=SIZE))
        nodes.append(helper.make_node("Squeeze", [f"y{layer}", "second"], [f"x{layer + 1}"]))
    nodes += [
        helper.make_node("Squeeze", [f"h{LAYERS - 1}", "first"], ["state"]),
        helper.make_node("MatMul", ["state", "projection"], ["projected"]),
        helper.make_node("Add", ["projected", "offset"], ["shifted"]),
        helper.make_node("Relu", ["shifted"], ["positive"]),
        helper.make_node("ReduceL2", ["positive", "second"], ["length"], keepdims=1),
        helper.make_node("Div", ["positive", "length"], ["print"]),
    ]
    graph = helper.make_graph(
        nodes,
        "voice",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["n", PART, BANDS])],
        [helper.make_tensor_value_info("print", TensorProto.FLOAT, ["n", SIZE])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def write(path: Path) -> None:
    """Write the network.

    Raises
    ------
    InputError
        If the package with the weights is not installed.
    """
    import onnx

    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(build(published()), path)
