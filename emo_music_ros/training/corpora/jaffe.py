# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""JAFFE: ten Japanese women pose seven expressions (Lyons et al., 1998).

The published pictures are ``KA.AN1.39.tiff``: person, expression and take, number.
"""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

SOURCE = "Lyons, Akamatsu, Kamachi & Gyoba (1998), Coding facial expressions with Gabor wavelets"
LICENCE = "research only, non-commercial"
NAME = re.compile(r"([A-Z]{2})\.(AN|DI|FE|HA|NE|SA|SU)(\d)\.\d+")
EXPRESSIONS = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}


def load(folder: Path) -> Corpus | None:
    """Return all pictures below ``jaffe`` in a folder, None where there are none.

    Returns
    -------
    Corpus or None
        `items` is a list of uint8 [h, w] pictures, `labels` numbers of ``emotion.FER2013``.

    Raises
    ------
    InputError
        If a picture cannot be read.
    """
    found = sorted(path for path in (folder / "jaffe").rglob("*.tif*") if NAME.fullmatch(path.stem))
    if not found:
        return None
    pictures, labels, people = [], [], []
    for path in found:
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise InputError(f"{path} is no picture that can be read", "Copy it again")
        person, expression, _ = NAME.fullmatch(path.stem).groups()  # type: ignore[union-attr]
        pictures.append(picture)
        labels.append(FER2013.index(EXPRESSIONS[expression]))
        people.append(person)
    return Corpus(
        name="JAFFE",
        source=SOURCE,
        licence=LICENCE,
        items=pictures,
        labels=np.array(labels, np.int64),
        classes=FER2013,
        people=np.array(people),
    )
