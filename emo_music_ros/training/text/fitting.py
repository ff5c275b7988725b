"""Training of the text network on both languages at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.text.calibration import calibrate
from emo_music_ros.training.text.labels import CHINESE, EKMAN, ekman_table, single_ekman
from emo_music_ros.training.text.linear import fit_words
from emo_music_ros.training.text.network import TextNetwork, TextSettings, batch_inputs
from emo_music_ros.training.text.texts import Texts

#: How much the linear models on words alone may add to the answers of the network.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)


def fit(
    english: Texts, chinese: Texts, settings: TextSettings, seed: int
) -> dict[str, NDArray[Any]]:
    """Train the network on both languages at once and calibrate it.

    Returns
    -------
    dict
        The weights by name, and what :func:`calibrate` finds on the texts that were kept out.
    """
    seed_everything(seed)
    random = np.random.default_rng(seed)
    held = [_held_out(part.groups, settings.validation) for part in (english, chinese)]
    rows_english, rows_chinese = (np.flatnonzero(~part) for part in held)
    network = TextNetwork(settings)
    together = np.concatenate([english.features[rows_english], chinese.features[rows_chinese]])
    network.mean.copy_(torch.tensor(together.mean(axis=0, dtype=np.float64)))
    network.scale.copy_(torch.tensor(1 / (together.std(axis=0, dtype=np.float64) + 1e-3)))
    del together
    dense = [value for name, value in network.named_parameters() if name != "words.weight"]
    optimisers = [
        torch.optim.AdamW(dense, settings.rate, weight_decay=settings.decay),
        torch.optim.SparseAdam(network.words.parameters(), settings.word_rate),
    ]
    counts = [len(rows) // settings.batch + 1 for rows in (rows_english, rows_chinese)]
    schedules = [rise_and_fall(each, sum(counts) * settings.epochs) for each in optimisers]
    keep = 1 - settings.word_dropout
    for _ in range(settings.epochs):
        network.train()
        batches = [
            (language, batch)
            for language, (rows, count) in enumerate(zip((rows_english, rows_chinese), counts))
            for batch in np.array_split(random.permutation(rows), count)
        ]
        for place in random.permutation(len(batches)):
            language, batch = batches[place]
            texts = (english, chinese)[language]
            answers = network(*batch_inputs(texts, batch, keep, random))
            loss = _loss(answers, texts.labels[batch], settings)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()
            for optimiser, schedule in zip(optimisers, schedules):
                optimiser.step()
                schedule.step()
    state = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    state |= priors(english.labels[rows_english], chinese.labels[rows_chinese])
    state["balance"] = np.zeros(2)
    kept_out = [part.subset(np.flatnonzero(mask)) for part, mask in zip((english, chinese), held)]
    return state | calibrate(state, kept_out[0], kept_out[1], settings)


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


def _loss(answers: Sequence[Tensor], labels: NDArray[Any], settings: TextSettings) -> Tensor:
    if labels.ndim == 1:
        return F.cross_entropy(answers[2], torch.from_numpy(labels))
    loss = settings.labels_weight * F.binary_cross_entropy_with_logits(
        answers[0], torch.from_numpy(labels.astype(np.float32))
    )
    ekman = labels @ (ekman_table() > 0)
    alone = np.flatnonzero((ekman > 0).sum(axis=1) == 1)
    classes = torch.from_numpy(ekman[alone].argmax(axis=1))
    return loss + F.cross_entropy(answers[1][alone], classes)


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
    state: dict[str, NDArray[Any]], english: Texts, chinese: Texts, settings: TextSettings
) -> dict[str, NDArray[Any]]:
    """Add linear models on words alone to a trained network and calibrate it again.

    Returns
    -------
    dict
        What changes of `state`: the linear models times their share, which is the one with the
        best macro-F1 on the texts that :func:`fit` kept out, and what :func:`calibrate` finds.
    """
    held = [_held_out(part.groups, settings.validation) for part in (english, chinese)]
    kept_out = [part.subset(np.flatnonzero(mask)) for part, mask in zip((english, chinese), held)]
    alone, words = single_ekman(english.labels)
    learnt = ~held[0][alone]
    rows = np.flatnonzero(~held[1])
    models = {
        "linear_ekman": fit_words(english, alone[learnt], words[learnt], EKMAN),
        "linear_chinese": fit_words(chinese, rows, chinese.labels[rows], CHINESE),
    }

    def calibrated(shares: Sequence[float]) -> dict[str, NDArray[Any]]:
        added: dict[str, NDArray[Any]] = {"shares": np.array(shares)}
        for share, (name, (weights, bias)) in zip(shares, models.items()):
            added |= {name: (share * weights).astype(np.float32)}
            added |= {f"{name}_bias": (share * bias).astype(np.float32)}
        return added | calibrate(state | added, kept_out[0], kept_out[1], settings)

    found = [calibrated((share, share)) for share in SHARES]
    best = [int(np.argmax([each["scores"][place] for each in found])) for place in (0, 2)]
    return calibrated([SHARES[place] for place in best])
