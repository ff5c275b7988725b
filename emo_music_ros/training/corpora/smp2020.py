# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""SMP2020-EWECT: Chinese microblog posts with one of six emotions.

The evaluation of Weibo emotion classification at SMP 2020. Published as JSON lists of objects with
``id``, ``content`` and ``label``, in two parts: `usual` (posts of everyday life) and `virus` (posts
on the epidemic), as ``<part>_train.txt``, ``<part>_eval.txt``, ``<part>_test_labeled.txt``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emo_music_ros import emotion
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.repeats import groups_of_repeats

SOURCE = "SMP2020-EWECT, evaluation of Weibo emotion classification (2020)"
LICENCE = "research only"


def load(folder: Path, files: Sequence[str] = ()) -> Corpus:
    """Read posts.

    Parameters
    ----------
    folder : pathlib.Path
        Holds the files.
    files : sequence of str
        Names of files; default is every ``usual_*.txt`` and ``virus_*.txt``.

    Returns
    -------
    Corpus
        `labels` are numbers of `emotion.SMP2020`; posts without text are left out; `people` numbers
        the different texts, so that repetitions never part; the group ``part`` is usual or virus.

    Raises
    ------
    InputError
        If there is no file, or one is not as published.
    """
    folder = Path(folder)
    paths = [folder / name for name in files] or sorted(
        path for part in ("usual", "virus") for path in folder.glob(f"{part}_*.txt")
    )
    if not paths:
        raise InputError(
            f"{folder} holds no file of SMP2020-EWECT",
            "Put usual_*.txt and virus_*.txt there, as published",
        )
    texts: list[str] = []
    labels: list[int] = []
    origin: list[str] = []
    for path in paths:
        try:
            content = json.loads(path.read_text("utf-8-sig"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path} cannot be read: {error}", "Download the file again, as published"
            ) from error
        if not isinstance(content, list) or not content:
            raise InputError(f"{path} holds no list of posts", "Download the file again")
        for number, post in enumerate(content):
            try:
                text, label = str(post["content"]), str(post["label"])
                index = emotion.SMP2020.index(emotion.canonical(label))
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{path}, post {number} has no content or no label of the six: {error!r}",
                    "Use the labelled files, as published",
                ) from error
            if text.strip():
                texts.append(text)
                labels.append(index)
                origin.append(path.name.split("_")[0])
    return Corpus(
        name="SMP2020-EWECT",
        source=SOURCE,
        licence=LICENCE,
        items=texts,
        labels=np.array(labels, np.int64),
        classes=emotion.SMP2020,
        people=groups_of_repeats(texts),
        unit="texts",
        groups={"part": np.array(origin)},
    )
