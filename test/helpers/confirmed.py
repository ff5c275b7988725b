# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Moments whose state was confirmed, made up for tests."""

from __future__ import annotations

import numpy as np

from emo_music_ros.fusion.adaptation.head import LEAST, LEAST_SAID, Answer, Moment, centred


def says(state: int, sure: float = 0.7) -> np.ndarray:
    """Probabilities [4] that are `sure` of a state."""
    table = np.full(4, (1 - sure) / 3)
    table[state] = sure
    return table


def answer(state: int, sure: float = 0.7, *modalities: str) -> Answer:
    """What is answered where the face, or other modalities, say a state."""
    table = says(state, sure)
    said = {name: centred(table, LEAST_SAID) for name in modalities or ("face",)}
    return Answer(centred(table, LEAST), said)


def moment(said: int, state: int, time: float = 0.0, sure: float = 0.7, *modalities: str) -> Moment:
    """A moment at which one state was said and another, or the same, confirmed."""
    return Moment(answer(said, sure, *modalities), state, time)


def misread(count: int, start: float = 0.0) -> list[Moment]:
    """Moments of somebody whose calm is always said to be depression, all else being right."""
    pairs = ((3, 1), (0, 0), (2, 2), (3, 1))
    return [moment(*pairs[place % 4], start + 10.0 * place) for place in range(count)]
