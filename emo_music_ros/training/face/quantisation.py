# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Write the network of the face encoder, with weights of 32 or 8 bits."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emo_music_ros.training.face.network import folded
from emo_music_ros.training.shared.onnx_export import export_onnx

PRECISIONS = ("float32", "int8")
CALIBRATION = 512  # faces that the ranges of the activations are read from


def export(network: nn.Module, path: Path, examples: NDArray[np.uint8]) -> Path:
    """Write a network as ONNX with weights of 32 bits; `examples` are faces [n, 48, 48]."""
    faces = torch.from_numpy(examples[:2]).float()[:, None]
    return export_onnx(folded(network), path, [faces], ["faces"], ["logits", "embedding"])


def quantise(whole: Path, path: Path, examples: NDArray[np.uint8]) -> Path:
    """Write an exported network with convolutions of 8 bits; undoing the blur stays exact.

    Parameters
    ----------
    whole : pathlib.Path
        What `export` wrote.
    path : pathlib.Path
        File to write.
    examples : array uint8 [n, 48, 48]
        Training faces, from which the ranges of the activations are read.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Faces(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            chosen = examples[:CALIBRATION].astype(np.float32)[:, None]
            self._batches = iter(np.array_split(chosen, -(-len(chosen) // 64)))

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"faces": batch}

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # advice on shape inference that does not apply
    try:
        quantize_static(
            str(whole),
            str(path),
            Faces(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    finally:
        logging.disable(before)
    return path
