# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sentences that were written for this project, to teach and to test what the corpora lack.

What older people say, negation, contrast, emoji and two languages in one sentence are rare in
comments and posts. The files in ``sentences`` were written by the authors of this project and not
collected from people. ``training.tsv``, ``emoji.tsv`` and ``templates.tsv`` are learnt from;
``test.tsv`` is only measured, and its sentences have other words and another build.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.training.corpora.base import Corpus

_FOLDER = Path(__file__).parent / "sentences"
SOURCE = "written for this project by its authors, not collected from people"

#: Words of feelings by label of GoEmotions, language by language.
FEELINGS = {
    "en": {
        "sadness": "sad unhappy lonely miserable depressed upset heartbroken hurt gloomy",
        "anger": "angry mad furious annoyed cross",
        "fear": "afraid scared frightened terrified",
        "nervousness": "nervous worried anxious",
        "joy": "happy glad cheerful content pleased delighted",
        "disgust": "disgusted",
        "surprise": "surprised astonished",
    },
    "zh": {
        "sadness": "难过 伤心 孤单 寂寞 难受 痛苦 孤独 无聊",
        "anger": "生气 愤怒 恼火 气愤",
        "fear": "害怕 担心 紧张 恐惧",
        "joy": "高兴 开心 快乐 满意 幸福",
        "surprise": "惊讶 吃惊",
    },
}
#: What an emoji is put behind.
CARRIERS = ("{}", "{0} {0} {0}", "Look at this {}", "在家{}")
#: Feelings every feeling turns into.
TURNS = 2
#: Of the templates with a word of the other language every so many are taken.
MIXED = 4
#: How often a sentence is learnt for once that a template is.
TIMES = 3


@dataclass(frozen=True)
class Sentence:
    """`language` is en, zh or mixed; `label` one of GoEmotions', or of Ekman's in the test part."""

    category: str
    language: str
    label: str
    text: str


def training() -> list[Sentence]:
    """Return what is learnt from: sentences, emoji behind carriers, and templates of feelings."""
    return TIMES * [Sentence(*row) for row in _rows("training")] + [*_emoji(), *_templates()]


def test() -> list[Sentence]:
    """Return what is only measured."""
    return [Sentence(*row) for row in _rows("test")]


def learnt_corpus() -> Corpus:
    """Return the training part with one label of GoEmotions each, bool [n, 28]."""
    sentences = training()
    labels = np.zeros((len(sentences), len(emotion.GOEMOTIONS)), bool)
    for row, sentence in zip(labels, sentences):
        row[emotion.GOEMOTIONS.index(sentence.label)] = True
    return _corpus(sentences, labels, emotion.GOEMOTIONS)


def test_corpus() -> Corpus:
    """Return the test part with one of Ekman's words each."""
    sentences = test()
    labels = np.array([emotion.EKMAN.index(sentence.label) for sentence in sentences], np.int64)
    return _corpus(sentences, labels, emotion.EKMAN)


def _corpus(sentences: list[Sentence], labels: NDArray[Any], classes: tuple[str, ...]) -> Corpus:
    return Corpus(
        name="sentences of this project",
        source=SOURCE,
        licence="Apache 2.0",
        items=[sentence.text for sentence in sentences],
        labels=labels,
        classes=classes,
        people=np.arange(len(sentences)),
        unit="texts",
        groups={
            name: np.array([getattr(sentence, name) for sentence in sentences])
            for name in ("category", "language")
        },
    )


def _rows(name: str) -> list[list[str]]:
    lines = (_FOLDER / f"{name}.tsv").read_text("utf-8").strip().split("\n")
    return [line.split("\t") for line in lines[2:]]  # behind what it is and the column names


def _emoji() -> Iterator[Sentence]:
    for label, sign in _rows("emoji"):
        for carrier in CARRIERS:
            yield Sentence("emoji", "mixed", label, carrier.format(sign))


def _templates() -> Iterator[Sentence]:
    feelings = [
        (language, label, word)
        for language, table in FEELINGS.items()
        for label, words in table.items()
        for word in words.split()
    ]
    for number, (kind, language, template) in enumerate(_rows("templates")):
        for place, (spoken, label, word) in enumerate(feelings):
            if kind == "turned":
                others = [
                    (to, other)
                    for tongue, to, other in feelings
                    if tongue == spoken == language and to != label
                ]
                for turn in range(min(TURNS, len(others))):
                    to, other = others[(7 * place + 5 * turn) % len(others)]
                    yield Sentence("contrast", language, to, template.format(word, other))
                continue
            if spoken != language and (place + number) % MIXED:
                continue
            meant = label if kind == "felt" else "neutral"
            if kind == "denied" and label == "joy":
                meant = "sadness"
            yield Sentence(
                "negation" if kind == "denied" else kind,
                language if spoken == language else "mixed",
                meant,
                template.format(word),
            )
