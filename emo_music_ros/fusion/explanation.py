# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Why the emotion is what it is: what each modality moved, and the moments that mattered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.streams import Emotion, Estimate


def table_of(estimate: Estimate) -> NDArray[np.float64]:
    """Return the probabilities of the states [4]; all alike where nothing is known."""
    known = np.asarray(estimate.probabilities, float)
    return known if known.size else np.full(len(STATES), 1 / len(STATES))


def effects(fusion: Fusion, evidence: Sequence[Evidence], estimate: Estimate) -> tuple[float, ...]:
    """Return how far each piece of evidence moved the result, 0..1.

    That is the total variation distance between the probabilities of the states [4] and those
    that would have come out without it; without any evidence all states are alike.
    """
    found = []
    for place in range(len(evidence)):
        rest = [*evidence[:place], *evidence[place + 1 :]]
        without = fusion.fuse(rest)[0] if rest else unknown(STATES)
        moved = table_of(estimate) - table_of(without)
        found.append(float(np.abs(moved).sum() / 2))
    return tuple(found)


@dataclass(frozen=True)
class Change:
    """A moment that mattered: the state became another one.

    Attributes
    ----------
    time : float
        When [s].
    before, after : str
        States.
    modality : str
        Whose evidence moved the result most; empty where it became unknown.
    why : str
        For people.
    """

    time: float
    before: str
    after: str
    modality: str
    why: str

    def __str__(self) -> str:
        return f"{self.time:7.1f} s  {self.before} -> {self.after}: {self.why}"


def changes(moments: Iterable[tuple[float, Emotion]]) -> list[Change]:
    """Return the moments at which the state became another one, in order.

    Parameters
    ----------
    moments : iterable of (float, Emotion)
        Time [s] and emotion.
    """
    found: list[Change] = []
    before = UNKNOWN
    for time, emotion in moments:
        if emotion.state == before:
            continue
        most = max(emotion.contributions, key=lambda one: one.effect, default=None)
        if emotion.state == UNKNOWN or most is None:
            found.append(Change(time, before, emotion.state, "", _unknown(emotion)))
        else:
            age = f"its newest sample {most.age:.1f} s old"
            why = f"{most.modality} moved it by {most.effect:.2f}, {age}"
            found.append(Change(time, before, emotion.state, most.modality, why))
        before = emotion.state
    return found


def _unknown(emotion: Emotion) -> str:
    """Return why the state of an emotion is unknown."""
    if not emotion.present:
        return "nobody is there"
    said = {
        part.modality: STATES[int(np.argmax(part.probabilities))]
        for part in emotion.contributions
        if part.probabilities
    }
    if not said:
        return "nothing recent speaks for a state"
    if len(set(said.values())) == 1:
        return "what is said is too unsure"
    words = ", ".join(f"{name} says {state}" for name, state in said.items())
    return f"{words}: they contradict each other"
