# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""weibo_senti_100k: Chinese microblog posts, about 60 000 each of positive and negative polarity.

Published in ChineseNlpCorpus as ``weibo_senti_100k.csv`` with the columns ``label`` (1 positive, 0
negative) and ``review``. The labels come from the emoticons of the posts, which stand in the text
in brackets, such as ``[哈哈]``: a classifier that sees them reads the answer.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.repeats import groups_of_repeats

SOURCE = "weibo_senti_100k, ChineseNlpCorpus"
LICENCE = "not stated"
CLASSES = ("negative", "positive")
FILE = "weibo_senti_100k.csv"
_EMOTICON = re.compile(r"\[[^\[\]]{1,8}\]")


def load(folder: Path, emoticons: bool = False) -> Corpus:
    """Read the posts.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``weibo_senti_100k.csv``.
    emoticons : bool
        Whether to leave the emoticons in the text. Without them a post that was nothing else is
        left out.

    Returns
    -------
    Corpus
        `labels` are 0 (negative) and 1 (positive); `people` numbers the different texts.

    Raises
    ------
    InputError
        If the file is missing or not as published.
    """
    path = Path(folder) / FILE
    texts: list[str] = []
    labels: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if not {"label", "review"} <= set(rows.fieldnames or ()):
                raise InputError(
                    f"{path} has the columns {rows.fieldnames}, not label and review",
                    "Use the file as published",
                )
            for row in rows:
                label, text = row["label"], row["review"]
                if label not in ("0", "1") or text is None:
                    raise InputError(
                        f"{path}, line {rows.line_num}: a label is 0 or 1 and a review follows it, "
                        f"found {label!r}",
                        "Download the file again",
                    )
                if not emoticons:
                    text = _EMOTICON.sub(" ", text)
                if text.strip():
                    texts.append(text)
                    labels.append(int(label))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read: {error}", f"Put {FILE} there, as published"
        ) from error
    if not texts:
        raise InputError(f"{path} holds no post", "Download the file again")
    return Corpus(
        name="weibo_senti_100k" + ("" if emoticons else ", emoticons taken out"),
        source=SOURCE,
        licence=LICENCE,
        items=texts,
        labels=np.array(labels, np.int64),
        classes=CLASSES,
        people=groups_of_repeats(texts),
        unit="texts",
    )
