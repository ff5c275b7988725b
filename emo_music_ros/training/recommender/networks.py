# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Four kinds of networks for sparse names and measures, each in a few lines."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

#: Numbers that stand for one name or measure.
WIDTH = 10


class Fields(nn.Module):
    """A vector for every name, and one for every measure that its value multiplies."""

    def __init__(self, names: int, measures: int, width: int) -> None:
        super().__init__()
        self.names = nn.Embedding(names, width)
        self.measures = nn.Parameter(torch.randn(measures, width) * 0.05)
        nn.init.normal_(self.names.weight, std=0.05)

    def forward(self, names: Tensor, measures: Tensor) -> Tensor:
        """Return vectors [rows, fields, width]."""
        return torch.cat([self.names(names), measures[..., None] * self.measures], dim=1)


class Linear(nn.Module):
    """A weight for every name and measure."""

    def __init__(self, names: int, measures: int) -> None:
        super().__init__()
        self.fields = Fields(names, measures, 1)
        self.constant = nn.Parameter(torch.zeros(1))

    def forward(self, names: Tensor, measures: Tensor) -> Tensor:
        """Return logits [rows]."""
        return cast(Tensor, self.fields(names, measures).sum(dim=(1, 2)) + self.constant)


class FactorizationMachine(nn.Module):
    """FM: a linear part and the inner products of all pairs of fields (Rendle 2010, Eq. 1)."""

    def __init__(self, names: int, measures: int) -> None:
        super().__init__()
        self.linear, self.fields = Linear(names, measures), Fields(names, measures, WIDTH)

    def forward(self, names: Tensor, measures: Tensor) -> Tensor:
        """Return logits [rows]."""
        vectors = self.fields(names, measures)
        pairs = 0.5 * (vectors.sum(dim=1) ** 2 - (vectors**2).sum(dim=1)).sum(dim=1)
        return cast(Tensor, self.linear(names, measures) + pairs)


class WideAndDeep(nn.Module):
    """A linear part beside a perceptron of all fields (Cheng et al. 2016)."""

    def __init__(self, names: int, measures: int) -> None:
        super().__init__()
        self.linear, self.fields = Linear(names, measures), Fields(names, measures, WIDTH)
        self.deep = nn.Sequential(
            nn.Linear((3 + measures) * WIDTH, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 1)
        )

    def forward(self, names: Tensor, measures: Tensor) -> Tensor:
        """Return logits [rows]."""
        deep = self.deep(self.fields(names, measures).flatten(1))[:, 0]
        return cast(Tensor, self.linear(names, measures) + deep)


class AutoInt(nn.Module):
    """Fields that attend to each other, two layers of two heads (Song et al. 2019)."""

    def __init__(self, names: int, measures: int) -> None:
        super().__init__()
        self.linear, self.fields = Linear(names, measures), Fields(names, measures, WIDTH)
        self.layers = nn.ModuleList(
            nn.MultiheadAttention(WIDTH, 2, dropout=0.2, batch_first=True) for _ in range(2)
        )
        self.head = nn.Linear((3 + measures) * WIDTH, 1)

    def forward(self, names: Tensor, measures: Tensor) -> Tensor:
        """Return logits [rows]."""
        vectors = self.fields(names, measures)
        for layer in self.layers:
            vectors = torch.relu(vectors + layer(vectors, vectors, vectors)[0])
        return cast(Tensor, self.linear(names, measures) + self.head(vectors.flatten(1))[:, 0])


class DeepCross(nn.Module):
    """DCN V2: x <- x0 * (W x + b) + x, twice, beside a perceptron (Wang et al. 2021, Eq. 1)."""

    def __init__(self, names: int, measures: int) -> None:
        super().__init__()
        size = (3 + measures) * WIDTH
        self.fields = Fields(names, measures, WIDTH)
        self.cross = nn.ModuleList(nn.Linear(size, size) for _ in range(2))
        self.deep = nn.Sequential(nn.Linear(size, 64), nn.ReLU(), nn.Dropout(0.3))
        self.head = nn.Linear(size + 64, 1)

    def forward(self, names: Tensor, measures: Tensor) -> Tensor:
        """Return logits [rows]."""
        first = self.fields(names, measures).flatten(1)
        crossed = first
        for layer in self.cross:
            crossed = first * layer(crossed) + crossed
        return cast(Tensor, self.head(torch.cat([crossed, self.deep(first)], dim=1))[:, 0])


KINDS = {
    "FM": FactorizationMachine,
    "Wide & Deep": WideAndDeep,
    "AutoInt": AutoInt,
    "DCN V2": DeepCross,
}


def make(kind: str, names: int, measures: int) -> nn.Module:
    """Return a network.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    names, measures : int
        How many different names there are, and measures a row.
    """
    return KINDS[kind](names, measures)
