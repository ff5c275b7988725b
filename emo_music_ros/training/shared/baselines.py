# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks papers A and C compare with, for sequences of features, trained in one way.

Each takes sequences [n, time, features] and lengths [n], one or more steps, and answers with logits
[n, classes] that do not depend on the padding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.training.shared.seeding import seed_everything


def valid(x: Tensor, lengths: Tensor) -> Tensor:
    """Return which steps of sequences [n, time, ...] are no padding, as bool [n, time, 1]."""
    return (torch.arange(x.shape[1])[None] < lengths[:, None])[..., None]


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean [n, width] of sequences [n, time, width] over their valid steps."""
    return (x * valid(x, lengths)).sum(dim=1) / lengths[:, None].clamp(min=1)


def convolve(layer: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    """Convolve sequences [n, time, width] over time, rectify, and leave the padding zero."""
    return F.relu(layer(x.transpose(1, 2))).transpose(1, 2) * valid(x, lengths)


def recur(layer: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    """Run a recurrent layer over the valid steps of sequences [n, time, width] alone."""
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    result, _ = nn.utils.rnn.pad_packed_sequence(
        layer(packed)[0], batch_first=True, total_length=x.shape[1]
    )
    return result


class CNN(nn.Module):
    """Three convolutions over time and the mean over time (paper A, table 3)."""

    def __init__(self, features: int, classes: int, width: int = 64) -> None:
        super().__init__()
        sizes = (features, width, width, width)
        self.layers = nn.ModuleList(
            nn.Conv1d(inputs, outputs, 5, padding=2) for inputs, outputs in zip(sizes, sizes[1:])
        )
        self.answer = nn.Linear(width, classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [n, classes]."""
        for layer in self.layers:
            x = convolve(layer, x, lengths)
        answer: Tensor = self.answer(masked_mean(x, lengths))
        return answer


class LSTM(nn.Module):
    """One recurrent layer, its last valid step (papers A, table 3, and C, table 3)."""

    def __init__(self, features: int, classes: int, width: int = 64) -> None:
        super().__init__()
        self.recur = nn.LSTM(features, width, batch_first=True)
        self.answer = nn.Linear(width, classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [n, classes]."""
        x = recur(self.recur, x, lengths)
        last = x[torch.arange(len(x)), lengths - 1]
        answer: Tensor = self.answer(last)
        return answer


class BiGRU(nn.Module):
    """One bidirectional recurrent layer and the mean over time (paper A, table 3)."""

    def __init__(self, features: int, classes: int, width: int = 64) -> None:
        super().__init__()
        self.recur = nn.GRU(features, width, batch_first=True, bidirectional=True)
        self.answer = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [n, classes]."""
        x = recur(self.recur, x, lengths)
        answer: Tensor = self.answer(masked_mean(x, lengths))
        return answer


class ConvBiLSTMAttention(nn.Module):
    """Convolution, bidirectional LSTM and attention over time (paper A, Eqs. 5-7)."""

    def __init__(self, features: int, classes: int, width: int = 64) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(features, width, 5, padding=2)
        self.recur = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.attend = nn.Linear(2 * width, 1)
        self.answer = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [n, classes]."""
        x = recur(self.recur, convolve(self.convolve, x, lengths), lengths)
        weight = self.attend(x).masked_fill(~valid(x, lengths), -1e4).softmax(dim=1)
        answer: Tensor = self.answer((x * weight).sum(dim=1))
        return answer


#: Name in the tables -> (network, where it comes from).
NETWORKS: dict[str, tuple[Callable[[int, int], nn.Module], str]] = {
    "CNN": (CNN, "papers A and C, compared with"),
    "LSTM": (LSTM, "papers A and C, compared with"),
    "BiGRU": (BiGRU, "paper A, compared with"),
    "conv + Bi-LSTM + attention": (ConvBiLSTMAttention, "paper A, Eqs. 5-7; paper C"),
}


def pad(sequences: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return sequences [time, features] as one array [n, longest, features] and their lengths."""
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    width = np.asarray(sequences[0]).shape[1]
    batch = np.zeros((len(sequences), int(lengths.max()), width), np.float32)
    for row, sequence in enumerate(sequences):
        batch[row, : len(sequence)] = sequence
    return batch, lengths


def fit_sequences(
    network: Callable[[int, int], nn.Module],
    x: NDArray[np.float32],
    lengths: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: int,
    seed: int = 0,
    epochs: int = 20,
    batch: int = 32,
    rate: float = 2e-3,
) -> nn.Module:
    """Train a network on padded sequences [n, time, features] by weighted cross-entropy.

    Features are standardised by the training sequences; the constants become part of the network.
    """
    seed_everything(seed)
    inside = np.arange(x.shape[1])[None] < lengths[:, None]
    steps = x[inside]
    model = Standardised(
        network(x.shape[2], classes), steps.mean(axis=0), np.maximum(steps.std(axis=0), 1e-6)
    )
    count = np.bincount(labels, minlength=classes)
    weight = torch.tensor(len(labels) / (np.maximum(count, 1) * classes), dtype=torch.float32)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    updates = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates)
    draw = torch.Generator().manual_seed(seed)
    data, target = torch.from_numpy(x), torch.from_numpy(labels)
    size = torch.from_numpy(lengths)
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(len(x), generator=draw).split(batch):
            longest = int(size[rows].max())
            logits = model(data[rows, :longest], size[rows])
            loss = F.cross_entropy(logits, target[rows], weight=weight)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return model.eval()


class Standardised(nn.Module):
    """A network behind the standardisation of its features."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, network: nn.Module, mean: NDArray[np.float32], deviation: NDArray[np.float32]
    ) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.from_numpy(np.asarray(mean, np.float32)))
        self.register_buffer("deviation", torch.from_numpy(np.asarray(deviation, np.float32)))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [n, classes]; padding becomes the mean, that is zero."""
        x = (x - self.mean) / self.deviation * valid(x, lengths)
        answer: Tensor = self.network(x, lengths)
        return answer


def predict_sequences(
    model: nn.Module, x: NDArray[np.float32], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the probabilities [n, classes] of padded sequences."""
    parts = []
    with torch.no_grad():
        for rows in torch.arange(len(x)).split(128):
            size = torch.from_numpy(lengths[rows.numpy()])
            batch = torch.from_numpy(x[rows.numpy(), : int(size.max())])
            parts.append(model(batch, size).softmax(dim=1))
    return torch.cat(parts).double().numpy()
