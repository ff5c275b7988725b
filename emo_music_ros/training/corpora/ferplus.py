# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""FER+: what ten raters each saw in the pictures of FER2013.

Barsoum et al. (2016), "Training deep networks for facial expression recognition with crowd-sourced
label distribution". Read is what its own script writes: ``FER2013Train/label.csv`` with the columns
picture, box and ten counts, beside the pictures. Only the training part is ever opened.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError

SOURCE = "Barsoum et al. (2016), Training deep networks ... crowd-sourced label distribution"
PART = "FER2013Train"
TABLE = "label.csv"
#: What could be voted for: the classes of FER2013, then what is none of them.
CHOICES = (*FER2013, "contempt", "unknown", "no face")
#: The same in the order of the table.
_COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", *CHOICES[7:])
COARSE = 12  # px a side, at which pictures are compared
ALIKE = 3.0  # mean difference up to which two are copies of one picture, grey levels


def votes(folder: Path, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """Return the shares of the votes [n, 10] for pictures of FER2013 [n, 48, 48].

    A copy of FER2013 may be stored with losses and in any order, so every picture is looked for
    among those of FER+. Rows without votes are zeros.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``FER2013Train``, itself or in its folder ``ferplus``.
    images : array uint8 [n, 48, 48]
        Pictures of FER2013.

    Returns
    -------
    array or None
        None where there is no such folder.

    Raises
    ------
    InputError
        If the table is not as published.
    """
    folders = [folder / PART, folder / "ferplus" / PART]
    place = next((one for one in folders if (one / TABLE).is_file()), None)
    if place is None:
        return None
    pictures: list[NDArray[np.uint8]] = []
    counts: list[list[float]] = []
    try:
        with (place / TABLE).open(newline="", encoding="utf-8-sig") as file:
            for row in csv.reader(file):
                path = place / row[0]
                picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
                if picture is None or picture.shape != images.shape[1:]:
                    continue
                given = dict(zip(_COLUMNS, (float(cell) for cell in row[2:]), strict=True))
                pictures.append(picture)  # type: ignore[arg-type]
                counts.append([given[choice] for choice in CHOICES])
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            f"{place / TABLE} is not as published: {error}",
            "Its rows are picture, box and ten counts of votes",
        ) from error
    if not pictures:
        raise InputError(
            f"{place} holds no pictures of its table", "Run generate_training_data.py of FER+"
        )
    table = np.array(counts, np.float32)
    nearest, apart = _nearest(np.stack(pictures), images)
    shares = table[nearest] / np.maximum(table[nearest].sum(axis=1, keepdims=True), 1.0)
    return np.where((apart <= ALIKE)[:, None], shares, 0.0).astype(np.float32)


def _nearest(
    known: NDArray[np.uint8], images: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which known picture is most like each image, and how far they are apart."""

    def coarse(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        step = pictures.shape[1] // COARSE
        cells = pictures.reshape(len(pictures), COARSE, step, COARSE, step)
        return cells.mean(axis=(2, 4), dtype=np.float32).reshape(len(pictures), -1)

    theirs = coarse(known)
    squares = (theirs**2).sum(axis=1)
    rows = [
        (squares - 2.0 * part @ theirs.T).argmin(axis=1)
        for part in np.array_split(coarse(images), -(-len(images) // 512))
    ]
    nearest = np.concatenate(rows)
    apart = [
        float(np.abs(one.astype(np.int16) - known[row]).mean()) for one, row in zip(images, nearest)
    ]
    return nearest, np.array(apart)
