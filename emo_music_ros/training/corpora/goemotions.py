# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""GoEmotions: English Reddit comments with one or more of 28 emotion labels.

Demszky et al. (2020), "GoEmotions: a dataset of fine-grained emotions", ACL. Published as
``train.tsv``, ``dev.tsv`` and ``test.tsv`` without a header: text, label numbers parted by commas,
comment id. Two editions differ in the label numbers alone: `original` (28 labels) and `ekman` (7).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emo_music_ros import emotion
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.repeats import groups_of_repeats

SOURCE = "Demszky et al. (2020), GoEmotions, ACL"
LICENCE = "Apache 2.0"

#: Sign of the valence of every label, 0 for ambiguous; the corpus' own ``sentiment_mapping.json``.
SENTIMENT = {
    label: {"happiness": 1, "neutral": 0, "surprise": 0}.get(group, -1)
    for group, labels in emotion.GOEMOTIONS_EKMAN.items()
    for label in labels
}

_EDITIONS = {"original": emotion.GOEMOTIONS, "ekman": emotion.EKMAN}


def load(folder: Path, labels: str = "original", parts: Sequence[str] = ("train", "dev")) -> Corpus:
    """Read parts of an edition.

    Parameters
    ----------
    folder : pathlib.Path
        Holds the folder of the edition with the files of the parts.
    labels : str
        Edition: ``original`` or ``ekman``.
    parts : sequence of str
        Which files, of train, dev and test.

    Returns
    -------
    Corpus
        `labels` is bool [n, classes]; `people` numbers the different texts, so that repetitions of
        one never part; the group ``part`` says which file a row is from.

    Raises
    ------
    InputError
        If a file is missing or a line of it is not as published.
    """
    classes = _EDITIONS[labels]
    texts: list[str] = []
    rows: list[list[int]] = []
    origin: list[str] = []
    for part in parts:
        path = Path(folder) / labels / f"{part}.tsv"
        try:
            lines = path.read_text("utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path} cannot be read: {error}",
                f"Put GoEmotions' {labels}/{part}.tsv there, as published",
            ) from error
        before = len(texts)
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                text, found, _ = line.rstrip("\r").split("\t")
                numbers = [int(label) for label in found.split(",")]
                if not all(0 <= label < len(classes) for label in numbers):
                    raise ValueError(f"labels are 0 to {len(classes) - 1}, not {found}")
            except ValueError as error:
                raise InputError(
                    f"{path}, line {number} is not text, labels and id parted by tabs: {error}",
                    "Download the file again",
                ) from error
            texts.append(text)
            rows.append(numbers)
            origin.append(part)
        if len(texts) == before:
            raise InputError(f"{path} is empty", "Download the file again")
    table = np.zeros((len(rows), len(classes)), bool)
    for row, numbers in zip(table, rows):
        row[numbers] = True
    return Corpus(
        name="GoEmotions" if labels == "original" else "GoEmotions, Ekman's classes",
        source=SOURCE,
        licence=LICENCE,
        items=texts,
        labels=table,
        classes=classes,
        people=groups_of_repeats(texts),
        unit="texts",
        groups={"part": np.array(origin)},
    )


def single(corpus: Corpus) -> Corpus:
    """Return the rows with exactly one label, as class numbers."""
    rows = np.flatnonzero(corpus.labels.sum(axis=1) == 1)
    chosen = corpus.subset(rows)
    return Corpus(
        name=f"{corpus.name}, one label",
        source=corpus.source,
        licence=corpus.licence,
        items=chosen.items,
        labels=chosen.labels.argmax(axis=1).astype(np.int64),
        classes=corpus.classes,
        people=chosen.people,
        unit=corpus.unit,
        groups=chosen.groups,
    )
