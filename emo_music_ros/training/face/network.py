# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of the face encoder."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import FER2013
from emo_music_ros.training.corpora.ferplus import CHOICES

SIZE = 48  # px
EMBEDDING = 64


def convolution(inputs: int, outputs: int, stride: int = 1, width: int = 3) -> nn.Sequential:
    """Return a convolution with batch normalisation (paper A, Eq. 5)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, width, stride, width // 2, bias=False), nn.BatchNorm2d(outputs)
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
                nn.AvgPool2d(stride) if stride > 1 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both branches, rectified."""
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class Expressions(nn.Module, ABC):
    """What all networks have: two answers, of which `forward` gives one or the mean over a mirror.

    Attributes
    ----------
    mirrored : bool
        Whether `forward` answers with the mean over a face and its mirror image.
    adjustment : Tensor
        Added to the logits [7].
    share : Tensor
        How much of the logits comes from what raters would vote, 0..1.
    """

    adjustment: Tensor
    share: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.mirrored = False
        self.answer = nn.Linear(EMBEDDING, len(FER2013))
        self.votes = nn.Linear(EMBEDDING, len(CHOICES))
        self.register_buffer("adjustment", torch.zeros(len(FER2013)))
        self.register_buffer("share", torch.zeros(()))

    @abstractmethod
    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding [n, 64] of faces [n, 1, 48, 48], 0..255."""

    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of label [n, 7] and votes [n, 10]."""
        embedding = self.embed(x)
        return self.answer(embedding), self.votes(embedding)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits [n, 7] and the embedding [n, 64] of faces [n, 1, 48, 48], 0..255."""
        embedding = self.embed(x)
        if self.mirrored:
            embedding = (embedding + self.embed(x.flip(3))) / 2
        label, votes = self.answer(embedding), self.votes(embedding)[:, : len(FER2013)]
        return label + self.share * (votes - label) + self.adjustment, embedding


class FaceNetwork(Expressions):
    """Residual convolutions on a face that is normalised by itself (paper A, Eq. 3).

    Parameters
    ----------
    widths : tuple of int
        Channels at 24, 12 and 6 px.
    depths : tuple of int
        Residual blocks at 24, 12 and 6 px.
    """

    def __init__(
        self,
        widths: tuple[int, int, int] = (32, 64, 128),
        depths: tuple[int, int, int] = (1, 2, 1),
    ) -> None:
        super().__init__()
        self.stem = convolution(1, widths[0], 2, 5)
        blocks = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths)):
            for block in range(depth):
                blocks.append(Residual(inputs, width, 2 if stage > 0 and block == 0 else 1))
                inputs = width
        self.body = nn.Sequential(*blocks)
        # Where in the face a fold lies matters, so every channel weighs the places by itself.
        self.pool = nn.Conv2d(inputs, inputs, SIZE // 8, groups=inputs, bias=False)
        nn.init.constant_(self.pool.weight, 1.0 / self.pool.weight[0].numel())
        self.norm = nn.BatchNorm1d(inputs)
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(inputs, EMBEDDING)

    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding [n, 64] of faces."""
        x = x - x.mean(dim=(2, 3), keepdim=True)
        x = x / (x.square().mean(dim=(2, 3), keepdim=True).sqrt() + 1.0)
        x = self.body(F.relu(self.stem(x)))
        return F.relu(self.last(self.drop(self.norm(self.pool(x).flatten(1)))))


def small() -> FaceNetwork:
    """Return the network that is shipped as `face`."""
    return FaceNetwork((32, 64, 128), (1, 2, 1))


def large() -> FaceNetwork:
    """Return the network that is shipped as `face_large` and teaches the small one."""
    return FaceNetwork((48, 96, 192), (1, 2, 1))


class PlainNetwork(Expressions):
    """Convolutions with pooling and fully connected layers on the pixels as they are (paper B).

    The paper names the kinds of layers, not their sizes.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 128)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((1, *widths), widths):
            layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers)
        side = SIZE // 2 ** len(widths)
        self.last = nn.Linear(widths[-1] * side * side, EMBEDDING)
        self.drop = nn.Dropout(0.5)

    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding [n, 64] of faces."""
        return F.relu(self.last(self.drop(self.body(x / 255.0 - 0.5).flatten(1))))


class Vgg19(Expressions):
    """The convolutions of VGG-19 (paper E) at an eighth of their width.

    Sixteen 3 x 3 convolutions in five groups, each halved by the maximum. Differs from the paper:
    width, batch normalisation, and one layer of 64 units in the place of two of 4096.
    """

    def __init__(self, widths: tuple[int, ...] = (8, 16, 32, 64, 64)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for outputs, depth in zip(widths, (2, 2, 4, 4, 4), strict=True):
            for _ in range(depth):
                layers += [convolution(inputs, outputs), nn.ReLU()]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        self.body = nn.Sequential(*layers)
        self.last = nn.Linear(inputs, EMBEDDING)
        self.drop = nn.Dropout(0.3)

    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding [n, 64] of faces."""
        x = x - x.mean(dim=(2, 3), keepdim=True)
        x = x / (x.square().mean(dim=(2, 3), keepdim=True).sqrt() + 1.0)
        return F.relu(self.last(self.drop(self.body(x).flatten(1))))


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
