# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Export of torch networks to ONNX, checked against onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emo_music_ros.errors import InputError

if TYPE_CHECKING:
    import torch


#: Newest operator set that every onnxruntime since 1.17 runs.
OPSET = 18


def export_onnx(
    module: torch.nn.Module,
    path: Path,
    examples: Sequence[torch.Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
) -> Path:
    """Write a network as ONNX and check that onnxruntime gives what torch gives.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network; put into evaluation mode.
    path : pathlib.Path
        File to write; its folder is made.
    examples : sequence of torch.Tensor
        One input each, batch first. Give a batch of two or more.
    inputs, outputs : sequence of str
        Names of the inputs and outputs in order.
    dynamic : mapping, optional
        Input name -> axis -> name of every axis of variable length; by default axis 0 of every
        input (the batch).

    Raises
    ------
    AssertionError
        If the outputs differ by more than 1e-3, or an axis of variable length became fixed.
    """
    import onnxruntime
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    module = module.eval()
    axes = {name: {0: "batch"} for name in inputs} if dynamic is None else dynamic
    shapes = tuple(
        {axis: torch.export.Dim(label) for axis, label in axes.get(name, {}).items()}
        for name in inputs
    )
    # torch swaps how these are taken apart while it exports, but goes on with what it took apart
    # before: without this the second recurrent network of a process gets a fixed length
    for recurrent in (torch.ops.aten.lstm.input, torch.ops.aten.gru.input):
        recurrent._dispatch_cache.clear()
    program = torch.onnx.export(
        module,
        tuple(examples),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_shapes=shapes,
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    path.write_bytes(without_traces(program.model_proto).SerializeToString())
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    got = session.run(None, {name: item.numpy() for name, item in zip(inputs, examples)})
    for entry in session.get_inputs():
        for axis, label in axes.get(entry.name, {}).items():
            if not isinstance(entry.shape[axis], str):
                raise AssertionError(f"{label} of {entry.name} became {entry.shape[axis]}")
    with torch.no_grad():
        wanted = module(*examples)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for name, mine, theirs in zip(outputs, got, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-3, atol=1e-3, err_msg=name)
    return path


def require_float32(name: str, precision: str) -> None:
    """Refuse another precision for a network that is exported in one only.

    Raises
    ------
    InputError
        If the precision is another.
    """
    if precision != "float32":
        raise InputError(f"{name} is not exported as {precision}", "Leave --precision out")


def without_traces(model: Any) -> Any:
    """Return an ONNX model without the notes of the exporter: they name the folder of the code.

    Two exports of the same weights are then the same bytes wherever they were made.
    """
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for part in (*model.graph.input, *model.graph.output, model.graph, model):
        part.ClearField("metadata_props")
    return model
