# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network on band powers: multinomial logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.encoding.eeg.encoder import LABELS

#: Strength of the penalty on the weights of the linear network.
PENALTY = 0.1
STEPS = 200


class BandPowerNetwork(nn.Module):
    """Standardised measures, one linear layer, a temperature."""

    mean: Tensor
    spread: Tensor
    temperature: Tensor

    def __init__(self, mean: NDArray[Any], spread: NDArray[Any]) -> None:
        super().__init__()
        self.linear = nn.Linear(len(mean), len(LABELS))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
        self.register_buffer("temperature", torch.tensor(1.0))

    def logits(self, measures: Tensor) -> Tensor:
        """Return the logits [n, labels]."""
        # Electrodes of another person may be far from all that was seen: bound their weight.
        scaled = torch.clamp((measures - self.mean) / self.spread, -3.0, 3.0)
        return self.linear(scaled)  # type: ignore[no-any-return]

    def forward(self, measures: Tensor) -> Tensor:
        """Return the probabilities [n, labels]."""
        return torch.softmax(self.logits(measures) / self.temperature, dim=1)


def fit(
    measures: NDArray[np.float32], labels: NDArray[np.int64], people: NDArray[Any]
) -> BandPowerNetwork:
    """Train the linear network with every person and label weighted alike."""
    network = BandPowerNetwork(measures.mean(axis=0), measures.std(axis=0))
    groups = np.unique(np.stack([people, labels.astype(str)]), axis=1, return_inverse=True)[1]
    share = 1.0 / np.bincount(groups.ravel())[groups.ravel()]
    weight = torch.tensor(share / share.sum(), dtype=torch.float32)
    inputs, wanted = torch.from_numpy(measures), torch.from_numpy(labels)
    optimiser = torch.optim.LBFGS(
        network.linear.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        each = nn.functional.cross_entropy(network.logits(inputs), wanted, reduction="none")
        value = (weight * each).sum() + PENALTY * network.linear.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return network.eval()
