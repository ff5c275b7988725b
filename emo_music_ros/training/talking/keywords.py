# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train the network of Chinese commands on synthetic voices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.talking.base import RATE
from emo_music_ros.talking.commands import OTHER, phrases
from emo_music_ros.talking.espeak import VOICES
from emo_music_ros.talking.recognisers.keywords import LANGUAGE, picture
from emo_music_ros.training.talking.voices import Speaker, mixed, sentences, speak

#: Copies of every utterance, each in another background.
COPIES = 3
HIDDEN, DROPOUT, EPOCHS, RATE_OF_LEARNING, DECAY = 128, 0.4, 60, 2e-3, 1e-3


class Set(NamedTuple):
    """Pictures float32 [n, features], the number of the label of each, and who speaks."""

    pictures: NDArray[np.float32]
    labels: NDArray[np.int64]
    speakers: NDArray[np.str_]


def labels() -> list[str]:
    """Return what the network tells: every phrase, and `other` for all else."""
    known = phrases(LANGUAGE)
    return [*(text for text, command in known.items() if command != OTHER), OTHER]


def build(
    speakers: Sequence[Speaker],
    backgrounds: Sequence[NDArray[np.float32]],
    cut: Callable[[NDArray[np.float32]], NDArray[np.float32] | None],
    seed: int,
) -> Set:
    """Return the phrases and other talk of synthetic speakers, cut as the robot would.

    Parameters
    ----------
    speakers : sequence of Speaker
        Who says every phrase.
    backgrounds : sequence of array
        Sounds at 16 kHz that are under it, at 5 to 30 dB.
    cut : callable
        Finds the utterance in a stretch of sound, None where it hears none.
    seed : int
        Of everything random.
    """
    random = np.random.default_rng(seed)
    known = labels()
    pictures, numbers, names = [], [], []
    for speaker, text, label in _texts(speakers, known):
        speech = speak(text, speaker)
        for _ in range(COPIES):
            background = backgrounds[int(random.integers(len(backgrounds)))]
            at = int(random.integers(max(len(background) - RATE, 1)))
            found = cut(mixed(speech, background[at:], random.uniform(5.0, 30.0)))
            if found is None:
                continue
            pictures.append(picture(found))
            numbers.append(known.index(label))
            names.append(speaker.voice)
    for background in backgrounds:  # no speech at all
        for at in range(0, len(background) - RATE, RATE // 2):
            length = int(random.uniform(0.3, 2.0) * RATE)
            pictures.append(picture(background[at : at + length]))
            numbers.append(known.index(OTHER))
            names.append("")
    return Set(np.array(pictures), np.array(numbers), np.array(names))


def _texts(speakers: Sequence[Speaker], known: Sequence[str]) -> Iterator[tuple[Speaker, str, str]]:
    others = [text for text, command in phrases(LANGUAGE).items() if command == OTHER]
    for number, speaker in enumerate(speakers):
        for text in known[:-1]:
            yield speaker, text, text
        for text in others:
            yield speaker, text, OTHER
        for text in sentences(LANGUAGE)[number % 2 :: 2]:
            yield speaker, text, OTHER
        english = replace(speaker, voice=speaker.voice.replace(VOICES[LANGUAGE], VOICES["en"]))
        for text in [*sentences("en"), *phrases("en")][number % 5 :: 5]:
            yield english, text, OTHER


class Network(torch.nn.Module):
    """Two layers: pictures [n, features] to probabilities [n, labels]."""

    def __init__(self, features: int, count: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(features, HIDDEN),
            torch.nn.ReLU(),
            torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(HIDDEN, count),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return probabilities."""
        return torch.softmax(self.layers(pictures), dim=1)


def fit(rows: Set, seed: int) -> Network:
    """Return a network trained on all rows, in which no label counts more than another."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = Network(rows.pictures.shape[1], len(labels()))
    count = np.bincount(rows.labels, minlength=len(labels()))
    weights = torch.tensor(1.0 / np.sqrt(np.maximum(count, 1)), dtype=torch.float32)
    loss = torch.nn.CrossEntropyLoss(weight=weights)
    learn = torch.optim.AdamW(network.parameters(), RATE_OF_LEARNING, weight_decay=DECAY)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(learn, EPOCHS)
    pictures, truth = torch.from_numpy(rows.pictures), torch.from_numpy(rows.labels)
    for _ in range(EPOCHS):
        network.train()
        for batch in np.array_split(random.permutation(len(truth)), max(len(truth) // 64, 1)):
            shaken = pictures[batch] + 0.1 * torch.randn(len(batch), pictures.shape[1])
            learn.zero_grad()
            loss(network.layers(shaken), truth[batch]).backward()
            learn.step()
        plan.step()
    return network.eval()
