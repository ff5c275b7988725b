# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Heart rate around a listen: the coefficients of paper E and a cautious reward signal."""

from __future__ import annotations

import math

import numpy as np

#: Heart rates of people at rest and agitated [beats per minute]; others are faults of a sensor.
PLAUSIBLE = (35.0, 180.0)
#: Largest change over one track that music can account for [beats per minute].
LARGEST_CHANGE = 25.0
#: Change that counts fully [beats per minute], and the difference between the arousal of a person
#: and that led to below which no direction is expected.
SCALE, DIRECTION = 10.0, 0.1
#: Rationality above which paper E takes a heart rate as an answer to emotion.
LEAST_RATIONALITY = 0.1


def rationality(agitated: float, mean: float) -> float:
    """Return epsilon of paper E, Eq. 8: (beta - m) / m; NaN if a rate is not plausible.

    Differs from the paper in that `agitated` need not be anger: it is the rate before the music.

    Parameters
    ----------
    agitated : float
        beta, heart rate before the music [beats per minute].
    mean : float
        m, the person's daily mean [beats per minute].
    """
    if not (_plausible(agitated) and _plausible(mean)):
        return math.nan
    return (agitated - mean) / mean


def variation(after: float, agitated: float, mean: float) -> float:
    """Return mu of paper E, Eq. 9: |alpha - beta| / beta; NaN where it is not valid.

    The paper's check of validity is part of it: epsilon must be above 0.1, or the heart did not
    answer to the emotion and its change says nothing.

    Parameters
    ----------
    after : float
        alpha, heart rate after the music [beats per minute].
    agitated : float
        beta, heart rate before the music [beats per minute].
    mean : float
        m, the person's daily mean [beats per minute].
    """
    if not _plausible(after) or not rationality(agitated, mean) > LEAST_RATIONALITY:
        return math.nan
    return abs(after - agitated) / agitated


def heart_signal(
    before: float, after: float, arousal: float, target_arousal: float
) -> float | None:
    """Return the change of heart rate in the direction led to, -1..1, None if it says nothing.

    A change that music cannot account for (illness, exercise, a loose band) is no reward.
    """
    wanted = target_arousal - arousal
    if not (_plausible(before) and _plausible(after) and math.isfinite(wanted)):
        return None
    change = after - before
    if abs(wanted) < DIRECTION or abs(change) > LARGEST_CHANGE:
        return None
    return float(np.clip(math.copysign(1.0, wanted) * change / SCALE, -1.0, 1.0))


def _plausible(rate: float) -> bool:
    return PLAUSIBLE[0] <= rate <= PLAUSIBLE[1]
