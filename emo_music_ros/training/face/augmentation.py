# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Faces as a camera might see them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

NOISE = 12.0  # largest deviation of the noise, grey levels


def augment(faces: Tensor, draw: torch.Generator) -> Tensor:
    """Return faces [n, 1, 48, 48], 0..255, seen anew.

    They are turned, mirrored, shifted, sheared and lit otherwise, some are out of focus, noisy,
    behind dark glasses or partly covered.
    """
    count, size = len(faces), faces.shape[-1]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=draw) * (high - low) + low

    def some(share: float) -> Tensor:
        return torch.rand(count, generator=draw) < share

    def wide(values: Tensor) -> Tensor:
        return values.view(-1, 1, 1, 1)

    angle = uniform(-0.3, 0.3)
    size_now = uniform(0.8, 1.15)
    across, along, shear = uniform(0.92, 1.08), uniform(0.92, 1.08), uniform(-0.1, 0.1)
    mirror = torch.where(some(0.5), -1.0, 1.0)
    matrix = torch.stack(
        [
            torch.stack(
                [
                    mirror * size_now * across * angle.cos(),
                    shear - size_now * angle.sin(),
                    uniform(-0.12, 0.12),
                ],
                1,
            ),
            torch.stack(
                [
                    mirror * size_now * angle.sin(),
                    size_now * along * angle.cos(),
                    uniform(-0.12, 0.12),
                ],
                1,
            ),
        ],
        dim=1,
    )
    grid = F.affine_grid(matrix, [count, 1, size, size], align_corners=False)
    seen = F.grid_sample(faces, grid, padding_mode="border", align_corners=False) / 255.0

    bend = wide(uniform(-0.6, 0.6))
    seen = seen + bend * seen * (1.0 - seen)
    ramp = torch.linspace(-0.5, 0.5, size)
    light = (
        uniform(-0.5, 0.5).view(-1, 1, 1) * ramp + uniform(-0.5, 0.5).view(-1, 1, 1) * ramp[:, None]
    )
    seen = seen * (1.0 + light[:, None])

    # Out of focus or far away: between the picture and one of half its resolution.
    coarse = F.interpolate(
        F.avg_pool2d(seen, 2), size=(size, size), mode="bilinear", align_corners=False
    )
    seen = torch.lerp(seen, coarse, wide(uniform(-1.0, 1.0).clamp(min=0.0)))
    deviation = wide(uniform(-1.0, 1.0).clamp(min=0.0)) * NOISE / 255.0
    seen = seen + deviation * torch.randn(seen.shape, generator=draw)

    place = torch.arange(size).view(1, -1)

    def between(start: Tensor, length: Tensor) -> Tensor:
        return (place >= start.view(-1, 1)) & (place < (start + length).view(-1, 1))

    height, width = uniform(0.1, 0.4) * size, uniform(0.1, 0.4) * size
    rows = between(uniform(0.0, 1.0) * (size - height), height)
    columns = between(uniform(0.0, 1.0) * (size - width), width)
    covered = rows[:, :, None] & columns[:, None, :] & some(0.4).view(-1, 1, 1)
    seen = torch.where(covered[:, None], wide(uniform(0.0, 1.0)), seen)
    top = uniform(0.28, 0.34) * size
    glasses = between(top, uniform(0.12, 0.2) * size) & some(0.06).view(-1, 1)
    seen = torch.where(glasses[:, None, :, None], 0.25 * seen, seen)
    return seen * 255.0
