# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The random generators of a run, so that it can be repeated."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    pass


def seed_everything(seed: int = 0, threads: int = 1) -> None:
    """Seed all generators and limit torch to `threads`, so that a run can be repeated."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from the global generator
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
