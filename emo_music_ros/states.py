# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From what a modality says to the four states: evidence, not mass.

What an encoder gives is a distribution over the words of its own vocabulary. Which state that
speaks for is derived here, once for every strategy: the mass of the words of a state is divided by
how much of it a vocabulary has by itself (:func:`states_from`), so that the answer is a likelihood
up to a factor. The states are those of paper A, section 2.2; their place is the quadrant of the
circumplex they name, and a point of it is never outside the quadrant of its state (:func:`within`).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.emotion import PAD, STATES, UNKNOWN, canonical, knows
from emo_music_ros.streams import Estimate

#: Centre of each state on (valence, arousal): the middle of its quadrant.
STATE_CENTRES = np.array([[0.5, 0.5], [0.5, -0.5], [-0.5, 0.5], [-0.5, -0.5]])
#: Colours of states, told apart by people who are colour-blind, too (Okabe and Ito, 2008).
STATE_COLOURS = dict(zip(STATES, ("#E69F00", "#56B4E9", "#CC79A7", "#0072B2"))) | {
    UNKNOWN: "#DDDDDD"
}
#: Width of a state on the circumplex: neighbouring centres are two widths apart.
STATE_WIDTH = 0.5
#: How far `neutral` is taken as calm.
NEUTRAL_STATES = np.array([0.1, 0.8, 0.02, 0.08])
#: Words that may come with any state, and those of unpleasant activation.
SILENT = frozenset({"surprise"})
ACTIVATED_UNPLEASANT = frozenset({"anger", "fear", "disgust"})
#: Share of every class that is left to all states: no class excludes one.
OPENNESS = 0.1
#: Least distance of a point in a quadrant from its edges.
EDGE = 0.05


def states_at(valence: ArrayLike, arousal: ArrayLike) -> NDArray[np.float64]:
    """Return the probabilities [..., 4] of the four states at a point of the circumplex."""
    point = np.stack(np.broadcast_arrays(valence, arousal), axis=-1)[..., None, :]
    distance = np.sum((point - STATE_CENTRES) ** 2, axis=-1)
    weight = np.exp(-distance / (2 * STATE_WIDTH**2))
    return weight / weight.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def states_of(label: str) -> NDArray[np.float64]:
    """Return the probabilities [4] of the four states given one class.

    Disgust counts as anxiety, as fear and anger do: unpleasant and activated. Surprise may be
    pleasant or not and says nothing about the state.
    """
    word = canonical(label)
    if word in STATES:
        return np.eye(4)[STATES.index(word)]  # type: ignore[no-any-return]
    if word == "neutral":
        return NEUTRAL_STATES
    if word in SILENT:
        return np.full(4, 0.25)
    if word in ACTIVATED_UNPLEASANT:
        return np.eye(4)[STATES.index("anxiety")]  # type: ignore[no-any-return]
    valence, arousal, _ = PAD[word]
    return states_at(valence, arousal)


@lru_cache(maxsize=64)
def _states_of_classes(
    labels: tuple[str, ...],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Return P(state | class) [labels, 4], which classes speak, and the prior of each state [4].

    The prior is the share of a state in the classes that speak, each class counted once. Every
    class leaves a little to every state, so that a vocabulary without a word for a state (calm
    against stress knows no sadness) says little about it instead of excluding it.
    """
    table = np.array([states_of(label) for label in labels])
    speaks = np.array([canonical(label) not in SILENT for label in labels])
    softened = (1.0 - OPENNESS) * table + OPENNESS / 4
    return softened, speaks, softened[speaks].mean(axis=0)


def states_from(estimate: Estimate) -> NDArray[np.float64] | None:
    """Return the evidence of an estimate for the four states, [4], None if it says nothing.

    It is the likelihood of each state up to a factor, so that one to four states that a
    vocabulary names with one class (sadness) weigh as much as one that it names with three
    (anger, disgust, fear): the mass of the classes of a state is divided by the prior of the
    state. The mass of classes that may be anything (surprise) is spread evenly. Where not every
    class is a word of emotion the circumplex is used. An estimate that rules nothing out
    (:func:`knows`) says nothing. Probabilities of the states are what they are: what was derived
    from a vocabulary is not softened once more.
    """
    if not knows(estimate):
        return None
    masses = np.asarray(estimate.probabilities, float)
    if tuple(estimate.labels) == STATES and len(masses) == 4 and 0 < masses.sum() < np.inf:
        return masses / masses.sum()  # type: ignore[no-any-return]
    if len(masses) and len(masses) == len(estimate.labels) and np.isfinite(masses).all():
        try:
            table, speaks, prior = _states_of_classes(tuple(estimate.labels))
        except (KeyError, ValueError):
            speaks = np.zeros(0, bool)
        total = float(masses.sum())
        if speaks.any() and total > 0:
            heard = float(masses[speaks].sum()) / total
            evidence = masses[speaks] @ table[speaks] / prior
            if evidence.sum() > 0:
                evidence = evidence / evidence.sum()
            return heard * evidence + (1.0 - heard) * 0.25  # type: ignore[no-any-return]
    valence, arousal = estimate.valence, estimate.arousal
    if np.isnan(valence) and np.isnan(arousal):
        return None
    # An unknown axis says nothing: average over its range instead of taking its middle.
    span = np.linspace(-1, 1, 9)
    return (
        states_at(span if np.isnan(valence) else valence, span if np.isnan(arousal) else arousal)
        .reshape(-1, 4)
        .mean(axis=0)
    )


def within(state: str, valence: float, arousal: float) -> tuple[float, float]:
    """Return the nearest point of the circumplex that is inside the quadrant of a state.

    An unknown axis becomes that of the middle of the quadrant.
    """
    centre = STATE_CENTRES[STATES.index(state)]
    point = []
    for value, middle in zip((valence, arousal), centre):
        if np.isnan(value):
            value = middle
        point.append(float(np.sign(middle) * min(max(value * np.sign(middle), EDGE), 1.0)))
    return point[0], point[1]
