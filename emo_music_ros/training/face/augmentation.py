"""Faces as a camera might see them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.training.face.restoration import GRID, ORDERS, SIZE, cosines, radius, wiener

NOISE = 1.0  # largest deviation of the noise added before the restoration, grey levels


def augment(faces: Tensor, draw: torch.Generator) -> Tensor:
    """Return the coefficients [n, 1, orders, orders] of faces [n, 1, 48, 48] seen anew.

    The faces are restored ones (`restoration.restore`). They are turned, mirrored, lit otherwise,
    blurred, made noisy and partly covered.
    """
    count = len(faces)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=draw) * (high - low) + low

    angle = uniform(-0.25, 0.25)
    across, along, shear = uniform(0.85, 1.15), uniform(0.85, 1.15), uniform(-0.1, 0.1)
    mirror = torch.where(torch.rand(count, generator=draw) < 0.5, -1.0, 1.0)
    matrix = torch.stack(
        [
            torch.stack(
                [mirror * across * angle.cos(), shear - angle.sin(), uniform(-0.1, 0.1)], 1
            ),
            torch.stack([mirror * angle.sin(), along * angle.cos(), uniform(-0.1, 0.1)], 1),
        ],
        dim=1,
    )
    grid = F.affine_grid(matrix, [count, 1, GRID, GRID], align_corners=False)
    seen = F.grid_sample(faces, grid, padding_mode="border", align_corners=False) / 255.0

    bend = uniform(-0.6, 0.6).view(-1, 1, 1, 1)
    seen = seen + bend * seen * (1.0 - seen)
    ramp = torch.linspace(-0.5, 0.5, GRID)
    light = (
        uniform(-0.4, 0.4).view(-1, 1, 1) * ramp + uniform(-0.4, 0.4).view(-1, 1, 1) * ramp[:, None]
    )
    seen = seen * (1.0 + light[:, None])

    rows = torch.arange(GRID).view(1, -1, 1)
    height, width = uniform(0.1, 0.4) * GRID, uniform(0.1, 0.4) * GRID
    top, left = uniform(0.0, 1.0) * (GRID - height), uniform(0.0, 1.0) * (GRID - width)
    covered = (rows >= top.view(-1, 1, 1)) & (rows < (top + height).view(-1, 1, 1))
    columns = rows.transpose(1, 2)
    covered = covered & (columns >= left.view(-1, 1, 1))
    covered = covered & (columns < (left + width).view(-1, 1, 1))
    covered = covered & (uniform(0.0, 1.0) < 0.4).view(-1, 1, 1)
    seen = torch.where(covered[:, None], seen.mean(dim=(2, 3), keepdim=True), seen) * 255.0

    # Sampled more coarsely the cosines keep their shape, only their norm changes.
    forth = torch.from_numpy(cosines(GRID) * (SIZE / GRID)).float()
    coefficients = forth.T @ seen @ forth
    order = torch.from_numpy(radius()).float()
    blur = uniform(-1.5, 1.0).clamp(min=0.0).view(-1, 1, 1, 1)  # px
    coefficients = coefficients * (-0.5 * (np.pi / SIZE * order * blur) ** 2).exp()
    # Dim and low contrast pictures have more noise of storing in relation.
    noise = torch.randn(count, 1, ORDERS, ORDERS, generator=draw)
    noise = noise * torch.from_numpy(wiener(0.4)).float()
    return coefficients + NOISE * uniform(-1.0, 1.0).clamp(min=0.0).view(-1, 1, 1, 1) * noise
