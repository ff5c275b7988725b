# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What one answer of a network costs: parameters, operations, time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cost:
    """What one answer costs.

    Parameters
    ----------
    parameters : int
        Numbers learnt from data.
    flops : float
        Floating point operations of the network for one input, two for a multiply-add; NaN unknown.
    once : callable
        Gives one answer, features included, on one thread.
    """

    parameters: int
    flops: float
    once: Callable[[], object]


def latency(
    once: Callable[[], object], seconds: float = 2.0, least: int = 20, most: int = 500
) -> tuple[float, float]:
    """Return the median and the 95th percentile of the time of one call, s, after a warm-up."""
    for _ in range(5):
        once()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least or (time.perf_counter() < end and len(times) < most):
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    middle, late = np.quantile(times, (0.5, 0.95))
    return float(middle), float(late)


def onnx_cost(path: Path, inputs: Mapping[str, NDArray[Any]]) -> tuple[int, float]:
    """Return parameters and floating point operations of an ONNX network for these inputs.

    Convolutions, matrix products, Einstein sums and recurrent layers count, two operations a
    multiply-add; the shapes are those of a real run.
    """
    import onnx
    import onnxruntime
    from onnx import numpy_helper

    model = onnx.load(str(path))
    weights = {entry.name: numpy_helper.to_array(entry) for entry in model.graph.initializer}
    known = {entry.name for entry in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [entry.name for entry in session.get_outputs()]
    values = dict(zip(names, session.run(None, dict(inputs)), strict=True)) | weights | dict(inputs)
    total = 0.0
    for node in model.graph.node:
        kind = node.op_type
        if kind in ("Conv", "ConvInteger", "QLinearConv"):
            kernel = values[node.input[3 if kind == "QLinearConv" else 1]]
            total += 2.0 * np.size(values[node.output[0]]) * np.prod(kernel.shape[1:])
        elif kind in ("MatMul", "MatMulInteger", "Gemm"):
            left = values[node.input[0]]
            flipped = kind == "Gemm" and any(
                entry.name == "transA" and entry.i for entry in node.attribute
            )
            total += 2.0 * np.size(values[node.output[0]]) * left.shape[0 if flipped else -1]
        elif kind == "Einsum":
            equation = next(
                entry.s.decode() for entry in node.attribute if entry.name == "equation"
            )
            terms = equation.replace(" ", "").partition("->")[0].split(",")
            sizes: dict[str, int] = {}
            for term, name in zip(terms, node.input, strict=True):
                sizes.update(zip(term, values[name].shape, strict=True))
            total += 2.0 * np.prod(list(sizes.values()))
        elif kind in ("LSTM", "GRU"):
            steps, batch = values[node.input[0]].shape[:2]
            recurrent = values[node.input[1]].size + values[node.input[2]].size
            total += 2.0 * steps * batch * recurrent
    parameters = sum(
        value.size
        for value in weights.values()
        if value.dtype.kind == "f" and value.ndim > 0 or value.dtype in (np.int8, np.uint8)
    )
    return int(parameters), total
