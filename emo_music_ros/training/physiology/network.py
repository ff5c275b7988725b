# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The stress network: small perceptrons on measures against what is usual for the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.encoding.physiology.encoder import GROUPS, MEASURES, MEMORIES
from emo_music_ros.training.shared.onnx_export import export_onnx

NAME, VERSION = "physiology", "3.0.0"
#: Networks whose logits are averaged, and hidden units of each.
MEMBERS, HIDDEN = 5, 8
#: Measures that settings choose between.
FEW = ("heart_rate", "log_eda_level", "log_scr_sum", "eda_slope")
StressSetting = tuple[tuple[str, ...], tuple[float, ...]]
#: What is chosen between in every fold: measures, and memories of the baseline [s].
STRESS_SETTINGS: tuple[StressSetting, ...] = (
    (FEW, MEMORIES[1:]),
    (FEW, MEMORIES),
    (MEASURES, MEMORIES[1:]),
    (MEASURES, MEMORIES),
)
#: Signals a person may not wear, and what is then left.
SUBSETS: Mapping[str, tuple[str, ...]] = {
    "heart and skin": ("heart", "skin"),
    "skin only": ("skin",),
    "heart only": ("heart",),
}
INPUTS = len(MEASURES) * len(MEMORIES) + len(GROUPS)
Floats = NDArray[np.float64]


def keep(inputs: Floats, groups: Sequence[str]) -> Floats:
    """Return the inputs of somebody who wears only the sensors of `groups`."""
    kept = inputs.copy()
    for number, (name, columns) in enumerate(GROUPS.items()):
        if name not in groups:
            for memory in range(len(MEMORIES)):
                kept[:, [column + len(MEASURES) * memory for column in columns]] = 0.0
            kept[:, len(MEASURES) * len(MEMORIES) + number] = 0.0
    return kept


class StressNetwork(nn.Module):
    """Several small perceptrons whose logits are averaged, then calibrated (Platt)."""

    used: Tensor
    platt: Tensor
    smoothing: Tensor  # of the answers, applied outside [s]

    def __init__(self, settings: Sequence[StressSetting]) -> None:
        super().__init__()
        used = [
            [
                measure in stress_metrics and memory in memories
                for memory in MEMORIES
                for measure in MEASURES
            ]
            for stress_metrics, memories in settings
        ]
        columns = torch.tensor(used).float()
        together = torch.ones(len(settings), len(GROUPS))
        self.register_buffer("used", torch.cat([columns, together], dim=1)[:, None])
        self.register_buffer("platt", torch.tensor([1.0, 0.0]))
        self.register_buffer("smoothing", torch.tensor(0.0))
        seen = self.used.sum(dim=2, keepdim=True)

        def start(*shape: int, fan: Tensor | float) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(len(settings), *shape) - 1) / fan**0.5)

        self.weight1, self.bias1 = start(INPUTS, HIDDEN, fan=seen), start(1, HIDDEN, fan=seen)
        self.weight2, self.bias2 = start(HIDDEN, 1, fan=HIDDEN), start(1, 1, fan=HIDDEN)

    def members(self, inputs: Tensor) -> Tensor:
        """Return the logits of stress [members, n] of inputs [n or members, n, inputs]."""
        hidden = torch.tanh(torch.matmul(inputs * self.used, self.weight1) + self.bias1)
        return (torch.matmul(hidden, self.weight2) + self.bias2)[..., 0]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the probabilities [n, 2] of calm and stress."""
        logit = self.platt[0] * self.members(inputs).mean(dim=0) + self.platt[1]
        stress = torch.sigmoid(logit)
        return torch.stack([1 - stress, stress], dim=1)

    @property
    def parameters_used(self) -> int:
        """How many numbers were learnt."""
        seen = self.used.sum(dim=(1, 2))
        return int(((seen + 1) * HIDDEN + HIDDEN + 1).sum()) + len(self.platt)


def logits(network: StressNetwork, inputs: Floats) -> Floats:
    """Return the logits [members, n] of stress before calibration."""
    with torch.no_grad():
        return network.members(torch.tensor(inputs, dtype=torch.float32)).double().numpy()


def arrays_of(network: StressNetwork) -> dict[str, NDArray[Any]]:
    """Return the state of a network as arrays."""
    return {name: value.numpy() for name, value in network.state_dict().items()}


def restore(arrays: Mapping[str, NDArray[Any]]) -> StressNetwork:
    """Return the network that :func:`weights` was taken from."""
    network = StressNetwork([STRESS_SETTINGS[0]] * len(arrays["weight1"]))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return network.eval()


def export(network: StressNetwork, path: Path) -> Path:
    """Write the network as ONNX."""
    return export_onnx(network, path, [torch.zeros(4, INPUTS)], ["features"], ["probabilities"])
