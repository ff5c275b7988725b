# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may happen to moments before they are fused: lost, late, frozen, noise, another mood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from emo_music_ros.training.fusion.network import Moments
from emo_music_ros.training.fusion.stitching import MODALITIES

#: moments -> what is fused of them.
Change = Callable[[Moments], Moments]
#: Ages that are tried [s].
AGES = (5.0, 14.0, 30.0)


def lost(place: int, moments: Moments) -> Moments:
    """Return moments without one modality."""
    present = np.ones_like(moments.present)
    present[:, place] = 0.0
    return moments.without(present)


def only(place: int, moments: Moments) -> Moments:
    """Return moments with one modality alone."""
    return moments.without(np.eye(moments.present.shape[1])[[place] * len(moments)])


def aged(place: int, age: float, moments: Moments) -> Moments:
    """Return moments in which what one modality said is `age` seconds old, and still true."""
    ages = moments.age.copy()
    ages[:, place] = age
    return replace(moments, age=ages)


def late(age: float, moments: Moments) -> Moments:
    """Return moments in which all was said `age` seconds ago, and is still true."""
    return replace(moments, age=moments.age + np.float32(age))


def another(place: int, moments: Moments) -> Moments:
    """Return moments in which one modality is of another moment's emotion: frozen, or noise."""
    moved = np.random.default_rng(place).permutation(len(moments))
    evidence, rows = moments.evidence.copy(), moments.rows
    evidence[:, place] = evidence[moved, place]
    if rows is not None:
        rows = rows.copy()
        rows[:, place] = rows[moved, place]
    return replace(moments, evidence=evidence, rows=rows)


CHANGES: dict[str, Change] = {
    **{f"{name} lost": partial(lost, place) for place, name in enumerate(MODALITIES)},
    **{f"{name} alone": partial(only, place) for place, name in enumerate(MODALITIES)},
    **{
        f"{name} of another emotion": partial(another, place)
        for place, name in enumerate(MODALITIES)
    },
    "all 2 s old": partial(late, 2.0),
    **{f"speech {age:g} s old": partial(aged, MODALITIES.index("speech"), age) for age in AGES},
    **{f"text {age:g} s old": partial(aged, MODALITIES.index("text"), age) for age in AGES[-1:]},
}
#: What the answers under a condition depend on.
CODE = (lost, only, aged, late, another)
