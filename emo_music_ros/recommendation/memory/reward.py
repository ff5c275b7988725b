"""The feedback increment Delta y of paper A, Eq. 10, from what happened while a track played.

The paper names the signals but not how they are joined. Here each gives a value -1..1, and the
reward is their mean, weighted by how plainly the signal speaks of this track:

=========== ====== ==================================================================
signal      weight value
=========== ====== ==================================================================
rating      3      as given, -1..1
emotion     2      way made towards the target, in half units of the circumplex
dwell       1      2 x share heard - 1; not if the system interrupted
skip        1      -1 if skipped
repeat      1      +1 if asked to be heard again
heart rate  1      change towards the arousal led to, in 10 beats per minute
=========== ====== ==================================================================

A signal that is missing says nothing; a pleasant mood that was kept says nothing either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from emo_music_ros.streams import Estimate

WEIGHTS = {"rating": 3.0, "emotion": 2.0, "dwell": 1.0, "skip": 1.0, "repeat": 1.0, "heart": 1.0}
#: Change of emotion that counts fully, distance from the target that counts as being there, and
#: change that is taken for noise.
EMOTION_SCALE, THERE, NOISE = 0.5, 0.35, 0.05
#: Change of heart rate that counts fully [beats per minute], and the difference between the
#: arousal of a person and that led to below which no direction is expected.
HEART_SCALE, DIRECTION = 10.0, 0.1


@dataclass(frozen=True)
class Reward:
    """Delta y, -1..1, and the signals it rests on; without any the value is 0 and means nothing."""

    value: float
    signals: dict[str, float]

    @property
    def known(self) -> bool:
        """Whether there was anything to judge by."""
        return bool(self.signals)


def emotion_signal(before: Estimate, after: Estimate, target: tuple[float, float]) -> float | None:
    """Return the way made towards a target (valence, arousal), -1..1, None if it is not known."""
    points = [(before.valence, before.arousal), (after.valence, after.arousal)]
    if not np.isfinite(points).all():
        return None
    away_before, away_after = (math.dist(point, target) for point in points)
    gain = away_before - away_after
    if abs(gain) < NOISE and away_before <= THERE:
        return None
    return float(np.clip(gain / EMOTION_SCALE, -1.0, 1.0))


def heart_signal(
    before: float, after: float, arousal: float, target_arousal: float
) -> float | None:
    """Return the change of heart rate in the direction led to, -1..1, None if not known."""
    wanted = target_arousal - arousal
    if not all(math.isfinite(value) for value in (before, after, wanted)):
        return None
    if abs(wanted) < DIRECTION:
        return None
    return float(np.clip(math.copysign(1.0, wanted) * (after - before) / HEART_SCALE, -1.0, 1.0))


def reward(
    *,
    dwell: float,
    skipped: bool,
    interrupted: bool,
    repeats: int,
    rating: float,
    before: Estimate,
    after: Estimate,
    heart_rate_before: float,
    heart_rate_after: float,
    target: tuple[float, float],
) -> Reward:
    """Join what is known about one listen.

    Parameters
    ----------
    dwell : float
        Share of the track that was heard, 0..1.
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
    """
    found: dict[str, float | None] = {
        "rating": float(np.clip(rating, -1, 1)) if math.isfinite(rating) else None,
        "emotion": emotion_signal(before, after, target),
        "dwell": None if interrupted or not math.isfinite(dwell) else 2 * min(max(dwell, 0), 1) - 1,
        "skip": -1.0 if skipped else None,
        "repeat": 1.0 if repeats > 0 else None,
        "heart": heart_signal(heart_rate_before, heart_rate_after, before.arousal, target[1]),
    }
    signals = {name: value for name, value in found.items() if value is not None}
    if not signals:
        return Reward(0.0, {})
    weight = sum(WEIGHTS[name] for name in signals)
    value = sum(WEIGHTS[name] * signal for name, signal in signals.items()) / weight
    return Reward(float(np.clip(value, -1.0, 1.0)), signals)
