# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The feedback increment Delta y of paper A, Eq. 10, from what happened while a track played.

The paper names the signals but not how they are joined. Here each gives a value -1..1, and the
reward is their mean, weighted by how plainly the signal speaks of this track:

=========== ====== ==================================================================
signal      weight value
=========== ====== ==================================================================
rating      3      as given, -1..1
emotion     2      way made towards the target, in half units of the circumplex
dwell       1      share heard against what this person usually hears
skip        1      -1 if skipped
repeat      1      +1 if asked to be heard again
heart       1      change towards the arousal led to; only where it is switched on
=========== ====== ==================================================================

A signal that is missing says nothing, and neither does a mood that was kept. While
nobody is there only what a person did counts: that a track came to its end is no applause.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emo_music_ros.recommendation.memory.heart_rate import heart_signal
from emo_music_ros.streams import Estimate

WEIGHTS = {"rating": 3.0, "emotion": 2.0, "dwell": 1.0, "skip": 1.0, "repeat": 1.0, "heart": 1.0}
#: Change of emotion that counts fully, and change that is taken for noise.
EMOTION_SCALE, NOISE = 0.5, 0.1
#: Listens that a habit rests on, and difference from it that is worth a word.
HABIT_LISTENS, UNUSUAL = 5, 0.1
#: Share of a listen in which somebody has to be there for it to say something.
LEAST_ATTENDED = 0.5


@dataclass(frozen=True)
class Reward:
    """Delta y, -1..1, and the signals it rests on; NaN if there are none."""

    value: float
    signals: dict[str, float]

    @property
    def known(self) -> bool:
        """Whether there was anything to judge by."""
        return bool(self.signals)


def combine(signals: Mapping[str, float]) -> float:
    """Return the weighted mean of signals, -1..1, NaN if there are none."""
    if not signals:
        return math.nan
    weight = sum(WEIGHTS[name] for name in signals)
    value = sum(WEIGHTS[name] * signal for name, signal in signals.items()) / weight
    return float(np.clip(value, -1.0, 1.0))


def emotion_signal(before: Estimate, after: Estimate, target: tuple[float, float]) -> float | None:
    """Return the way made towards a target (valence, arousal), -1..1, None if it is not known."""
    points = [(before.valence, before.arousal), (after.valence, after.arousal)]
    if not np.isfinite(points).all():
        return None
    away_before, away_after = (math.dist(point, target) for point in points)
    gain = away_before - away_after
    if abs(gain) < NOISE:
        return None  # no sign of the person, whatever played
    return float(np.clip(gain / EMOTION_SCALE, -1.0, 1.0))


def dwell_signal(dwell: float, usual: float, listens: int) -> float | None:
    """Return the share of a track that was heard against a person's habit, -1..1.

    Parameters
    ----------
    dwell : float
        Share heard, 0..1, NaN = not known.
    usual : float
        Mean share this person hears.
    listens : int
        How many listens that mean rests on; with few there is no habit and the answer is None.
    """
    if not math.isfinite(dwell) or listens < HABIT_LISTENS:
        return None
    difference = min(max(dwell, 0.0), 1.0) - usual
    if abs(difference) < UNUSUAL:
        return None
    room = max(usual, 1.0 - usual)
    return float(np.clip(difference / room, -1.0, 1.0))


def reward(
    *,
    dwell: float,
    usual_dwell: tuple[float, int],
    attended: float,
    skipped: bool,
    interrupted: bool,
    repeats: int,
    rating: float,
    before: Estimate,
    after: Estimate,
    heart_rate_before: float,
    heart_rate_after: float,
    target: tuple[float, float],
    heart: bool = False,
) -> Reward:
    """Join what is known about one listen.

    Parameters
    ----------
    dwell : float
        Share of the track that was heard, 0..1.
    usual_dwell : tuple
        (mean share this person hears, number of listens it rests on).
    attended : float
        Share of the listen in which somebody was there, 0..1.
    skipped, interrupted : bool
        The person asked for another track; the system replaced it.
    repeats : int
        Times the person asked to hear it again.
    rating : float
        -1..1, NaN = not rated.
    before, after : Estimate
        How the person felt when it began and ended.
    heart_rate_before, heart_rate_after : float
        [beats per minute], NaN = not known.
    target : tuple
        (valence, arousal) the person was led to.
    heart : bool
        Whether the heart rate earns a reward. In older people music hardly moves it, and
        illness and drugs do, hence not by default.
    """
    there = attended >= LEAST_ATTENDED
    found: dict[str, float | None] = {
        "rating": float(np.clip(rating, -1, 1)) if math.isfinite(rating) else None,
        "emotion": emotion_signal(before, after, target) if there else None,
        "dwell": dwell_signal(dwell, *usual_dwell) if there and not interrupted else None,
        "skip": -1.0 if skipped else None,
        "repeat": 1.0 if repeats > 0 else None,
        "heart": heart_signal(heart_rate_before, heart_rate_after, before.arousal, target[1])
        if there and heart
        else None,
    }
    signals = {name: value for name, value in found.items() if value is not None}
    return Reward(combine(signals), signals)
