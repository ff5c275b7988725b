# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A small correction of the fused answer, learned from confirmed moments of one person.

Paper C, Eq. 10: y_t = f(Z_fusion; theta_t), where theta follows small batches of new data "while
retaining the existing information". Differs from the paper: the networks stay as they are and only
a softmax head behind the fusion is learned,

    softmax(log p + b + sum over the modalities of A_m e_m),

where p [4] is what the shipped weights say and e_m [4] what modality m says of the states. Theta
= (b, A) is zero for the shipped weights, and its most probable value under a normal prior around
that is found anew for every update by replay of the stored moments, and of stand-ins for what was
not confirmed (:func:`learn`): a convex problem with one solution, so that the order of the moments
does not matter. Where a modality is missing, what was learned of it is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.emotion import STATES, entropy, knows
from emo_music_ros.numerics import softmax
from emo_music_ros.streams import Contribution, Estimate

Floats = NDArray[np.float64]

#: Least probability of the fused answer, and of a modality: what is ruled out may still be.
LEAST, LEAST_SAID = 1e-4, 1e-2
#: How much the replayed answers of a state that was not confirmed count at most [moments].
REPLAYED_MOST = 8.0
#: So many moments of each state are learned from, the newest.
NEWEST = 16
_STEPS, _ENOUGH = 30, 1e-9


@dataclass(frozen=True)
class Prior:
    """What holds against the moments; chosen on people who are not those reported of.

    Attributes
    ----------
    bias, said : float
        Penalty (inverse variance) of b and of every A.
    lone : float
        How far a state counts beyond what was confirmed of all others [moments].
    """

    bias: float = 8.0
    said: float = 16.0
    lone: float = 2.0


DEFAULT = Prior()


@dataclass(frozen=True, eq=False)
class Answer:
    """What the shipped weights make of one moment.

    Attributes
    ----------
    fused : array [4]
        Log probabilities of the states less their mean.
    said : mapping of str to array [4]
        The same of every modality that counted.
    """

    fused: Floats
    said: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Moment:
    """An answer whose state (number in `STATES`) was confirmed; `time` in unix seconds."""

    answer: Answer
    state: int
    time: float = 0.0


@dataclass(frozen=True, eq=False)
class Head:
    """The correction: b [4], and A [4, 4] by modality, to which e_m is multiplied from the left."""

    bias: Floats
    said: Mapping[str, Floats]

    def __call__(self, answer: Answer) -> Floats:
        """Return the corrected probabilities [4]."""
        logits = answer.fused + self.bias
        for name, evidence in answer.said.items():
            if name in self.said:
                logits = logits + evidence @ self.said[name]
        return softmax(logits)

    def corrected(self, estimate: Estimate, parts: Iterable[Contribution]) -> Estimate:
        """Return an estimate, made of these parts, corrected; one that knows nothing stays.

        What was calibrated for the shipped answers (`credible`) does not hold for others.
        """
        answer = answer_of(estimate, parts)
        if answer is None or not knows(estimate):
            return estimate
        found = self(answer)
        return replace(
            estimate,
            probabilities=found.astype(np.float32),
            confidence=1.0 - entropy(found),
            credible=(),
        )


def centred(probabilities: ArrayLike, least: float) -> Floats:
    """Return log probabilities [..., 4] less their mean."""
    logs = np.log(np.maximum(np.asarray(probabilities, float), least))
    return logs - logs.mean(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def answer_of(estimate: Estimate, parts: Iterable[Contribution]) -> Answer | None:
    """Return an estimate over the states and what it is made of, None if it has no numbers."""
    if not _sound(estimate.probabilities):
        return None
    said = {
        part.modality: centred(part.probabilities, LEAST_SAID)
        for part in parts
        if part.weight > 0 and _sound(part.probabilities)
    }
    return Answer(centred(estimate.probabilities, LEAST), said)


def _sound(probabilities: ArrayLike) -> bool:
    table = np.asarray(probabilities)
    return table.shape == (len(STATES),) and bool(np.isfinite(table).all())


def learn(moments: Sequence[Moment], prior: Prior = DEFAULT) -> Head | None:
    """Return the most probable head given moments, in order of time; None without any.

    States count alike, whichever was confirmed more often, since people do not confirm states as
    often as they have them; and none counts for more than was confirmed of all others, and a
    little: who only ever confirms one state says hardly where it ends. For every state that was
    not confirmed the same answers are replayed as if they had spoken for it, and been right.
    """
    kept = _newest(moments)
    if not kept:
        return None
    names = sorted({name for moment in kept for name in moment.answer.said})
    counts = np.bincount([moment.state for moment in kept], minlength=len(STATES))
    each = min(len(kept) / np.count_nonzero(counts), len(kept) - counts.max() + prior.lone)
    rows = [(moment.answer, moment.state, each / counts[moment.state]) for moment in kept]
    replayed = min(each, REPLAYED_MOST) / len(kept)
    rows += [
        (_as_if(moment.answer, state), state, replayed)
        for state in np.flatnonzero(counts == 0)
        for moment in kept
    ]
    theta = _most_probable(
        np.array([_columns(answer, names) for answer, _, _ in rows]),
        np.array([answer.fused for answer, _, _ in rows]),
        np.array([state for _, state, _ in rows]),
        np.array([weight for _, _, weight in rows]),
        np.r_[prior.bias, np.full(len(STATES) * len(names), prior.said)],
    )
    parts = theta[1:].reshape(len(names), 4, 4)
    return Head(theta[0], dict(zip(names, parts)))


def _newest(moments: Sequence[Moment]) -> list[Moment]:
    """Return the newest `NEWEST` moments of each state, in their order."""
    left = dict.fromkeys(range(len(STATES)), NEWEST)
    kept = []
    for moment in reversed(moments):
        if left[moment.state]:
            left[moment.state] -= 1
            kept.append(moment)
    return kept[::-1]


def _columns(answer: Answer, names: Sequence[str]) -> Floats:
    """Return 1 and what each modality said, 0 where it is missing, [1 + 4 modalities]."""
    nothing = np.zeros(len(STATES))
    return np.concatenate([[1.0], *(answer.said.get(name, nothing) for name in names)])


def _as_if(answer: Answer, state: int) -> Answer:
    """Return an answer with the state it speaks for most and another one exchanged."""
    order = np.arange(len(STATES))
    most = int(answer.fused.argmax())
    order[[most, state]] = state, most
    return Answer(answer.fused[order], {name: row[order] for name, row in answer.said.items()})


def _most_probable(
    columns: Floats, fused: Floats, truth: NDArray[np.int64], weights: Floats, penalty: Floats
) -> Floats:
    """Return theta [k, 4] that minimises the weighted log loss and the penalty (Newton's method).

    Parameters
    ----------
    columns : array [n, k]
    fused : array [n, 4]
        Logits without a correction.
    truth : array [n]
    weights : array [n]
        How much each row counts.
    penalty : array [k]
        Of the squares of the rows of theta, halved.
    """
    size, target = len(penalty), np.eye(len(STATES))[truth]
    ridge = np.diag(np.repeat(penalty, len(STATES)))

    def cost(theta: Floats) -> float:
        logits = fused + columns @ theta
        top = logits.max(axis=1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        loss = weights @ (total - (logits * target).sum(axis=1))
        return float(loss + 0.5 * penalty @ (theta**2).sum(axis=1))

    theta = np.zeros((size, len(STATES)))
    now = cost(theta)
    for _ in range(_STEPS):
        table = softmax(fused + columns @ theta)
        slope = columns.T @ (weights[:, None] * (table - target)) + penalty[:, None] * theta
        curved = weights[:, None, None] * (
            table[:, :, None] * (np.eye(len(STATES)) - table[:, None, :])
        )
        # [k, 4, k, 4] as one product: rows weighted by the curvature of each pair of states
        spread = (columns[:, :, None] * curved.reshape(-1, 1, 16)).reshape(len(columns), -1)
        curve = (columns.T @ spread).reshape(size, size, 4, 4).transpose(0, 2, 1, 3)
        step = np.linalg.solve(curve.reshape(4 * size, -1) + ridge, slope.ravel())
        step = step.reshape(theta.shape)
        share = 1.0
        while (then := cost(theta - share * step)) > now and share > _ENOUGH:
            share /= 2
        if then >= now:
            break
        gained, now, theta = now - then, then, theta - share * step
        if gained < _ENOUGH * max(1.0, abs(now)):
            break
    return theta
