# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Training, choice of settings and calibration of the stress network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.training.evaluation.protocol import Rows, by_group
from emo_music_ros.training.physiology.network import (
    INPUTS,
    MEMBERS,
    STRESS_SETTINGS,
    SUBSETS,
    Floats,
    StressNetwork,
    StressSetting,
    keep,
    logits,
)
from emo_music_ros.training.physiology.per_person import auc_per_person, smoothed
from emo_music_ros.training.shared.seeding import seed_everything

UPDATES, BATCH, RATE, DECAY = 120, 512, 1e-2, 0.1
#: Folds inside the training people that choose the settings and calibrate.
FOLDS = 3
#: Memories of the smoothing of answers that are compared [s].
SMOOTHINGS = (0.0, 20.0, 40.0)


def fit(
    inputs: Floats, share: Floats, jobs: Sequence[tuple[StressSetting, Rows]], seed: int
) -> StressNetwork:
    """Train a member for every job: a setting, and the rows to learn from.

    So that sensors may be missing, half of the windows, drawn at random in every update, lose the
    heart or the skin.
    """
    seed_everything(seed)
    subsets = [("heart", "skin"), *SUBSETS.values()]
    masks = torch.tensor(
        np.vstack([keep(np.ones((1, INPUTS)), groups) for groups in subsets]), dtype=torch.float32
    )
    seen = torch.tensor(inputs, dtype=torch.float32)
    wanted = torch.tensor(share, dtype=torch.float32)
    network = StressNetwork([setting for setting, _ in jobs])
    pools = [torch.from_numpy(rows) for _, rows in jobs]
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    for _ in range(UPDATES):
        rows = torch.stack(
            [pool[torch.randint(len(pool), (BATCH,), generator=draw)] for pool in pools]
        )
        worn = masks[torch.randint(len(masks), rows.shape, generator=draw)]
        loss = F.binary_cross_entropy_with_logits(
            network.members(seen[rows] * worn), wanted[rows], reduction="none"
        )
        optimiser.zero_grad()
        loss.mean(dim=1).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.eval()


def platt(scores: Floats, share: Floats) -> tuple[float, float]:
    """Return scale and offset that make held-out logits most likely.

    Calm and stress count alike: how often people are stressed in a laboratory says nothing of
    others, so 0.5 shall mean that nothing is known.
    """
    stress, calm = share / share.mean() / 2, (1 - share) / (1 - share).mean() / 2

    def loss(line: Floats) -> float:
        calibrated = line[0] * scores + line[1]
        lost = stress * np.logaddexp(0.0, -calibrated) + calm * np.logaddexp(0.0, calibrated)
        return float(lost.mean())

    scale, offset = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return float(scale), float(offset)


def choose_and_fit(
    inputs: Floats, share: Floats, people: NDArray[Any], times: Floats, seed: int
) -> StressNetwork:
    """Choose settings and smoothing by folds of these people, calibrate on those, train on all."""
    truth = share >= 0.5
    folds = by_group(people, min(FOLDS, len(np.unique(people))), seed)
    jobs = [(setting, train) for setting in STRESS_SETTINGS for train, _ in folds]
    found = logits(fit(inputs, share, jobs, seed), inputs)
    scores = np.zeros((len(STRESS_SETTINGS), len(share)))
    for number in range(len(jobs)):
        setting, fold = divmod(number, len(folds))
        held = folds[fold][1]
        scores[setting, held] = found[number, held]

    def area(stress: Floats) -> float:
        return auc_per_person(truth, np.stack([1 - stress, stress], axis=1), people)

    best = int(np.argmax([area(expit(row)) for row in scores]))
    tried = [smoothed(expit(scores[best]), people, times, memory) for memory in SMOOTHINGS]
    chosen = int(np.argmax([area(stress) for stress in tried]))
    everybody = np.arange(len(share))
    network = fit(inputs, share, [(STRESS_SETTINGS[best], everybody)] * MEMBERS, seed)
    network.platt.copy_(torch.tensor(platt(logit(tried[chosen]), share)))
    network.smoothing.fill_(SMOOTHINGS[chosen])
    return network
