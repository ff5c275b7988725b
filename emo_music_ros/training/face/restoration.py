"""Undo the blur of the corpus, as far as noise lets it.

The pictures of FER2013 as distributed in some copies are smooth: a Gaussian of 3 px with mirrored
borders took the fine detail before they were stored as JPEG. Such a blur is a product in the
cosine transform (type II), so a Wiener filter there gives back every frequency that still stands
above the noise of storing, and what is left of a face fits into 20 x 20 px.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SIZE = 48  # px, width and height of a face
GRID = 20  # px, of a restored face: holds 10 cycles, and above 9 there is noise alone
ORDERS = 18  # cosines along each axis that are kept; order k has k / 2 cycles
BLUR = 3.0  # px, deviation of the Gaussian
SLOPE = 2.5  # of the power of sharp faces over frequency
POWER = 1.5e6  # of sharp faces at order 1, grey levels squared
NOISE = 0.4  # power of rounding and JPEG in every coefficient, grey levels squared
CAUTIOUS = 6.0  # noise assumed where the contrast of a face is low
COARSE = 3.5  # order below which lies shading rather than expression


def cosines(points: int, orders: int = ORDERS) -> NDArray[np.float64]:
    """Return the cosines [points, orders] of the transform of `SIZE` points, sampled at `points`.

    With ``points == SIZE`` the columns are orthonormal.
    """
    place = (np.arange(points)[:, None] + 0.5) / points
    table = np.cos(np.pi * place * np.arange(orders)) * np.sqrt(2.0 / SIZE)
    table[:, 0] /= np.sqrt(2.0)
    return table


def radius(orders: int = ORDERS) -> NDArray[np.float64]:
    """Return the radial order [orders, orders] of every coefficient."""
    order = np.arange(orders)
    return np.hypot(order[:, None], order)


def resolution(images: NDArray[np.uint8]) -> float:
    """Return from how many cycles on, 0..24, pictures [n, 48, 48] hold less than one grey level.

    That is about the noise of storing them; a sharp picture has more up to 24 cycles.
    """
    forth = cosines(SIZE, SIZE)
    total = np.zeros((SIZE, SIZE))
    for start in range(0, len(images), 1024):
        part = images[start : start + 1024].astype(float)
        total += np.sum((forth.T @ part @ forth) ** 2, axis=0)
    order = radius(SIZE).round().astype(int).ravel()
    spectrum = np.bincount(order, total.ravel()) / np.bincount(order) / len(images)
    buried = np.flatnonzero(spectrum[:SIZE] < 1.0)
    return float(buried[0]) / 2 if len(buried) else SIZE / 2


def wiener(noise: float) -> NDArray[np.float64]:
    """Return the gains [orders, orders] that best undo the blur under white noise of this power."""
    order = radius()
    passed = np.exp(-0.5 * (np.pi * BLUR / SIZE * order) ** 2)
    power = POWER * np.maximum(order, 1.0) ** -SLOPE
    gains: NDArray[np.float64] = passed * power / (passed**2 * power + noise)
    gains[0, 0] = 1.0
    return gains


def restore(images: NDArray[np.uint8], points: int = SIZE) -> NDArray[np.float32]:
    """Return faces [n, 48, 48] without the blur, sampled at points x points."""
    forth, back = cosines(SIZE), cosines(points)
    gains = wiener(NOISE)
    result = np.empty((len(images), points, points), np.float32)
    for start in range(0, len(images), 1024):
        part = images[start : start + 1024].astype(float)
        result[start : start + 1024] = back @ (forth.T @ part @ forth * gains) @ back.T
    return result


def bands(coefficients: Tensor) -> Tensor:
    """Return three pictures [n, 3, grid, grid] of Wiener-restored coefficients [n, 1, o, o].

    They are all of the face, its detail under the cautious filter, and all detail there is, each
    divided by its own root mean square: shading would otherwise outweigh the folds that make an
    expression.
    """
    order = radius()
    cautious = wiener(CAUTIOUS) / wiener(NOISE)
    detail = 1.0 - np.exp(-((order / COARSE) ** 4))
    whole = cautious * (order > 0)
    gains = np.stack([whole, cautious * detail, detail])
    table = coefficients * torch.from_numpy(gains).float()
    # By Parseval the sum of squares of the coefficients is that of 48 x 48 pixels. Under one grey
    # level there is nothing but noise, which is not raised.
    scale = table.square().sum(dim=(2, 3), keepdim=True).sqrt() / SIZE + 1.0
    back = torch.from_numpy(cosines(GRID)).float()
    return back @ (table / scale) @ back.T
