# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""RAF-DB: faces from the web, each judged by about forty people (Li, Deng & Du, 2017).

Published as the folder ``basic`` with ``EmoLabel/list_patition_label.txt`` (a picture and a number
1..7 a line) and ``Image/aligned/train_00001_aligned.jpg``, colour pictures of 100 x 100 px.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

SOURCE = "Li, Deng & Du (2017), Reliable crowdsourcing and deep locality-preserving learning"
LICENCE = "research only, non-commercial"
TABLE = Path("EmoLabel") / "list_patition_label.txt"
PICTURES = Path("Image") / "aligned"
#: Classes 1 to 7.
CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")


def load(folder: Path, part: str) -> Corpus | None:
    """Return the pictures of one part, None where the corpus is not there.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``basic``, itself or in its folder ``rafdb``.
    part : str
        train or test.

    Returns
    -------
    Corpus or None
        `items` is a list of uint8 [100, 100, 3] (BGR), `labels` numbers of ``emotion.FER2013``.
        Nobody knows whose faces they are: `people` numbers the pictures.

    Raises
    ------
    InputError
        If the table or a picture is not as published.
    """
    places = [folder / "basic", folder / "rafdb" / "basic"]
    root = next((place for place in places if (place / TABLE).is_file()), None)
    if root is None:
        return None
    pictures: list[Any] = []
    labels: list[int] = []
    for number, line in enumerate((root / TABLE).read_text("utf-8", "replace").splitlines(), 1):
        name, _, label = line.partition(" ")
        if not name.startswith(f"{part}_"):
            continue
        path = root / PICTURES / f"{Path(name).stem}_aligned.jpg"
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
        if label.strip() not in "1234567" or not label.strip() or picture is None:
            raise InputError(
                f"{root / TABLE}, line {number}: no class 1 to 7, or no picture {path}",
                "Unpack the corpus again",
            )
        pictures.append(picture)
        labels.append(FER2013.index(CLASSES[int(label) - 1]))
    if not pictures:
        raise InputError(f"{root / TABLE} lists no pictures of {part}", "Unpack the corpus again")
    return Corpus(
        name="RAF-DB",
        source=SOURCE,
        licence=LICENCE,
        items=pictures,
        labels=np.array(labels, np.int64),
        classes=FER2013,
        people=np.arange(len(labels)),
        unit="pictures",
    )
