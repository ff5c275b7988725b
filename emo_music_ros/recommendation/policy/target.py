# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From how a person feels to where the music should be (paper A, section 2.3).

The way follows the iso-principle of music therapy: meet the person's mood, then lead it in
small steps (Heiderscheit & Madson 2015). The numbers below are choices of this project within
the guard rails it documents, not findings of the papers.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import PAD, STATES
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Estimate

#: A point on (valence, arousal, dominance), -1..1.
Point = NDArray[np.float64]

#: Where to be when nothing is known: a little pleasant, rather quiet.
SAFE = np.array([0.25, -0.30, 0.05])
#: Where a state, or the goal of a session, leads to.
CALM = np.array([0.50, -0.40, 0.10])
GENTLY_POSITIVE = np.array([0.50, 0.20, 0.30])
POSITIVE = np.array([0.60, 0.30, 0.40])
GOALS = {"positive": POSITIVE, "calm": CALM}
#: A pleasant state is kept: (lowest, highest) valence and arousal it is kept at.
KEEP = {"positive": ((0.3, 0.8), (0.0, 0.6)), "calm": ((0.3, 0.8), (-0.6, 0.0))}

#: Scenario -> (shift, lowest, highest) of the arousal led to. A day-care centre wants people
#: awake together; in a group nobody should get an extreme that was meant for somebody else.
SCENARIOS = {"home": (0.0, -0.6, 0.6), "daycare": (0.1, -0.4, 0.6), "group": (0.0, -0.3, 0.3)}
#: (from hour, to hour, shift of the arousal led to, word).
TIMES = ((19.0, 22.0, -0.15, "evening"), (22.0, 24.0, -0.30, "night"), (0.0, 6.0, -0.30, "night"))

_REASONS = {
    "positive": "Seems in good spirits: music that keeps it so.",
    "calm": "Seems calm: quiet music that keeps it so.",
    "anxiety": "Seems tense: music that meets this mood and leads step by step to calm.",
    "depression": "Seems low: music that meets this mood and leads gently to something brighter.",
}
_GOAL_REASONS = {
    "positive": "The session leads step by step to a brighter mood.",
    "calm": "The session leads step by step to calm.",
}
_UNKNOWN_REASON = "It is not clear how the person feels: gentle, quiet music to be safe."


def place(state: str, estimate: Estimate) -> Point:
    """Return where a person is, -1..1; an unknown axis is that of the middle of the state."""
    centre = np.array([*STATE_CENTRES[STATES.index(state)], PAD[state][2]])
    measured = np.array([estimate.valence, estimate.arousal, estimate.dominance], float)
    return np.clip(np.where(np.isfinite(measured), measured, centre), -1.0, 1.0)


def time_of_day(hour: float) -> tuple[float, str]:
    """Return the shift of arousal at an hour of the day, 0..24, and the word for it."""
    for begin, end, shift, word in TIMES:
        if begin <= hour < end:
            return shift, word
    return 0.0, ""


def target(
    state: str,
    estimate: Estimate,
    goal: str = "",
    scenario: str = "home",
    hour: float = math.nan,
) -> Point:
    """Return where music leads a person to.

    Parameters
    ----------
    state : str
        One of emotion.STATES or ``unknown``.
    estimate : Estimate
        Where the person is.
    goal : str
        ``positive`` or ``calm`` overrides what the state asks for.
    scenario : str
        ``home``, ``daycare`` or ``group``.
    hour : float
        Local hour of the day, 0..24; NaN = does not matter.

    Returns
    -------
    ndarray
        Valence, arousal and dominance, -1..1.
    """
    if goal:
        point = GOALS[goal].copy()
    elif state in KEEP:
        point = place(state, estimate)
        point[:2] = [np.clip(value, *KEEP[state][axis]) for axis, value in enumerate(point[:2])]
    elif state == "anxiety":
        point = CALM.copy()
    elif state == "depression":
        point = GENTLY_POSITIVE.copy()
    else:
        point = SAFE.copy()
    shift, low, high = SCENARIOS[scenario]
    point[1] = np.clip(point[1] + shift, low, high) + time_of_day(hour)[0]
    return np.clip(point, -1.0, 1.0)


def meeting(state: str, estimate: Estimate, end: Point, floor: float = -0.3) -> Point:
    """Return where music meets a person before it leads them: near them, not in the depths.

    Parameters
    ----------
    state, estimate
        As for :func:`target`.
    end : ndarray
        Where it leads to; met nowhere lower than there.
    floor : float
        Lowest valence of the music: sadness is met, not deepened.
    """
    if state not in STATES:
        return end.copy()
    start = place(state, estimate)
    start[0] = max(start[0], min(floor, end[0]))
    return start


def reason(state: str, goal: str = "", hour: float = math.nan) -> str:
    """Return one sentence for carers about what music is asked for."""
    text = _GOAL_REASONS[goal] if goal else _REASONS.get(state, _UNKNOWN_REASON)
    word = time_of_day(hour)[1]
    return f"{text} Quieter than in the daytime, because it is {word}." if word else text
