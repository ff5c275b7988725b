# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The answers of a text network, calibrated on texts it did not learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import MULTILABEL
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.text.labels import chinese_to_ekman, single_ekman, spread
from emo_music_ros.training.text.linear import bag_of_words
from emo_music_ros.training.text.network import TextNetwork, TextSettings, batch_inputs
from emo_music_ros.training.text.texts import Texts

#: Powers of the class frequencies that may be taken out of the answers: macro-F1 wants more of the
#: rare classes than their share.
BALANCES = tuple(round(0.1 * step, 1) for step in range(11))


def answers(
    state: dict[str, NDArray[Any]], texts: Texts, settings: TextSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return logits of labels, Ekman's words and Chinese classes, class frequencies taken out."""
    network = TextNetwork(settings)
    weights = {name: torch.from_numpy(state[name]) for name in network.state_dict()}
    network.load_state_dict(weights)
    network.eval()
    random = np.random.default_rng(0)
    found: list[list[NDArray[Any]]] = [[], [], []]
    with torch.no_grad():
        for rows in np.array_split(np.arange(len(texts.words)), len(texts.words) // 1024 + 1):
            for part, logits in zip(found, network(*batch_inputs(texts, rows, 1.0, random))):
                part.append(logits.numpy())
    labels, ekman, chinese = (np.concatenate(part).astype(float) for part in found)
    if "linear_ekman" in state:
        bag = bag_of_words(texts.words)
        ekman = ekman + bag @ state["linear_ekman"] + state["linear_ekman_bias"]
        chinese = chinese + bag @ state["linear_chinese"] + state["linear_chinese_bias"]
    return (
        labels,
        ekman - float(state["balance"][0]) * state["prior_ekman"],
        chinese - float(state["balance"][0]) * state["prior_chinese"],
    )


def calibrate(
    state: dict[str, NDArray[Any]], english: Texts, chinese: Texts, settings: TextSettings
) -> dict[str, NDArray[Any]]:
    """Calibrate the answers on texts that were not trained on.

    Returns
    -------
    dict
        `balance` [1], the power of the class frequencies that is taken out, with the best macro-F1
        in the mean of both languages; `temperature` [2], English and Chinese; `thresholds` [28] of
        the labels, each with the best F1; `conformal` [1]; `scores` [3], the macro-F1 of Ekman's
        words, labels and Chinese.
    """
    plain = state | {"balance": np.zeros(1)}
    labels, ekman, _ = answers(plain, english, settings)
    six = answers(plain, chinese, settings)[2]
    alone, words = single_ekman(english.labels)
    each = 1 / (1 + np.exp(-labels))
    thresholds = best_thresholds(each, english.labels)
    sides = (
        (ekman[alone], words, state["prior_ekman"]),
        (six, chinese.labels, state["prior_chinese"]),
    )
    # One power for both languages, by the mean with its neighbours: a power or even a shift of its
    # own for every language or class is the best one for these texts and not for others.
    found = np.array(
        [
            [metrics.macro_f1(truth, (logits - power * prior).argmax(axis=1)) for power in BALANCES]
            for logits, truth, prior in sides
        ]
    )
    padded = np.pad(found, ((0, 0), (1, 1)), mode="edge")
    smooth = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3
    best = int(smooth.mean(axis=0).argmax())
    tables, temperatures = [], []
    for logits, truth, prior in sides:
        shifted = logits - BALANCES[best] * prior
        temperatures.append(fit_temperature(shifted, truth))
        tables.append(softmax(shifted, temperatures[-1]))
    f1 = MULTILABEL["macro-F1"]
    several = f1(english.labels, np.where(each >= thresholds, 1.0, 0.0), english.groups)
    everything = np.concatenate([tables[0], spread(tables[1])])
    truth = np.concatenate([words, chinese_to_ekman()[chinese.labels]])
    return {
        "balance": np.array([BALANCES[best]]),
        "temperature": np.array(temperatures),
        "thresholds": thresholds,
        "conformal": np.array([conformal_threshold(everything, truth)]),
        "scores": np.array([smooth[0, best], several, smooth[1, best]]),
    }


def best_thresholds(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return for every label the probability from which taking it gives the best F1."""
    found = np.full(truth.shape[1], 0.5)
    for label in range(truth.shape[1]):
        order = np.argsort(-probabilities[:, label])
        hits = np.cumsum(truth[order, label])
        if not len(hits) or hits[-1] == 0:
            continue
        scores = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
        best = int(scores.argmax())
        after = min(best + 1, len(order) - 1)
        found[label] = probabilities[order[[best, after]], label].mean()
    return np.clip(found, 0.01, 0.99)
