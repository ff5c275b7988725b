# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train the networks of the face encoder, one pass after another."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import FER2013
from emo_music_ros.training.face.augmentation import augment
from emo_music_ros.training.face.network import Expressions
from emo_music_ros.training.shared.seeding import seed_everything

logger = logging.getLogger(__name__)

BATCH = 128
RATE = 3e-3
DECAY = 0.03
SMOOTHING = 0.1
AVERAGING = 0.998  # per step, of the averaged weights that are kept
BALANCE = 0.25  # power of the inverse class frequency that weighs a face
VOTED = 0.5  # weight of the votes beside the label
TAUGHT = 0.5  # share of what a teacher holds in the targets


@dataclass(frozen=True, eq=False)
class Lessons:
    """What a network learns.

    Parameters
    ----------
    images : array uint8 [n, 48, 48]
        Faces.
    labels : array int64 [n]
        Their classes.
    votes : array [n, 10], optional
        Shares of the votes of raters (`corpora.ferplus`), zeros where nobody voted.
    beliefs : array [n, 7 + 10], optional
        What a teacher holds of label and votes. The target is then a mean of it and of what is
        known, which tempers wrong labels (Furlanello et al., 2018, "Born-again neural networks").
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    votes: NDArray[np.float32] | None = None
    beliefs: NDArray[np.float32] | None = None

    def targets(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the targets [n, 7] and [n, 10], weighed; a row of zeros teaches nothing."""
        known = F.one_hot(torch.from_numpy(self.labels), len(FER2013)).float()
        label = (1.0 - SMOOTHING) * known + SMOOTHING / len(FER2013)
        shape = (len(label), 0) if self.votes is None else self.votes.shape
        votes = torch.zeros(shape) if self.votes is None else torch.from_numpy(self.votes).float()
        if self.beliefs is not None:
            beliefs = torch.from_numpy(self.beliefs)
            label = torch.lerp(label, beliefs[:, : len(FER2013)], TAUGHT)
            if self.votes is not None:
                votes = torch.lerp(votes, beliefs[:, len(FER2013) :], TAUGHT)
        weight = known.sum(dim=0).clamp(min=1.0) ** -BALANCE
        weight = weight[torch.from_numpy(self.labels)]
        return label * (weight / weight.mean())[:, None], VOTED * votes


def answers(network: Expressions, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits [n, 7 + 10] of label and votes, means over faces and mirror images."""
    network.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(images), 512):
            faces = torch.from_numpy(images[start : start + 512]).float()[:, None]
            straight, mirrored = network.both(faces), network.both(faces.flip(3))
            parts.append((torch.cat(straight, 1) + torch.cat(mirrored, 1)) / 2)
    return torch.cat(parts).numpy()


class Fitting:
    """A training that can be stopped after any pass and goes on as if it had not been.

    Parameters
    ----------
    network : Expressions
        With random weights.
    lessons : Lessons
        What it learns.
    seed : int
        Of order and augmentation; every pass draws from its own.
    epochs : int
        Passes over the faces.
    threads : int
        Of torch; the weights depend on it in the last digits.
    """

    def __init__(
        self, network: Expressions, lessons: Lessons, seed: int, epochs: int, threads: int = 1
    ) -> None:
        self.done = 0
        self.epochs = epochs
        self._threads = threads
        self._seed = seed
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGING),
            use_buffers=True,
        )
        self._optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
        self._steps = len(lessons.images) // BATCH
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, RATE, total_steps=self._steps * epochs, pct_start=0.15
        )
        self._faces = torch.from_numpy(lessons.images)[:, None]
        self._targets = lessons.targets()

    def state(self) -> dict[str, Any]:
        """Return all that `resume` needs."""
        return {
            "done": self.done,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.done = state["done"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])

    def one_pass(self) -> None:
        """See all faces once."""
        began = time.monotonic()
        seed = 1000 * self._seed + self.done
        seed_everything(seed, self._threads)
        draw = torch.Generator().manual_seed(seed)
        self.network.train()
        total = 0.0
        order = torch.randperm(len(self._faces), generator=draw)
        for rows in order[: self._steps * BATCH].split(BATCH):
            seen = augment(self._faces[rows].float(), draw)
            seen = seen.contiguous(memory_format=torch.channels_last)
            label, votes = self.network.both(seen)
            loss = -(self._targets[0][rows] * F.log_softmax(label, dim=1)).sum(1).mean()
            if self._targets[1].shape[1]:
                loss = loss - (self._targets[1][rows] * F.log_softmax(votes, dim=1)).sum(1).mean()
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            self._schedule.step()
            self.averaged.update_parameters(self.network)
            total += loss.item()
        self.done += 1
        seconds, mean = time.monotonic() - began, total / max(self._steps, 1)
        logger.info("epoch %d of %d: loss %.3f, %.0f s", self.done, self.epochs, mean, seconds)


def fit(
    fitting: Fitting, kept: Path | None = None, watch: Callable[[Fitting], None] | None = None
) -> Expressions:
    """Finish a training and return the network with averaged weights.

    Parameters
    ----------
    fitting : Fitting
        The training.
    kept : pathlib.Path, optional
        Where its state is written after every pass, and read from if it is there.
    watch : callable, optional
        Called after every pass.
    """
    if kept is not None and kept.is_file():
        fitting.resume(torch.load(kept, weights_only=True))
        logger.info("going on after epoch %d", fitting.done)
    while fitting.done < fitting.epochs:
        fitting.one_pass()
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_suffix(".part")
            torch.save(fitting.state(), partial)
            partial.replace(kept)
        if watch is not None:
            watch(fitting)
    result = fitting.averaged.module
    result.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    if kept is not None:
        kept.unlink(missing_ok=True)
    return result  # type: ignore[no-any-return]
