# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the text network learns from, read, prepared and parted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.training.corpora import goemotions, smp2020
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.text import written
from emo_music_ros.training.text.labels import single_ekman
from emo_music_ros.training.text.texts import Texts, prepare_texts

#: One Chinese text in so many is tested.
FOLDS = 5


@dataclass(frozen=True)
class BilingualCorpora:
    """Both corpora and the written sentences that are learnt, read and prepared."""

    english: Corpus
    chinese: Corpus
    english_texts: Texts
    chinese_texts: Texts
    written_texts: Texts

    @property
    def english_split(self) -> tuple[Rows, Rows]:
        """The published split, without training texts that are in the test part again."""
        test = np.asarray(self.english.groups["part"] != "train")
        again = np.isin(self.english.people, self.english.people[test])
        return np.flatnonzero(~again), np.flatnonzero(test)

    @property
    def chinese_split(self) -> tuple[Rows, Rows]:
        """Four fifths of the different texts and one fifth."""
        return by_group(self.chinese.people, FOLDS)[0]


def load_corpora(data: Path, work: Work) -> BilingualCorpora:
    """Read and embed everything; of repeated Chinese posts the first is kept.

    Raises
    ------
    InputError
        If a corpus is missing.
    """
    english = goemotions.load(data / "goemotions")
    chinese = smp2020.load(data / "smp2020")
    chinese = chinese.subset(np.unique(chinese.people, return_index=True)[1])
    texts = [
        prepare_texts(corpus.items, corpus.labels, corpus.people, work)
        for corpus in (english, chinese, written.learnt_corpus())
    ]
    return BilingualCorpora(english, chinese, *texts)


def ekman_words(corpus: Corpus) -> tuple[Rows, Corpus]:
    """Return the comments with one word of Ekman: rows, and the corpus of them."""
    rows, words = single_ekman(corpus.labels)
    return rows, _labelled(corpus, rows, words, emotion.EKMAN, "Ekman's words")


def polarity(corpus: Corpus) -> tuple[Rows, Corpus]:
    """Return the comments whose labels are all positive or all negative: rows, and the corpus."""
    signs = np.array([goemotions.SENTIMENT[label] for label in corpus.classes])
    positive = corpus.labels[:, signs > 0].any(axis=1)
    negative = corpus.labels[:, signs < 0].any(axis=1)
    vague = corpus.labels[:, signs == 0].any(axis=1)
    rows = np.flatnonzero(np.not_equal(positive, negative) & ~vague)
    labels = np.asarray(positive, np.int64)[rows]
    return rows, _labelled(corpus, rows, labels, emotion.POLARITY, "polarity")


def _labelled(
    corpus: Corpus, rows: Rows, labels: NDArray[Any], classes: tuple[str, ...], what: str
) -> Corpus:
    chosen = corpus.subset(rows)
    return Corpus(
        f"{corpus.name}, {what}",
        corpus.source,
        corpus.licence,
        chosen.items,
        labels,
        classes,
        chosen.people,
        corpus.unit,
        chosen.groups,
    )


def published_split(corpus: Corpus) -> Protocol:
    """Return the published split, without training texts that are in the test part again."""
    test = np.asarray(corpus.groups["part"] != "train")
    again = np.isin(corpus.people, corpus.people[test])
    name = "published split, training texts that are in the test part again left out"
    return Protocol(name, [(np.flatnonzero(~again), np.flatnonzero(test))])
