# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""CK+: sequences of posed expressions, from neutral to the apex, of 123 people.

Lucey et al. (2010), "The extended Cohn-Kanade dataset (CK+)". Published as frames
``cohn-kanade-images/S005/001/S005_001_00000011.png`` and, for a part of the sequences, the label of
the last frame in ``Emotion/S005/001/S005_001_00000011_emotion.txt`` (one number 0..7). Also read is
the form known as CK+48: one folder per emotion with cropped faces ``S010_004_00000017.png``.
"""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

SOURCE = "Lucey et al. (2010), The extended Cohn-Kanade dataset (CK+)"
LICENCE = "research only, on agreement with its authors"
#: In the order of the published numbers.
CLASSES = (
    "neutral",
    "anger",
    "contempt",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
)
#: Folders of CK+48 -> class.
FOLDERS = {
    "neutral": "neutral",
    "anger": "anger",
    "contempt": "contempt",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sadness": "sadness",
    "surprise": "surprise",
}
_FRAME = re.compile(r"(S\d+)_(\d+)_(\d+)\.png", re.IGNORECASE)


def load(folder: Path, neutral: bool = True) -> Corpus:
    """Read the last frame of every labelled sequence, or the faces of CK+48.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``cohn-kanade-images`` and ``Emotion``, in folders of the archives or not; or one
        folder per emotion.
    neutral : bool
        Also take the first frame of every labelled sequence, as neutral (not in CK+48, whose
        frames are the last three).

    Returns
    -------
    Corpus
        `items` is a list of grey pictures uint8 [h, w]; `people` the subjects, such as ``S005``.

    Raises
    ------
    InputError
        If a folder is missing or a file is not as published.
    """
    folder = Path(folder)
    frames, labels = _folder(folder, "cohn-kanade-images"), _folder(folder, "Emotion")
    if frames is not None and labels is not None:
        found = _sequences(frames, labels, neutral)
    elif any((folder / name).is_dir() for name in FOLDERS):
        found = _faces(folder)
    else:
        missing = "Emotion" if frames is not None else "cohn-kanade-images"
        raise InputError(
            f"{folder} holds no folder {missing}, nor one folder per emotion",
            "Unpack the archives of CK+ (extended-cohn-kanade-images, Emotion_labels) there",
        )
    if not found:
        raise InputError(f"{folder} holds no labelled picture", "Unpack the archives again")
    return Corpus(
        name="CK+",
        source=SOURCE,
        licence=LICENCE,
        items=[_picture(path) for path, _, _ in found],
        labels=np.array([CLASSES.index(label) for _, label, _ in found], np.int64),
        classes=CLASSES,
        people=np.array([person for _, _, person in found]),
    )


def _folder(folder: Path, name: str) -> Path | None:
    """Return a folder of this name at most one level down."""
    places = [folder / name, *sorted(folder.glob(f"*/{name}"))]
    return next((place for place in places if place.is_dir()), None)


def _sequences(frames: Path, labels: Path, neutral: bool) -> list[tuple[Path, str, str]]:
    found = []
    for path in sorted(labels.glob("*/*/*_emotion.txt")):
        try:
            number = float(path.read_text("ascii"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path} holds no number: {error}", "Unpack Emotion_labels again"
            ) from error
        if number not in range(len(CLASSES)):
            raise InputError(f"{path} holds {number:g}, which is none of 0..7", "Unpack it again")
        person, series = path.parts[-3], path.parts[-2]
        sequence = sorted((frames / person / series).glob("*.png"))
        last = frames / person / series / path.name.replace("_emotion.txt", ".png")
        if last not in sequence:
            raise InputError(
                f"{last}, which {path.name} labels, is missing",
                "Unpack extended-cohn-kanade-images again",
            )
        found.append((last, CLASSES[int(number)], person))
        if neutral and len(sequence) > 1:
            found.append((sequence[0], "neutral", person))
    return found


def _faces(folder: Path) -> list[tuple[Path, str, str]]:
    found = []
    for name, label in FOLDERS.items():
        for path in sorted((folder / name).glob("*.png")):
            match = _FRAME.fullmatch(path.name)
            if match is None:
                raise InputError(
                    f"{path} is not named like S010_004_00000017.png", "Unpack CK+48 again"
                )
            found.append((path, label, match[1].upper()))
    return found


def _picture(path: Path) -> NDArray[np.uint8]:
    content = np.fromfile(path, np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if content.size else None
    if image is None:
        raise InputError(f"{path} is no picture that can be read", "Unpack the archive again")
    return np.asarray(image, np.uint8)
