# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The way from how a person feels to where music leads them, over tracks that exist.

A path meets the person and goes on in small steps (iso-principle; a custom of music therapy, not
a proof: practice names one or two matching pieces, three or four between, one or two at the
goal). It starts anew when the state changes, from where the music is by then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.recommendation.policy.target import Point
from emo_music_ros.states import EDGE

#: Largest step of a path that turns to a new state, valence and arousal together.
TURN = 0.4
#: Most tracks of negative valence in one path.
MOST_NEGATIVE = 2
#: Tracks that answer a need, and the least number within reach that is enough of a choice.
CHOICE, FEW = 10, 6
#: How much further from the need than the nearest track taste may go, if it has that many.
TOLERANCE, LEAST = 0.25, 4
#: Largest change from one track to the next that is heard, where the library allows it.
REACH = 0.55


@dataclass(frozen=True)
class Path:
    """How far a person was led.

    `last` is the track heard before `proposed` was asked for, `previous` the need before that;
    `negative` counts the tracks of negative valence since the state changed. `turned` says
    whether this need turns to a new state, `moved` whether it is not where it was wanted because
    there is no track.
    """

    state: str
    last: str
    previous: Point | None
    proposed: Point
    negative: int = 0
    turned: bool = False
    moved: bool = False


def advance(
    path: Path | None,
    state: str,
    last: str,
    heard: Point | None,
    start: Point,
    end: Point,
    max_step: float,
) -> Path:
    """Return the path with the need of the next track.

    Parameters
    ----------
    path : Path or None
        The path so far; None = the program has just started.
    state : str
        The state answered now.
    last : str
        The track heard last, empty = none.
    heard : ndarray or None
        Where that track is.
    start, end : ndarray
        Where music meets the person and where it leads to.
    max_step : float
        Largest change of valence or arousal from one need to the next.
    """
    again = path is not None and path.last == last  # before anything was heard
    if path is not None and again:
        origin = path.previous
        negative = path.negative - int(path.proposed[0] < 0)
    elif path is not None:
        origin, negative = path.proposed, path.negative
    else:
        origin, negative = heard, 0
    turned = path is None or path.state != state or (again and path.turned)
    if origin is None:
        point = start + np.clip(end - start, -max_step, max_step)
    elif turned:
        away = start - origin
        length = float(np.hypot(*away[:2]))
        point = origin + away * min(1.0, TURN / max(length, 1e-9))
    else:
        point = origin + np.clip(end - origin, -max_step, max_step)
    if turned:
        negative = 0
    if state == "depression" and point[0] < 0 < point[1]:
        point[1] = -EDGE  # from low to bright leads not through anger
    if point[0] < EDGE and negative >= MOST_NEGATIVE:
        point = np.array([EDGE, *point[1:]])
    return Path(state, last, origin, point, negative + int(point[0] < 0), turned)


def snapped(path: Path, points: NDArray[np.float64], heard: Point | None) -> Path:
    """Return the path with its need in the quadrant of a track that it can go on with.

    A need for which there is no track would be answered by one of another mood, and one whose
    tracks are all far from what was heard last by a jump. In both cases the need moves into the
    quadrant of the nearest track there is; from there the path goes on.

    Parameters
    ----------
    path : Path
        Whose need is proposed.
    points : ndarray
        Where the tracks are that may be played now, [tracks, 3].
    heard : ndarray or None
        Where the track heard last is.
    """
    need = path.proposed
    if not len(points):
        return path
    missing = not in_quadrant(need, points).any()
    near = points if heard is None else points[within_reach(points, heard)]
    if len(near):
        points = near
    moved = need.copy()
    nearest = need
    if not in_quadrant(need, points).any():
        pleasant = points[points[:, 0] >= 0]
        points = pleasant if need[0] >= 0 and len(pleasant) else points
        nearest = points[int(np.argmin(np.hypot(*(points[:, :2] - need[:2]).T)))]
    for axis in (0, 1):
        sign = 1.0 if nearest[axis] >= 0 else -1.0
        moved[axis] = sign * max(moved[axis] * sign, EDGE)
    negative = path.negative - int(need[0] < 0) + int(moved[0] < 0)
    return replace(path, proposed=moved, negative=negative, moved=missing)


def in_quadrant(need: Point, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points [tracks, 3] are in the quadrant of a need."""
    valence, arousal = need[0] >= 0, need[1] >= 0
    return ((points[:, 0] >= 0) == valence) & ((points[:, 1] >= 0) == arousal)


def within_reach(points: NDArray[np.float64], heard: Point) -> NDArray[np.bool_]:
    """Return which points [tracks, 3] are no large change from the track heard last."""
    away: NDArray[np.float64] = np.hypot(*(points[:, :2] - heard[:2]).T)
    return away <= REACH


def fitting(
    need: Point,
    points: NDArray[np.float64],
    played: NDArray[np.intp],
    heard: Point | None,
    choice: int = CHOICE,
    tolerance: float = TOLERANCE,
) -> tuple[NDArray[np.intp], bool]:
    """Return the tracks that answer a need, nearest first, and whether any truly does.

    Need bounds the choice: only tracks of its quadrant are returned while there are any, of them
    the nearest within reach of the track heard last, and of these the ones not heard lately (or,
    when all were, the half that was heard longest ago).

    Parameters
    ----------
    need : ndarray
        What is asked for.
    points : ndarray
        Where the tracks are, [tracks, 3].
    played : ndarray
        When each track was heard, int [tracks]: 0 = not lately, larger = later.
    heard : ndarray or None
        Where the track heard last is.
    choice : int
        How many at most.
    tolerance : float
        How much further from the need than the nearest.
    """
    away = np.hypot(*(points[:, :2] - need[:2]).T)
    allowed = in_quadrant(need, points)
    answered = bool(allowed.any())
    if not answered:
        allowed = away <= away.min() + 0.1
    rows = np.flatnonzero(allowed)
    rows = rows[np.argsort(away[rows], kind="stable")]
    if heard is not None:
        near = rows[within_reach(points[rows], heard)]
        if len(near) >= FEW or (played[near] == 0).any():
            rows = near
    close = int((away[rows] <= away[rows[0]] + tolerance).sum())
    rows = rows[: min(max(close, LEAST), choice)]
    fresh = rows[played[rows] == 0]
    if len(fresh):
        rows = fresh
    elif len(rows) > 1:
        rows = rows[np.argsort(played[rows], kind="stable")][: (len(rows) + 1) // 2]
    order = rows[np.argsort(away[rows], kind="stable")]
    return order[:choice], answered
