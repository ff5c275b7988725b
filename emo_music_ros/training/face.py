"""Train the facial expression network on FER2013 (Goodfellow et al., 2013)."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import FER2013, canonical
from emo_music_ros.encoding.model import describe
from emo_music_ros.errors import InputError
from emo_music_ros.training import common

logger = logging.getLogger(__name__)

NAME = "face"
VERSION = "1.0.0"
SIZE = 48  # px, width and height of a face
EMBEDDING = 64
EPOCHS = 18
BATCH = 128
RATE = 3e-3
SMOOTHING = 0.1
AVERAGING = 0.998  # per step, of the averaged weights that are exported


def load(data: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images [n, 48, 48] and labels [n] in the order of ``emotion.FER2013``.

    Raises
    ------
    InputError
        If the file is missing or has not the arrays `images`, `labels` and `names`.
    """
    path = data / "fer2013_train.npz"
    try:
        with np.load(path) as content:
            names = [canonical(str(name)) for name in content["names"]]
            order = np.array([FER2013.index(name) for name in names])
            return content["images"], order[content["labels"].astype(int)]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"{path} is no FER2013 archive: {error!r}",
            "Give the folder with fer2013_train.npz (arrays images, labels, names)",
        ) from error


def deduplicate(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Keep one of each group of equal images, and none where their labels contradict."""
    flat = images.reshape(len(images), -1)
    _, first, group = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    lowest = np.full(len(first), labels.max() + 1)
    highest = np.full(len(first), -1)
    np.minimum.at(lowest, group, labels)
    np.maximum.at(highest, group, labels)
    keep = np.sort(first[lowest == highest])
    return images[keep], labels[keep]


def likeness(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return a group number [n] that near copies of one picture share (gradient hash, 8 x 8)."""
    cells = images.reshape(len(images), 8, 6, 8, 6).mean(axis=(2, 4))
    wrapped = np.concatenate([cells, cells[:, :, :1]], axis=2)
    bits = (np.diff(wrapped, axis=2) > 0).reshape(len(images), -1)
    return np.unique(bits, axis=0, return_inverse=True)[1].reshape(-1)


def split(
    groups: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return row numbers for training (84 %), calibration (6 %), validation (10 %) by group."""
    place = np.random.default_rng(seed).random(int(groups.max()) + 1)[groups]
    return (
        np.flatnonzero(place >= 0.16),
        np.flatnonzero(place < 0.06),
        np.flatnonzero((place >= 0.06) & (place < 0.16)),
    )


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a 3 x 3 convolution with batch normalisation (paper A, Eq. 5)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
    )


def scaled(x: Tensor, least: float) -> Tensor:
    """Return pictures [n, 1, h, w] divided by their root mean square plus `least`."""
    return x / (x.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + least)


def blur(x: Tensor) -> Tensor:
    """Return pictures [n, 1, h, w] smoothed by the binomial filter of width 3."""
    kernel = torch.tensor([1.0, 2.0, 1.0]) / 4.0
    kernel = (kernel[:, None] * kernel)[None, None]
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel)


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
                nn.AvgPool2d(stride, ceil_mode=True),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both branches, rectified."""
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class FaceNetwork(nn.Module):
    """From grey faces [n, 1, h, w], 0..255, to logits [n, 7] and an embedding [n, 64]."""

    def __init__(self, widths: tuple[int, int, int] = (32, 56, 112)) -> None:
        super().__init__()
        low, middle, high = widths
        self.stem = convolution(3, low)
        self.body = nn.Sequential(
            Residual(low, middle, 2),
            Residual(middle, middle),
            Residual(middle, high, 2),
        )
        self.drop = nn.Dropout(0.2)
        self.embed = nn.Linear(high, EMBEDDING)
        self.answer = nn.Linear(EMBEDDING, len(FER2013))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalise every picture by itself (paper A, Eq. 3), then classify it.

        The picture is also split into bands of detail, each scaled by itself, because coarse
        shades would otherwise outweigh the folds that make an expression.
        """
        x = scaled(x - x.mean(dim=(1, 2, 3), keepdim=True), 1.0)
        # The corpus holds no detail finer than four pixels: half the size loses nothing.
        x = F.avg_pool2d(x, 2)
        coarse = blur(x)
        coarser = blur(blur(coarse))
        bands = [x, scaled(coarse - coarser, 0.01), scaled(x - coarse, 0.003)]
        x = F.relu(self.stem(torch.cat(bands, dim=1)))
        x = self.body(x).mean(dim=(2, 3))
        embedding = F.relu(self.embed(self.drop(x)))
        return self.answer(embedding), embedding


def augment(faces: Tensor, draw: torch.Generator) -> Tensor:
    """Return faces [n, 1, 48, 48] as a camera might see them: turned, dim, blurred, covered."""
    size = faces.shape[-1]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(len(faces), generator=draw) * (high - low) + low

    angle = uniform(-0.2, 0.2)
    across, along = uniform(0.88, 1.12), uniform(0.88, 1.12)
    mirror = torch.where(torch.rand(len(faces), generator=draw) < 0.5, -1.0, 1.0)
    matrix = torch.stack(
        [
            torch.stack([mirror * across * angle.cos(), -angle.sin(), uniform(-0.08, 0.08)], 1),
            torch.stack([mirror * angle.sin(), along * angle.cos(), uniform(-0.08, 0.08)], 1),
        ],
        dim=1,
    )
    grid = F.affine_grid(matrix, list(faces.shape), align_corners=False)
    seen = F.grid_sample(faces, grid, padding_mode="border", align_corners=False) / 255.0

    gamma = uniform(-0.35, 0.35).exp().view(-1, 1, 1, 1)
    seen = seen.clamp(1e-3, 1.0) ** gamma
    ramp = torch.linspace(-0.5, 0.5, size)
    light = (
        uniform(-0.3, 0.3).view(-1, 1, 1) * ramp + uniform(-0.3, 0.3).view(-1, 1, 1) * ramp[:, None]
    )
    seen = seen * (1.0 + light[:, None])

    blurred = F.avg_pool2d(F.pad(seen, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = uniform(-3.0, 0.8).clamp(min=0.0).view(-1, 1, 1, 1)
    seen = seen + share * (blurred - seen)

    rows = torch.arange(size).view(1, -1, 1)
    height, width = uniform(0.1, 0.35) * size, uniform(0.1, 0.35) * size
    top, left = uniform(0.0, 1.0) * (size - height), uniform(0.0, 1.0) * (size - width)
    covered = (rows >= top.view(-1, 1, 1)) & (rows < (top + height).view(-1, 1, 1))
    columns = rows.transpose(1, 2)
    covered = covered & (columns >= left.view(-1, 1, 1))
    covered = covered & (columns < (left + width).view(-1, 1, 1))
    covered = covered & (uniform(0.0, 1.0) < 0.25).view(-1, 1, 1)
    return torch.where(covered[:, None], seen.mean(dim=(2, 3), keepdim=True), seen) * 255.0


def infer(network: FaceNetwork, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits [n, 7] of images [n, 48, 48]."""
    network.eval()
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(images[start : start + 512]).float()[:, None])[0]
            for start in range(0, len(images), 512)
        ]
    return torch.cat(parts).numpy()


def fit(
    images: NDArray[np.uint8], labels: NDArray[np.int64], seed: int, epochs: int
) -> FaceNetwork:
    """Train a network and return its averaged weights."""
    draw = torch.Generator().manual_seed(seed)
    network = FaceNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGING),
        use_buffers=True,
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps * epochs, pct_start=0.2
    )
    faces = torch.from_numpy(images)[:, None]
    target = torch.from_numpy(labels)
    for epoch in range(epochs):
        began = time.monotonic()
        network.train()
        total = 0.0
        order = torch.randperm(len(images), generator=draw)
        for rows in order[: steps * BATCH].split(BATCH):
            batch = augment(faces[rows].float(), draw)
            logits, _ = network(batch.contiguous(memory_format=torch.channels_last))
            loss = F.cross_entropy(logits, target[rows], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            averaged.update_parameters(network)
            total += loss.item()
        seconds = time.monotonic() - began
        logger.info("epoch %d of %d: loss %.3f, %.0f s", epoch + 1, epochs, total / steps, seconds)
    result = averaged.module
    assert isinstance(result, FaceNetwork)
    result.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return result


def train(data: Path, out: Path, seed: int = 0, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train on FER2013 and write ``face.onnx``, ``face.json`` and ``face.md``.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``fer2013_train.npz``.
    out : pathlib.Path
        Folder for the model.
    seed : int
        Of the split, the initial weights and the augmentation.
    epochs : int
        Passes over the training part.

    Returns
    -------
    dict
        The measured figures on the validation part.
    """
    common.prepare(seed)
    everything = load(data)
    images, labels = deduplicate(*everything)
    groups = likeness(images)
    learn, calibrate, validate = split(groups, seed)
    logger.info("%d faces to learn from, %d to validate on", len(learn), len(validate))
    network = fit(images[learn], labels[learn], seed, epochs)

    temperature = common.fit_temperature(infer(network, images[calibrate]), labels[calibrate])
    truth = labels[validate]
    logits = infer(network, images[validate])
    probabilities = common.softmax(logits, temperature)
    predicted = probabilities.argmax(axis=1)
    rows = groups[validate]
    majority = np.full_like(truth, np.bincount(labels[learn]).argmax())
    scope = f"{len(truth)} validation faces"
    low, high = common.interval(common.accuracy, rows, truth, predicted)
    uar_low, uar_high = common.interval(common.uar, rows, truth, predicted)
    f1_low, f1_high = common.interval(common.macro_f1, rows, truth, predicted)
    figures = [
        common.Figure(
            "accuracy",
            common.accuracy(truth, predicted),
            common.accuracy(truth, majority),
            low,
            high,
            scope,
        ),
        common.Figure(
            "unweighted average recall",
            common.uar(truth, predicted),
            common.uar(truth, majority),
            uar_low,
            uar_high,
            scope,
        ),
        common.Figure(
            "macro F1",
            common.macro_f1(truth, predicted),
            common.macro_f1(truth, majority),
            f1_low,
            f1_high,
            scope,
        ),
        common.Figure("macro AUC", common.macro_auc(truth, probabilities), 0.5, scope=scope),
        common.Figure(
            "calibration error, before temperature",
            common.calibration_error(truth, common.softmax(logits)),
            scope=scope,
        ),
        common.Figure(
            "calibration error", common.calibration_error(truth, probabilities), scope=scope
        ),
    ]
    path = common.export(
        network,
        out / f"{NAME}.onnx",
        [torch.from_numpy(images[validate][:2]).float()[:, None]],
        ["faces"],
        ["logits", "embedding"],
    )
    describe(
        path,
        version=VERSION,
        labels=list(FER2013),
        temperature=temperature,
        size=SIZE,
        embedding=EMBEDDING,
        licence="research only",
    )
    parameters = sum(weight.numel() for weight in network.parameters())
    recall = common.recalls(truth, predicted, len(FER2013))
    card = common.Card(
        name=NAME,
        purpose="Estimates the facial expression in one cropped face. An expression is not a "
        "feeling: the answer is one piece of evidence for the fusion, never a diagnosis.",
        data=f"FER2013 training faces (Goodfellow et al., 2013), {len(everything[1])} grey "
        f"pictures of 48 x 48 pixels from the web; {len(images)} after exact duplicates were "
        "merged and those with contradicting labels dropped. The pictures of the copy used are "
        "smooth, as if blurred by a Gaussian of about 3 pixels (measured by the share of fine "
        "detail in their contrast): fine folds of the skin are not in them.",
        licence="Research only (the corpus is published for research).",
        split=f"{len(learn)} to learn from, {len(calibrate)} for the temperature, "
        f"{len(validate)} for the figures below; near copies of a picture stay together. The "
        "corpus has no subject ids, so one person may be on both sides: **no person-independent "
        "claim is possible**, and the intervals resample pictures, not people.",
        network=f"Residual 3 x 3 convolutions, {parameters:,} parameters. Input float32 "
        "[n, 1, 48, 48], grey 0..255 (each picture is normalised by itself inside the network); "
        f"output logits [n, 7], to be divided by the temperature {temperature:.3f}, and an "
        f"embedding [n, {EMBEDDING}].",
        figures=figures,
        limits=[
            "Human agreement on these labels is about 65 %, which bounds what accuracy means.",
            "Age and sex of the faces are not known: how well it does on older people was not "
            "measured.",
            "Sharp faces are softened to the resolution of the corpus before the network sees "
            "them, so it answers from the coarse shape of the face only. How well it does on "
            "sharp labelled pictures was not measured.",
            f"Weakest classes: {weakest(recall)}.",
            "Posed and news pictures from the web, mostly frontal: profiles and shadow fail.",
        ],
        reproduce="emo-music train face --data FOLDER --out models",
        extra={
            "By class": common.table(
                ("class", "recall", "faces"),
                [
                    (label, recall[index], int((truth == index).sum()))
                    for index, label in enumerate(FER2013)
                ],
            )
        },
    )
    common.write_card(card, out)
    return {figure.name: figure.value for figure in figures} | {
        "parameters": parameters,
        "temperature": temperature,
    }


def weakest(recall: NDArray[np.float64], count: int = 3) -> str:
    """Return the labels with the lowest recall in words."""
    order = np.argsort(recall)[:count]
    return ", ".join(f"{FER2013[index]} ({recall[index]:.2f})" for index in order)
