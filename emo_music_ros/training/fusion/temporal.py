# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of papers A and C over the time grid, and how they are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.training.shared.seeding import seed_everything

#: Units of a Bi-LSTM in each direction, width of a convolution in steps, and size of a code.
HIDDEN, KERNEL, CODE = 16, 3, 6
#: Weight of the reconstruction loss beside that of the states.
RECONSTRUCTION = 0.3
#: Score of a step that nobody knows: no attention.
NOTHING = -1e4


@dataclass(frozen=True)
class Design:
    """Which parts a network has; an ablation takes one away.

    Attributes
    ----------
    kind : str
        ``attention`` (paper A) or ``compressed`` (paper C).
    convolution, attention : bool
        Of paper A. Without the first a step is read by itself; without the second all known steps
        count alike.
    encoder : bool
        Of paper C; without it the Bi-LSTM reads the features themselves.
    reconstruction : float
        Weight of the reconstruction loss.
    recurrent : bool
        Whether there is a Bi-LSTM. Without it paper A's query reads the steps themselves, and
        paper C's classifier the last one alone.
    """

    kind: str
    convolution: bool = True
    attention: bool = True
    encoder: bool = True
    reconstruction: float = RECONSTRUCTION
    recurrent: bool = True


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted: passes, windows a step, highest rate, weight decay.

    `dropout` is that before the last layer, `noise` the spread of noise added to the answers and
    `blanks` the share of steps that are taken away, both only while it learns.
    """

    epochs: int = 6
    batch: int = 256
    rate: float = 6e-3
    decay: float = 1e-3
    dropout: float = 0.2
    noise: float = 0.05
    blanks: float = 0.1


class AttentionNetwork(nn.Module):
    """Convolution and Bi-LSTM by modality, attention over modality and time (paper A, Eqs. 5-7).

    Parameters
    ----------
    design : Design
        Its parts.
    modalities, features, classes : int
        Sizes of the input [n, steps, modalities, features], whose last feature is the mask, and of
        the answer.
    dropout : float
        Before the last layer.
    """

    def __init__(
        self, design: Design, modalities: int, features: int, classes: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.design = design
        width = KERNEL if design.convolution else 1
        self.convolutions = nn.ModuleList(
            nn.Conv1d(features, 2 * HIDDEN, width, padding=width // 2) for _ in range(modalities)
        )
        self.recurrent = nn.ModuleList(
            nn.LSTM(2 * HIDDEN, HIDDEN, batch_first=True, bidirectional=True)
            for _ in range(modalities if design.recurrent else 0)
        )
        self.query = nn.Parameter(torch.zeros(2 * HIDDEN))
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * HIDDEN, classes))

    def forward(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log posterior [n, classes] and the attention [n, steps, modalities]."""
        hidden = []
        for place, convolution in enumerate(self.convolutions):
            one = torch.relu(convolution(window[:, :, place].transpose(1, 2))).transpose(1, 2)
            if self.design.recurrent:
                one, _ = self.recurrent[place](one)
            hidden.append(one)
        steps = torch.stack(hidden, dim=2)
        known = window[..., -1]
        score = steps @ self.query if self.design.attention else torch.zeros_like(known)
        score = torch.where(known > 0, score, torch.full_like(score, NOTHING))
        attention = score.flatten(1).softmax(dim=1).reshape(score.shape)
        fused = (attention.unsqueeze(3) * steps).sum(dim=(1, 2))
        return self.head(fused).log_softmax(dim=1), attention

    def penalty(self, window: Tensor) -> Tensor:
        """Return what is added to the loss: nothing."""
        return window.new_zeros(())


class CompressedNetwork(nn.Module):
    """An auto-encoder by modality, codes concatenated, a Bi-LSTM (paper C, Eqs. 6-10).

    Parameters are those of :class:`AttentionNetwork`.
    """

    def __init__(
        self, design: Design, modalities: int, features: int, classes: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.design = design
        count = modalities if design.encoder else 0
        self.encoders = nn.ModuleList(_layers(features, CODE) for _ in range(count))
        self.decoders = nn.ModuleList(_layers(CODE, features) for _ in range(count))
        size = modalities * ((CODE if design.encoder else features) + 1)
        self.recurrent = nn.ModuleList(
            [nn.LSTM(size, HIDDEN, batch_first=True, bidirectional=True)]
            if design.recurrent
            else [nn.Linear(size, 2 * HIDDEN)]
        )
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * HIDDEN, classes))

    def forward(self, window: Tensor) -> tuple[Tensor]:
        """Return the log posterior [n, classes]."""
        known = window[..., -1]
        codes = self._codes(window) if self.design.encoder else window
        fused = torch.cat([(codes * known.unsqueeze(3)).flatten(2), known], dim=2)
        if self.design.recurrent:
            steps, _ = self.recurrent[0](fused)
            last = torch.cat([steps[:, -1, :HIDDEN], steps[:, 0, HIDDEN:]], dim=1)
        else:
            last = torch.relu(self.recurrent[0](fused[:, -1]))
        return (self.head(last).log_softmax(dim=1),)

    def penalty(self, window: Tensor) -> Tensor:
        """Return the weighted reconstruction loss (Eq. 8) of the steps that are known."""
        if not (self.design.encoder and self.design.reconstruction):
            return window.new_zeros(())
        codes = self._codes(window)
        made = torch.stack([one(codes[:, :, at]) for at, one in enumerate(self.decoders)], dim=2)
        known = window[..., -1]
        error = ((made - window) ** 2).sum(dim=3)
        return self.design.reconstruction * (error * known).sum() / known.sum().clamp(min=1)

    def _codes(self, window: Tensor) -> Tensor:
        """Return the codes [n, steps, modalities, CODE] (Eqs. 6-7)."""
        return torch.stack([one(window[:, :, at]) for at, one in enumerate(self.encoders)], dim=2)


Network = AttentionNetwork | CompressedNetwork
KINDS: dict[str, type[AttentionNetwork] | type[CompressedNetwork]] = {
    "attention": AttentionNetwork,
    "compressed": CompressedNetwork,
}


def _layers(size: int, out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(size, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, out))


def build(design: Design, shape: Sequence[int], classes: int, dropout: float = 0.0) -> Network:
    """Return a fresh network for windows of a shape [..., modalities, features]."""
    return KINDS[design.kind](design, shape[-2], shape[-1], classes, dropout)


def fit(
    design: Design,
    windows: NDArray[np.float32],
    targets: NDArray[np.float32],
    seed: int = 0,
    recipe: Recipe | None = None,
) -> Network:
    """Return a network that makes the targets most likely.

    Parameters
    ----------
    design : Design
        Its parts.
    windows : ndarray
        [n, steps, modalities, features]; the last feature is the mask.
    targets : ndarray
        [n, classes], distributions; uniform where no class is true.
    seed : int
        Of everything random.
    recipe : Recipe, optional
        How it is fitted.
    """
    how = recipe or Recipe()
    seed_everything(seed)
    network = build(design, windows.shape, targets.shape[1], how.dropout)
    optimiser = torch.optim.AdamW(network.parameters(), how.rate, weight_decay=how.decay)
    batches = -(-len(windows) // how.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, how.rate, total_steps=how.epochs * batches
    )
    given, wanted = torch.from_numpy(windows), torch.from_numpy(targets)
    network.train()
    for _ in range(how.epochs):
        for rows in torch.randperm(len(given)).split(how.batch):
            window = _spoiled(given[rows], how)
            optimiser.zero_grad()
            loss = -(wanted[rows] * network(window)[0]).sum(dim=1).mean()
            (loss + network.penalty(window)).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network.eval()


def _spoiled(window: Tensor, how: Recipe) -> Tensor:
    """Return windows with noise and with some steps taken away, but never all of one."""
    mask = window[..., -1:]
    kept = (torch.rand(mask.shape) >= how.blanks).to(mask.dtype)
    kept[:, -1] = 1.0
    noise = how.noise * torch.randn_like(window)
    noise[..., -3:] = 0.0  # quality, age and mask stay
    return (window + noise * mask) * kept


def log_posterior(network: Network, windows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the log posterior [n, classes] of windows."""
    with torch.no_grad():
        found = [network(part)[0] for part in torch.from_numpy(windows).split(2048)]
    result: NDArray[np.float64] = torch.cat(found).numpy().astype(float)
    return result


def weights_of(network: Network) -> dict[str, NDArray[Any]]:
    """Return the weights by name, as they are kept."""
    return {name: value.numpy() for name, value in network.state_dict().items()}


def restored(network: Network, weights: dict[str, NDArray[Any]]) -> Network:
    """Return a network with weights that were kept."""
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return network.eval()
