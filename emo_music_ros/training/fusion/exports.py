# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of the fusion as ONNX, and what one decision of them costs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.grid import tensor
from emo_music_ros.io.model import open_network
from emo_music_ros.streams import Encoding
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.fusion.network import FusionNetwork, Moments
from emo_music_ros.training.fusion.stitching import MODALITIES
from emo_music_ros.training.fusion.temporal import AttentionNetwork, Network
from emo_music_ros.training.shared.onnx_export import export_onnx

#: Inputs and outputs of the networks.
LEARNED = (("evidence", "present", "quality", "age"), ("classes", "each", "agreement"))
ATTENTION = (("window",), ("states", "attention"))
COMPRESSED = (("window",), ("states",))


def save_learned(network: FusionNetwork, moments: Moments, path: Path) -> Path:
    """Write the learned fusion as ONNX; the moments are examples."""
    examples = [torch.from_numpy(np.asarray(one[:2], np.float32)) for one in moments.inputs]
    return export_onnx(network, path, examples, *LEARNED)


def save_temporal(network: Network, windows: NDArray[np.float32], path: Path) -> Path:
    """Write a network over the time grid as ONNX; the windows are examples."""
    names = ATTENTION if isinstance(network, AttentionNetwork) else COMPRESSED
    return export_onnx(network, path, [torch.from_numpy(windows[:2].copy())], *names)


def learned_cost(network: FusionNetwork, moments: Moments) -> Cost:
    """Return the cost of one moment of the learned fusion."""
    given = [np.asarray(one[:1], np.float32) for one in moments.inputs]
    return _cost(
        lambda path: save_learned(network, moments, path), LEARNED[0], given, lambda: given
    )


def temporal_cost(network: Network, windows: NDArray[np.float32]) -> Cost:
    """Return the cost of one window of a network over the time grid, the tensor included."""
    evidence = _example(windows)

    def given() -> list[NDArray[np.float32]]:
        return [tensor(evidence, MODALITIES)[None]]

    names = ATTENTION[0]
    return _cost(lambda path: save_temporal(network, windows, path), names, given(), given)


def _example(windows: NDArray[np.float32]) -> list[Evidence]:
    """Return a moment with the past of the first window."""
    said = from_labels(STATES, np.full(len(STATES), 1 / len(STATES)))
    return [
        Evidence(Encoding(name, 0.0, 0.0, said, np.empty(0)), 0.0, past=windows[0, :, place])
        for place, name in enumerate(MODALITIES)
    ]


def _cost(
    save: Callable[[Path], Path],
    names: Sequence[str],
    example: Sequence[NDArray[np.float32]],
    given: Callable[[], Sequence[NDArray[np.float32]]],
) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        path = save(Path(folder) / "network.onnx")
        parameters, flops = onnx_cost(path, dict(zip(names, example, strict=True)))
        session = open_network(path.read_bytes(), "the network", "Train it again")
    return Cost(
        parameters, flops, lambda: session.run(None, dict(zip(names, given(), strict=True)))
    )
