# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""FER2013: grey faces of 48 x 48 px from the web with one of seven expressions.

Goodfellow et al. (2013), "Challenges in representation learning". Published as ``fer2013.csv`` with
the columns ``emotion`` (0..6), ``pixels`` (2,304 numbers) and ``Usage`` (Training, PublicTest,
PrivateTest); also read is ``fer2013_train.npz`` with the arrays `images`, `labels` and `names`.

There are no subject ids. What can be kept together are copies: about 1,100 groups of equal
pictures, some with contradicting labels, and crops or exposures of one photograph.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import FER2013, canonical
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

SOURCE = "Goodfellow et al. (2013), Challenges in representation learning"
LICENCE = "research only"
SIZE = 48  # px
USAGES = ("Training", "PublicTest", "PrivateTest")
ARCHIVE, TABLE = "fer2013_train.npz", "fer2013.csv"


def load(
    folder: Path, usage: Sequence[str] = ("Training",), keep_duplicates: bool = False
) -> Corpus:
    """Read faces.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``fer2013.csv`` or ``fer2013_train.npz`` (training part only).
    usage : sequence of str
        Which parts of the table: Training, PublicTest, PrivateTest.
    keep_duplicates : bool
        Keep equal pictures, and give every row a number of its own, so that copies may part:
        only for a split that is meant to leak.

    Returns
    -------
    Corpus
        `items` are uint8 [n, 48, 48], `labels` numbers of ``emotion.FER2013``, and `people` groups
        of near copies (:func:`likeness`), since whose face it is is not known. Of equal pictures
        one is kept, and none where their labels contradict.

    Raises
    ------
    InputError
        If there is no such file, or it is not as published.
    """
    folder = Path(folder)
    unknown = set(usage) - set(USAGES)
    if unknown or not usage:
        raise InputError(f"FER2013 has no part {sorted(unknown)}", f"Choose of {', '.join(USAGES)}")
    if (folder / TABLE).is_file():
        images, labels = _table(folder / TABLE, usage)
    elif (folder / ARCHIVE).is_file() and set(usage) == {"Training"}:
        images, labels = _archive(folder / ARCHIVE)
    else:
        raise InputError(
            f"{folder} holds neither {TABLE} nor {ARCHIVE} with the part {', '.join(usage)}",
            f"Put {TABLE} there, as published",
        )
    groups: NDArray[np.int64]
    if keep_duplicates:
        groups = np.arange(len(labels), dtype=np.int64)
    else:
        images, labels = deduplicate(images, labels)
        groups = likeness(images)
    return Corpus(
        name="FER2013",
        source=SOURCE,
        licence=LICENCE,
        items=images,
        labels=labels,
        classes=FER2013,
        people=groups,
        unit="pictures" if keep_duplicates else "groups of near copies",
    )


def _table(path: Path, usage: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    line = 1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                line += 1
                if row["Usage"] not in usage:
                    if row["Usage"] not in USAGES:
                        raise ValueError(f"Usage is {row['Usage']!r}")
                    continue
                pixels = np.array(row["pixels"].split(), np.int64)
                if pixels.size != SIZE * SIZE:
                    raise ValueError(f"{pixels.size} pixels instead of {SIZE * SIZE}")
                if pixels.min() < 0 or pixels.max() > 255:
                    raise ValueError("a pixel is not 0..255")
                label = int(row["emotion"])
                if not 0 <= label < len(FER2013):
                    raise ValueError(f"emotion is {label}")
                images.append(pixels.astype(np.uint8).reshape(SIZE, SIZE))
                labels.append(label)
    except KeyError as error:
        raise InputError(
            f"{path} has no column {error}", "Use the table with emotion, pixels and Usage"
        ) from error
    except (OSError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise InputError(
            f"{path}, line {line} is not as published: {error}", "Download the file again"
        ) from error
    if not labels:
        raise InputError(f"{path} has no row of {', '.join(usage)}", "Download the file again")
    return np.stack(images), np.array(labels, np.int64)


def _archive(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        with np.load(path) as content:
            names = [canonical(str(name)) for name in content["names"]]
            order = np.array([FER2013.index(name) for name in names])
            images, labels = content["images"], order[content["labels"].astype(int)]
    except Exception as error:  # the archive reader raises its own kinds on damage
        raise InputError(
            f"{path} is no FER2013 archive: {error!r}",
            "It needs the arrays images, labels and names",
        ) from error
    if images.shape != (len(labels), SIZE, SIZE) or images.dtype != np.uint8:
        raise InputError(
            f"{path} has images {images.shape} {images.dtype} for {len(labels)} labels",
            f"They have to be uint8 [n, {SIZE}, {SIZE}]",
        )
    return images, labels.astype(np.int64)


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
