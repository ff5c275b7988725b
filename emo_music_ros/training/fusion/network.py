# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network of the learned fusion: a reader for every modality, blended and multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES
from emo_music_ros.fusion.learned import Heard
from emo_music_ros.training.shared.seeding import seed_everything

#: Age at which a modality says half of what it said [s]: of a face that went away, a voice that
#: fell silent, words said. Emotions of daily life last minutes (Verduyn & Lavrijsen 2015,
#: Motiv. Emot. 39), what is read of one moment less.
HALF_LIVES = {"face": 15.0, "speech": 30.0, "text": 60.0}
DEFAULT_HALF_LIFE = 20.0
#: Nobody is right always: at most so much of a reader's certainty is believed.
MOST_TRUST = 0.995
#: Passes of LBFGS, and the penalty on what readers change.
PASSES, PENALTY = 60, 3e-4
#: Share of the loss of classes; the rest is that of states.
CLASS_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Moments:
    """What modalities said at n moments.

    Attributes
    ----------
    evidence : array float32 [n, m, 8]
        Of :func:`~emo_music_ros.fusion.classes.class_evidence`.
    present, quality, age : array float32 [n, m]
        0 or 1; 0..1; seconds.
    truth : array int64 [n]
        Class that holds.
    people : array [n]
        Whose moment it is, or whose answers it was stitched of.
    rows : array int64 [n, m], optional
        Which recorded answers they are.
    named : array bool [n], optional
        Whether the class is known (default), or only its state: the class is then any of it.
    """

    evidence: NDArray[np.float32]
    present: NDArray[np.float32]
    quality: NDArray[np.float32]
    age: NDArray[np.float32]
    truth: NDArray[np.int64]
    people: NDArray[Any]
    rows: NDArray[np.int64] | None = None
    named: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def inputs(self) -> tuple[NDArray[np.float32], ...]:
        """What the network takes."""
        return self.evidence, self.present, self.quality, self.age

    def take(self, rows: NDArray[Any]) -> Moments:
        """Return some of the moments."""
        columns: dict[str, Any] = {
            name: None if value is None else value[rows] for name, value in vars(self).items()
        }
        return Moments(**columns)

    def without(self, present: NDArray[Any]) -> Moments:
        """Return the moments with only those modalities that are `present` [n, m] too."""
        return replace(self, present=(self.present * present).astype(np.float32))


def stack(several: Sequence[Moments]) -> Moments:
    """Return several as one, the moments of each after those before; not which answers they are."""
    columns = ("evidence", "present", "quality", "age", "truth", "people")
    named = [np.ones(len(one), bool) if one.named is None else one.named for one in several]
    return Moments(
        **{name: np.concatenate([getattr(one, name) for one in several]) for name in columns},
        named=np.concatenate(named),
    )


class FusionNetwork(nn.Module):
    """log P(class | all) = log prior + sum of present log(n ((1 - t) / n + t P_m(class))).

    There are n classes. P_m is the softmax of a linear reader of the class evidence of modality m,
    t its trust: learned reliability x quality x 0.5 ** (age / half-life).

    Parameters
    ----------
    half_lives : array [m]
        Of every modality [s].
    size : int
        Number of classes.
    """

    def __init__(self, half_lives: NDArray[np.float64], size: int = len(CLASSES)) -> None:
        super().__init__()
        count = len(half_lives)
        self.register_buffer(
            "half_lives", torch.tensor(np.asarray(half_lives), dtype=torch.float32)
        )
        self.readers = nn.Parameter(torch.eye(size).repeat(count, 1, 1))
        self.offsets = nn.Parameter(torch.zeros(count, size))
        self.reliability = nn.Parameter(torch.full((count,), 2.0))
        self.prior = nn.Parameter(torch.zeros(size))

    def forward(
        self, evidence: Tensor, present: Tensor, quality: Tensor, age: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return log posterior [n, 8], posterior of every modality alone [n, m, 8], agreement [n].

        Agreement is how much better one common class explains what was said than a class of its own
        for every modality, in nats.
        """
        size = evidence.shape[2]
        read = torch.einsum("nmc,mkc->nmk", evidence, self.readers) + self.offsets
        trust = torch.sigmoid(self.reliability) * MOST_TRUST * quality
        trust = (trust * torch.exp2(-age / self.half_lives) * present).unsqueeze(2)
        blended = (1 - trust) / size + trust * read.softmax(dim=2)
        logs = torch.log(blended * size)
        prior = self.prior.log_softmax(dim=0)
        joint, alone = prior + logs.sum(dim=1), prior + logs
        agreement = joint.logsumexp(dim=1) - alone.logsumexp(dim=2).sum(dim=1)
        return joint.log_softmax(dim=1), alone.softmax(dim=2), agreement


def fit(
    moments: Moments,
    half_lives: NDArray[np.float64],
    seed: int = 0,
    class_share: float = CLASS_SHARE,
) -> FusionNetwork:
    """Return the network that makes classes and states of the moments most likely.

    Parameters
    ----------
    moments : Moments
        What is learned from.
    half_lives : array [m]
        Of every modality [s].
    seed : int
        Of everything random.
    class_share : float
        Share of the loss of classes; 1 where they are not those of `CLASSES`.
    """
    seed_everything(seed)
    network = FusionNetwork(half_lives, moments.evidence.shape[2])
    inputs = [torch.from_numpy(np.asarray(one, np.float32)) for one in moments.inputs]
    truth = torch.from_numpy(moments.truth)
    named = torch.from_numpy(
        np.ones(len(moments), bool) if moments.named is None else moments.named
    )
    eye = torch.eye(moments.evidence.shape[2])
    optimiser = torch.optim.LBFGS(
        network.parameters(), max_iter=PASSES, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        logs, _, _ = network(*inputs)
        total = class_share * nn.functional.nll_loss(logs[named], truth[named])
        if class_share < 1:
            total = total + (1 - class_share) * _state_loss(logs, moments.truth)
        changed = ((network.readers - eye) ** 2).sum() + (network.offsets**2).sum()
        total = total + PENALTY * changed
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return network.eval()


def _state_loss(logs: Tensor, truth: NDArray[np.int64]) -> Tensor:
    """Return the cross-entropy of the states; surprise has none."""
    table = torch.tensor(STATES_OF_CLASSES, dtype=torch.float32)
    rows = STATES_OF_CLASSES[truth]
    known = torch.from_numpy(rows.std(axis=1) > 0)
    states = torch.log(logs.exp() @ table + 1e-9)
    return nn.functional.nll_loss(states[known], torch.from_numpy(rows.argmax(axis=1))[known])


def hear(network: FusionNetwork, moments: Moments) -> Heard:
    """Return what the network makes of moments."""
    with torch.no_grad():
        found = network(*(torch.from_numpy(np.asarray(one, np.float32)) for one in moments.inputs))
    return Heard(*(one.numpy().astype(float) for one in found))
