# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the modalities said lately, on one time grid (paper A, Eq. 4; paper C, Eq. 5).

Streams of different rates and delays become one tensor [time, modality, feature]: what was said in
a step of the grid is averaged, a gap between two things said is interpolated linearly, and masks
and ages say which steps are known and how old what they hold is.

Differs from the papers: the features of a modality are what it says (the states, the classes,
quality, age, mask), not its signals, since an encoder may be replaced, and what was kept of the
corpora are answers without features. Nothing is interpolated towards the future: after the newest
answer it holds, with its age. Between two answers further apart than its modality's limit nothing
is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.classes import CLASSES, FLOOR, class_evidence
from emo_music_ros.states import states_from
from emo_music_ros.streams import Estimate

#: Length of a step [s], how many there are, and how far back they reach [s].
STEP, STEPS = 4.0, 8
SPAN = STEP * STEPS
#: Where the features are: P(state), class evidence scaled to about -1..1, quality 0..1, age as a
#: share of `SPAN` 0..1, and the mask. All are 0 where the mask is.
STATES_AT = slice(0, len(STATES))
CLASSES_AT = slice(STATES_AT.stop, STATES_AT.stop + len(CLASSES))
QUALITY_AT, AGE_AT, MASK_AT = (CLASSES_AT.stop + place for place in range(3))
FEATURES = MASK_AT + 1
#: Features of one answer: all but age and mask.
SAID = AGE_AT

Floats = NDArray[np.float64]


def said_of(states: ArrayLike, words: ArrayLike | None, quality: ArrayLike) -> Floats:
    """Return the features [..., SAID] of answers.

    Parameters
    ----------
    states : array_like
        [..., 4], evidence for the states.
    words : array_like, optional
        [..., 8] of :func:`~emo_music_ros.fusion.classes.class_evidence`; None = no words for them.
    quality : array_like
        [...], 0..1.
    """
    table = np.asarray(states, float)
    classes = np.zeros((*table.shape[:-1], len(CLASSES))) if words is None else np.asarray(words)
    scaled = classes / -math.log(FLOOR)
    return np.concatenate([table, scaled, np.asarray(quality, float)[..., None]], axis=-1)


def filled(
    values: Floats, known: NDArray[np.bool_], times: Floats, ends: Floats, gap: ArrayLike
) -> NDArray[np.float32]:
    """Return steps with their gaps filled, [..., steps, FEATURES].

    Parameters
    ----------
    values : ndarray
        [..., steps, SAID], the mean of what was said in each step.
    known : ndarray
        [..., steps], in which steps anything was said.
    times : ndarray
        [..., steps], time of the newest answer of each step [s].
    ends : ndarray
        [..., steps], end of each step; of the last one the present [s].
    gap : array_like
        [...], the longest gap that is interpolated, and held before another answer [s].
    """
    shape, steps = known.shape, known.shape[-1]
    limit = np.broadcast_to(np.asarray(gap, float)[..., None], shape).reshape(-1, steps)
    values, known = values.reshape(-1, steps, SAID), known.reshape(-1, steps)
    times = times.reshape(-1, steps)
    row, place = np.arange(len(known))[:, None], np.arange(steps)
    last = np.maximum.accumulate(np.where(known, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, place, steps)[:, ::-1], axis=1)[:, ::-1]
    holds = after == steps
    before, after = np.maximum(last, 0), np.minimum(after, steps - 1)
    since = times[row, before]
    bridged = ~holds & (times[row, after] - since <= limit)
    share = np.where(bridged, (place - before) / np.maximum(after - before, 1), 0.0)[..., None]
    age = np.maximum(ends.reshape(-1, steps) - since, 0.0)
    mask = (last >= 0) & (holds | bridged | (age <= limit))
    found = np.empty((*mask.shape, FEATURES), np.float32)
    found[..., :SAID] = (1 - share) * values[row, before] + share * values[row, after]
    found[..., AGE_AT] = np.minimum(np.where(mask, age, 0.0) / SPAN, 1.0)
    found[..., MASK_AT] = 1.0
    found[~mask] = 0.0
    return found.reshape(*shape, FEATURES)


class Past:
    """What one modality said in the last steps of the grid.

    Only sums by step are kept, so that neither the order of arrival nor how many answers there are
    matters; what is older than `STEPS` steps before the newest is forgotten.
    """

    def __init__(self) -> None:
        # step -> weight, weighted sum of the features, time of the newest answer
        self._steps: dict[int, tuple[float, Floats, float]] = {}

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, time: float, said: Floats, weight: float) -> None:
        """Take an answer: its time [s], features [SAID], and how much it counts (> 0)."""
        step = math.floor(time / STEP)
        total, sums, newest = self._steps.get(step, (0.0, np.zeros(SAID), -math.inf))
        self._steps[step] = (total + weight, sums + weight * said, max(newest, time))
        first = max(self._steps) - STEPS
        for old in [one for one in self._steps if one <= first]:
            del self._steps[old]

    def at(self, now: float, gap: float = math.inf) -> NDArray[np.float32]:
        """Return the steps that end at `now` [s], [STEPS, FEATURES]; see :func:`filled`.

        The newest answer from before the first step stands at the first step with its age.
        """
        present = max(now, max((time for _, _, time in self._steps.values()), default=now))
        first = math.floor(present / STEP) - STEPS + 1
        values, known = np.zeros((STEPS, SAID)), np.zeros(STEPS, bool)
        times = np.zeros(STEPS)
        for step in sorted(self._steps):
            weight, sums, time = self._steps[step]
            place = max(step - first, 0)
            values[place], known[place], times[place] = sums / weight, True, time
        ends = np.minimum((first + 1 + np.arange(STEPS)) * STEP, present)
        return filled(values, known, times, ends, gap)


def moment(
    states: ArrayLike, estimate: Estimate, quality: float, age: float
) -> NDArray[np.float32]:
    """Return the steps [STEPS, FEATURES] of one answer `age` seconds ago that still holds."""
    values, known = np.zeros((STEPS, SAID)), np.zeros(STEPS, bool)
    place = max(STEPS - 1 - int(age // STEP), 0)
    values[place] = said_of(states, class_evidence(estimate), quality)
    known[place] = True
    ends = np.array([(step - STEPS + 1) * STEP for step in range(STEPS)])
    return filled(values, known, np.full(STEPS, -float(age)), ends, math.inf)


def tensor(evidence: Sequence[Evidence], modalities: Sequence[str]) -> NDArray[np.float32]:
    """Return what is on the grid at one moment, [STEPS, modalities, FEATURES].

    A modality that is missing, or that says nothing, is all 0. Evidence without a past is one
    answer of its age.
    """
    found = np.zeros((STEPS, len(modalities), FEATURES), np.float32)
    for item in evidence:
        name = item.encoding.modality
        states = states_from(item.encoding.estimate)
        if name not in modalities or states is None:
            continue
        past = item.past
        if past is None:
            quality = min(max(item.encoding.estimate.quality, 0.0), 1.0)
            said = item.classes or item.encoding.estimate
            past = moment(states, said, quality, max(item.age, 0.0))
        found[:, modalities.index(name)] = past
    return found
