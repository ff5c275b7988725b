"""Train the network of the face encoder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import FER2013
from emo_music_ros.training.face.augmentation import augment
from emo_music_ros.training.face.restoration import restore
from emo_music_ros.training.shared.seeding import seed_everything

logger = logging.getLogger(__name__)

BATCH = 128
RATE = 3e-3
DECAY = 0.03
SMOOTHING = 0.1
AVERAGING = 0.998  # per step, of the averaged weights that are kept


def infer(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits [n, 7] of images [n, 48, 48]."""
    network.eval()
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(images[start : start + 512]).float()[:, None])[0]
            for start in range(0, len(images), 512)
        ]
    return torch.cat(parts).numpy()


def fit(
    network: nn.Module,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    seed: int,
    epochs: int,
    beliefs: NDArray[np.float32] | None = None,
    watch: Callable[[int, nn.Module], None] | None = None,
) -> nn.Module:
    """Train a network with a method `classify` and return it with averaged weights.

    Parameters
    ----------
    network : torch.nn.Module
        With random weights.
    images : array uint8 [n, 48, 48]
        Faces.
    labels : array int64 [n]
        Their classes.
    seed : int
        Of order and augmentation.
    epochs : int
        Passes over the faces.
    beliefs : array [n, 7], optional
        What a teacher holds of the faces: the target is then the mean of label and belief, which
        tempers wrong labels (Furlanello et al., 2018, "Born-again neural networks").
    watch : callable, optional
        Called after every epoch with its number and the averaged network.
    """
    seed_everything(seed)
    draw = torch.Generator().manual_seed(seed)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGING),
        use_buffers=True,
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps * epochs, pct_start=0.15
    )
    faces = torch.from_numpy(restore(images))[:, None]
    target = F.one_hot(torch.from_numpy(labels), len(FER2013)).float()
    if beliefs is None:
        target = (1.0 - SMOOTHING) * target + SMOOTHING / len(FER2013)
    else:
        target = 0.5 * target + 0.5 * torch.from_numpy(beliefs)
    for epoch in range(epochs):
        began = time.monotonic()
        network.train()
        total = 0.0
        order = torch.randperm(len(images), generator=draw)
        for rows in order[: steps * BATCH].split(BATCH):
            logits: Tensor = network.classify(augment(faces[rows], draw))[0]  # type: ignore[operator]
            loss = F.cross_entropy(logits, target[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            averaged.update_parameters(network)
            total += loss.item()
        seconds = time.monotonic() - began
        logger.info("epoch %d of %d: loss %.3f, %.0f s", epoch + 1, epochs, total / steps, seconds)
        if watch is not None:
            watch(epoch + 1, averaged.module)
    result = averaged.module
    result.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return result
