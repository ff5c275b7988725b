# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The listeners that the loop is judged with."""

from __future__ import annotations

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.simulation.listener import Character, Episode

#: Kinds of listeners; a run has as many of each.
KINDS = (
    "ordinary",
    "unchanging",
    "opposite",
    "drifting",
    "changing",
    "distressed",
    "sad",
    "nobody",
)
#: When the mood of somebody changes or distress begins [s].
EARLIEST, LATEST = 240.0, 840.0
FOREVER = 1e9


def character(kind: str, features: int, rng: np.random.Generator) -> Character:
    """Return a listener of a kind.

    ========== ==================================================================
    kind       what they do
    ========== ==================================================================
    ordinary   moods drift, music moves them, a taste of their own
    unchanging anxious and stays so; never skips
    opposite   likes music that is the contrary of what they need
    drifting   the taste turns by a right angle in an hour
    changing   from one state to another at one moment, for good
    distressed quiet (calm or low), then anxious and agitated
    sad        low all the time, never distressed
    nobody     an empty room
    ========== ==================================================================

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    features : int
        Length of the content vectors of the library.
    rng : numpy.random.Generator
        Decides on the rest.
    """
    taste = rng.normal(size=features)
    taste /= max(float(np.linalg.norm(taste)), 1e-9)
    when = float(rng.uniform(EARLIEST, LATEST))
    start = str(rng.choice(STATES))
    if kind == "ordinary":
        return Character(start, float(rng.uniform(0.3, 0.9)), taste)
    if kind == "unchanging":
        return _held("anxiety")
    if kind == "opposite":
        return Character("anxiety", 0.6, taste, skips=0.6, rates=0.4)
    if kind == "drifting":
        return Character(start, 0.6, taste, drift=float(np.pi / 2))
    if kind == "changing":
        before = str(rng.choice(("positive", "calm", "depression")))
        after = str(rng.choice([state for state in STATES if state != before]))
        return _held(before, when, after)
    if kind == "distressed":
        before = str(rng.choice(("calm", "depression")))
        return _held(before, when, "anxiety")
    if kind == "sad":
        return _held("depression")
    if kind == "nobody":
        return Character(start, 0.0, skips=0.0, rates=0.0, present=False)
    raise ValueError(kind)


def _held(state: str, when: float = FOREVER, after: str = "") -> Character:
    """Return somebody whom music does not move: one state, from `when` on [s] another."""
    episodes = [Episode(0.0, when, state)]
    if after:
        episodes.append(Episode(when, FOREVER, after))
    return Character(state, 0.0, skips=0.0, rates=0.0, episodes=tuple(episodes))


def changes(who: Character) -> tuple[float, str, str] | None:
    """Return when a listener's mood changes for good [s], from what and to what."""
    if len(who.episodes) != 2:
        return None
    first, second = who.episodes
    return second.begin, first.state, second.state
