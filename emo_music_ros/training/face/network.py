"""The networks of the face encoder."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import FER2013
from emo_music_ros.training.face.restoration import (
    GRID,
    NOISE,
    ORDERS,
    SIZE,
    bands,
    cosines,
    wiener,
)

EMBEDDING = 64


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a 3 x 3 convolution with batch normalisation (paper A, Eq. 5)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
    )


class Residual(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride)
        self.second = convolution(outputs, outputs)
        self.shortcut = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both branches, rectified."""
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class FaceNetwork(nn.Module):
    """From grey faces [n, 1, 48, 48], 0..255, to logits [n, 7] and an embedding [n, 64].

    Parameters
    ----------
    widths : tuple of int
        Channels at 20, 10 and 5 px.
    depths : tuple of int
        Residual blocks at 20, 10 and 5 px.

    Attributes
    ----------
    mirrored : bool
        Whether `forward` answers with the mean over a face and its mirror image.
    adjustment : Tensor
        Added to the logits [7].
    """

    forth: Tensor
    gains: Tensor
    parity: Tensor
    adjustment: Tensor

    def __init__(
        self,
        widths: tuple[int, int, int] = (32, 64, 128),
        depths: tuple[int, int, int] = (1, 2, 1),
    ) -> None:
        super().__init__()
        self.mirrored = False
        self.stem = convolution(3, widths[0])
        blocks = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths)):
            for block in range(depth):
                blocks.append(Residual(inputs, width, 2 if stage > 0 and block == 0 else 1))
                inputs = width
        self.body = nn.Sequential(*blocks)
        # Where in the face a fold lies matters, so every channel weighs the places by itself.
        self.pool = nn.Conv2d(inputs, inputs, -(-GRID // 4), groups=inputs, bias=False)
        nn.init.constant_(self.pool.weight, 1.0 / self.pool.weight[0].numel())
        self.norm = nn.BatchNorm1d(inputs)
        self.drop = nn.Dropout(0.3)
        self.embed = nn.Linear(inputs, EMBEDDING)
        self.answer = nn.Linear(EMBEDDING, len(FER2013))
        for name, table in (
            ("forth", cosines(SIZE)),
            ("gains", wiener(NOISE)),
            ("parity", (-1.0) ** torch.arange(ORDERS).numpy()),
        ):
            self.register_buffer(name, torch.from_numpy(table).float(), persistent=False)
        self.register_buffer("adjustment", torch.zeros(len(FER2013)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Undo the blur of a face, normalise it by itself (paper A, Eq. 3), and classify it."""
        coefficients = self.forth.T @ x @ self.forth * self.gains
        logits, embedding = self.classify(coefficients)
        if self.mirrored:  # odd cosines change their sign
            others = self.classify(coefficients * self.parity)
            logits, embedding = (logits + others[0]) / 2, (embedding + others[1]) / 2
        return logits, embedding

    def classify(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        """Classify faces given by the cosine coefficients [n, 1, orders, orders] of `restore`."""
        x = F.relu(self.stem(bands(coefficients)))
        x = self.norm(self.pool(self.body(x)).flatten(1))
        embedding = F.relu(self.embed(self.drop(x)))
        return self.answer(embedding) + self.adjustment, embedding


def student() -> FaceNetwork:
    """Return the network that is shipped."""
    return FaceNetwork((48, 64, 128))


def teacher() -> FaceNetwork:
    """Return the network whose answers temper the labels for the shipped one."""
    return FaceNetwork((32, 64, 128))


class PlainNetwork(nn.Module):
    """Convolutions with pooling and fully connected layers on the pixels as they are (paper B).

    The paper names the kinds of layers, not their sizes. Half of the resolution loses nothing of
    pictures without detail finer than six pixels.
    """

    back: Tensor
    blur: Tensor
    adjustment: Tensor

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 128)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((1, *widths), widths):
            layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers)
        side = SIZE // 2 // 2 ** len(widths)
        self.embed = nn.Linear(widths[-1] * side * side, EMBEDDING)
        self.drop = nn.Dropout(0.5)
        self.answer = nn.Linear(EMBEDDING, len(FER2013))
        for name, table in (("back", cosines(SIZE // 2)), ("blur", 1.0 / wiener(NOISE))):
            self.register_buffer(name, torch.from_numpy(table).float(), persistent=False)
        self.register_buffer("adjustment", torch.zeros(len(FER2013)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Classify faces [n, 1, 48, 48]."""
        return self._answer(F.avg_pool2d(x, 2))

    def classify(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        """Classify faces given by the cosine coefficients of `restore`, blurred again."""
        return self._answer(self.back @ (coefficients * self.blur) @ self.back.T)

    def _answer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x / 255.0 - 0.5).flatten(1)
        embedding = F.relu(self.embed(x))
        return self.answer(self.drop(embedding)) + self.adjustment, embedding


def folded(network: nn.Module) -> nn.Module:
    """Return a copy with the batch normalisation made part of the convolutions before it."""
    result = copy.deepcopy(network).eval()

    def fold(module: nn.Module) -> None:
        children: list[tuple[str, Any]] = list(module.named_children())
        for (name, layer), (after, norm) in zip(children, children[1:]):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, nn.utils.fusion.fuse_conv_bn_eval(layer, norm))
                setattr(module, after, nn.Identity())
        for _, child in children:
            fold(child)

    fold(result)
    return result
