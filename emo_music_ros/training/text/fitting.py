# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Training of the text network on both corpora and the written sentences at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.text.calibration import calibrate
from emo_music_ros.training.text.labels import CHINESE, EKMAN, chinese_words, single_ekman
from emo_music_ros.training.text.linear import fit_words
from emo_music_ros.training.text.network import TextNetwork, TextSettings, batch_inputs
from emo_music_ros.training.text.texts import Texts

#: How often a written sentence counts in the linear models for once that a text of a corpus does.
#: In the network it counts once: three times cost 0.007 of macro-F1 on the validation texts.
WRITTEN = 2.0


def fit(
    english: Texts, chinese: Texts, written: Texts, settings: TextSettings, seed: int
) -> dict[str, NDArray[Any]]:
    """Train the network on everything at once and calibrate it.

    Returns
    -------
    dict
        The weights by name, and what :func:`calibrate` finds on the texts that were kept out.
    """
    seed_everything(seed)
    random = np.random.default_rng(seed)
    held = [_held_out(part.groups, settings.validation) for part in (english, chinese)]
    sources = (english, chinese, written)
    learnt = [np.flatnonzero(~part) for part in held] + [np.arange(len(written.words))]
    network = TextNetwork(settings)
    _standardise(network, sources, learnt)
    dense = [value for name, value in network.named_parameters() if name != "words.weight"]
    optimisers = [
        torch.optim.AdamW(dense, settings.rate, weight_decay=settings.decay),
        torch.optim.SparseAdam(network.words.parameters(), settings.word_rate),
    ]
    counts = [len(rows) // settings.batch + 1 for rows in learnt]
    schedules = [rise_and_fall(each, sum(counts) * settings.epochs) for each in optimisers]
    keep = 1 - settings.word_dropout
    for _ in range(settings.epochs):
        network.train()
        batches = [
            (source, batch)
            for source, rows, count in zip(sources, learnt, counts)
            for batch in _batches(source, rows, count, random)
        ]
        for place in random.permutation(len(batches)):
            texts, batch = batches[place]
            answers = network(*batch_inputs(texts, batch, keep, random))
            loss = _loss(answers, texts.labels[batch], texts is written, settings)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()
            for optimiser, schedule in zip(optimisers, schedules):
                optimiser.step()
                schedule.step()
    state = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    state |= priors(english.labels[learnt[0]], chinese.labels[learnt[1]])
    kept_out = [part.subset(np.flatnonzero(mask)) for part, mask in zip((english, chinese), held)]
    return state | calibrate(state, kept_out[0], kept_out[1], settings)


def _standardise(network: TextNetwork, sources: Sequence[Texts], learnt: Sequence[Rows]) -> None:
    """Set mean and deviation of what goes into the network from the texts that are learnt."""
    features = np.concatenate([texts.features[rows] for texts, rows in zip(sources, learnt)])
    spans = [
        texts.states[first:end]
        for texts, rows in zip(sources, learnt)
        for first, end in texts.spans[rows[::10]]
    ]
    for part, table in ((network, features), (network.tokens, np.concatenate(spans))):
        part.mean.copy_(torch.tensor(table.mean(axis=0, dtype=np.float64)))
        part.scale.copy_(torch.tensor(1 / (table.std(axis=0, dtype=np.float64) + 1e-3)))


def _batches(
    texts: Texts, rows: Rows, count: int, random: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Part rows at random, those of about one length together: less padding."""
    lengths = texts.spans[rows, 1] - texts.spans[rows, 0]
    order = np.argsort(lengths + random.uniform(0, 8, len(rows)), kind="stable")
    return np.array_split(rows[order], count)


def rise_and_fall(
    optimiser: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """Return a schedule: the rate rises for a tenth of the steps and falls along a cosine."""
    rise = max(1, steps // 10)

    def share(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (step - rise) / max(1, steps - rise)))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, share)


def _held_out(groups: NDArray[Any], one_in: int) -> NDArray[np.bool_]:
    _, code = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(1).permutation(int(code.max()) + 1) % one_in == 0
    return drawn[code]  # type: ignore[no-any-return]


def _loss(
    answers: Sequence[Tensor], labels: NDArray[Any], written: bool, settings: TextSettings
) -> Tensor:
    if labels.ndim == 1:
        return F.cross_entropy(answers[2], torch.from_numpy(labels))
    loss = settings.labels_weight * F.binary_cross_entropy_with_logits(
        answers[0], torch.from_numpy(labels.astype(np.float32))
    )
    alone, words = single_ekman(labels)
    loss = loss + F.cross_entropy(answers[1][alone], torch.from_numpy(words))
    if written:  # in either language, so both languages' answers learn it
        rows, six = chinese_words(words)
        loss = loss + F.cross_entropy(answers[2][alone][rows], torch.from_numpy(six))
    return loss


def priors(english: NDArray[Any], chinese: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """Return the logarithms of the class frequencies of the training texts."""
    _, words = single_ekman(english)
    return {
        name: np.log(np.maximum(np.bincount(labels, minlength=size), 1) / len(labels)).astype(
            np.float32
        )
        for name, labels, size in (
            ("prior_ekman", words, EKMAN),
            ("prior_chinese", chinese, CHINESE),
        )
    }


def with_words(
    state: dict[str, NDArray[Any]],
    english: Texts,
    chinese: Texts,
    written: Texts,
    settings: TextSettings,
) -> dict[str, NDArray[Any]]:
    """Add linear models on words alone to a trained network and calibrate it again.

    Their logits are added as they are: how much of them is best on the few texts that :func:`fit`
    kept out is not best on others (tried on halves of them).

    Returns
    -------
    dict
        What is new in `state`: the linear models, and what :func:`calibrate` finds.
    """
    held = [_held_out(part.groups, settings.validation) for part in (english, chinese)]
    kept_out = [part.subset(np.flatnonzero(mask)) for part, mask in zip((english, chinese), held)]
    alone, ekman = single_ekman(english.labels)
    learnt = ~held[0][alone]
    rows = np.flatnonzero(~held[1])
    words = single_ekman(written.labels)[1]
    both, six = chinese_words(words)

    def model(
        texts: Texts, rows: Rows, labels: NDArray[np.int64], more: Rows, classes: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        slots = [*(texts.words[row] for row in rows), *(written.words[row] for row in more)]
        times = np.repeat([1.0, WRITTEN], [len(rows), len(more)])
        return fit_words(slots, labels, classes, times)

    added: dict[str, NDArray[Any]] = {}
    for name, (weights, bias) in (
        (
            "linear_ekman",
            model(
                english,
                alone[learnt],
                np.concatenate([ekman[learnt], words]),
                np.arange(len(words)),
                EKMAN,
            ),
        ),
        (
            "linear_chinese",
            model(chinese, rows, np.concatenate([chinese.labels[rows], six]), both, CHINESE),
        ),
    ):
        added |= {name: weights.astype(np.float32), f"{name}_bias": bias.astype(np.float32)}
    return added | calibrate(state | added, kept_out[0], kept_out[1], settings)
