# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""EEGNet: a small convolutional network for EEG (Lawhern et al. 2018, J. Neural Eng. 15)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.training.shared.seeding import seed_everything

EPOCHS, BATCH, RATE, DECAY = 12, 32, 2e-3, 1e-3
#: Largest norm of a spatial filter and of the weights of a class.
SPATIAL_NORM, CLASS_NORM = 1.0, 0.25


class EegNet(nn.Module):
    """Filters over time, over electrodes for each of them, then separable ones: EEGNet-8,2.

    Parameters
    ----------
    electrodes, samples : int
        Size of a window; filters are half a second long at 128 Hz. Kernels are odd.
    classes : int
        Number of classes.
    filters, depth : int
        Filters over time, and spatial ones for each of them.
    drop : float
        Share of values left out in training.
    """

    temperature: Tensor

    def __init__(
        self,
        electrodes: int,
        samples: int,
        classes: int,
        filters: int = 8,
        depth: int = 2,
        drop: float = 0.5,
    ) -> None:
        super().__init__()
        width = filters * depth
        self.temporal = nn.Conv2d(1, filters, (1, 63), padding=(0, 31), bias=False)
        self.spatial = nn.Conv2d(filters, width, (electrodes, 1), groups=filters, bias=False)
        self.separable = nn.Sequential(
            nn.Conv2d(width, width, (1, 15), padding=(0, 7), groups=width, bias=False),
            nn.Conv2d(width, width, 1, bias=False),
        )
        self.layers = nn.Sequential(
            self.temporal,
            nn.BatchNorm2d(filters),
            self.spatial,
            nn.BatchNorm2d(width),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(drop),
            self.separable,
            nn.BatchNorm2d(width),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Dropout(drop),
            nn.Flatten(),
        )
        self.answer = nn.Linear(width * (samples // 32), classes)
        self.register_buffer("temperature", torch.tensor(1.0))

    def logits(self, waves: Tensor) -> Tensor:
        """Return the logits [n, classes] of windows [n, electrodes, samples]."""
        answer: Tensor = self.answer(self.layers(waves[:, None]))
        return answer

    def forward(self, waves: Tensor) -> Tensor:
        """Return the probabilities [n, classes]."""
        return torch.softmax(self.logits(waves) / self.temperature, dim=1)

    @torch.no_grad()
    def limit(self) -> None:
        """Bound the norms of the spatial filters and of the classes."""
        for weight, norm in (
            (self.spatial.weight, SPATIAL_NORM),
            (self.answer.weight, CLASS_NORM),
        ):
            weight.copy_(torch.renorm(weight, 2, 0, norm))


def augment(waves: Tensor, draw: torch.Generator) -> Tensor:
    """Return windows shifted in time, with other gains, and some turned upside down."""
    shift = int(torch.randint(-64, 65, (1,), generator=draw))
    gain = 1 + 0.2 * torch.randn(len(waves), waves.shape[1], 1, generator=draw)
    flip = 1 - 2 * torch.randint(0, 2, (len(waves), 1, 1), generator=draw)
    return torch.roll(waves, shift, dims=2) * gain * flip


def fit_eegnet(
    waves: NDArray[np.float32], labels: NDArray[np.int64], classes: int, seed: int
) -> EegNet:
    """Train on windows [n, electrodes, samples], every class weighted alike."""
    seed_everything(seed)
    network = EegNet(waves.shape[1], waves.shape[2], classes)
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    count = np.bincount(labels, minlength=classes)
    weight = torch.tensor(len(labels) / (classes * np.maximum(count, 1)), dtype=torch.float32)
    seen, wanted = torch.from_numpy(waves), torch.from_numpy(labels)
    for _ in range(EPOCHS):
        network.train()
        for rows in torch.randperm(len(seen), generator=draw).split(BATCH):
            loss = F.cross_entropy(
                network.logits(augment(seen[rows], draw)), wanted[rows], weight=weight
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            network.limit()
    return network.eval()


def answer(network: Any, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logits [n, classes] of a network with a method ``logits``."""
    with torch.no_grad():
        parts = [network.logits(part) for part in torch.from_numpy(inputs).split(128)]
    return torch.cat(parts).double().numpy()
