# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Simulated people and a simulated library, drawn from what was fitted to SiTunes.

`models/listeners.md` says how it was fitted and on whom. What that corpus cannot tell is chosen
here: how people skip, tire of a piece and rate, and how they feel when a session begins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import how_to_have
from emo_music_ros.resources import share
from emo_music_ros.streams import FloatArray, Track

NAME = "listeners"
#: Rating from which nothing is disliked, and chance in a minute of skipping what is rated 1.
MIDDLE, SKIPS = 3.0, 0.3
#: Rating that one listen takes away from a piece, and days after which half of that is gone.
TIRED, RESTED = 0.2, 3.0
#: Chance in a minute of rating what plays, as in the other simulation; tracks of a library.
RATES, TRACKS = 0.1, 120
#: Middle of a scale 1..5 in units of -1..1.
SCALE = 2.0

Floats = NDArray[np.float64]


@lru_cache(maxsize=1)
def fitted(path: Path | None = None) -> dict[str, Any]:
    """Return what was fitted.

    Raises
    ------
    ModelError
        If the file is missing or damaged.
    """
    where = share("models") / f"{NAME}.json" if path is None else path
    try:
        found: dict[str, Any] = json.loads(where.read_text("utf-8"))
        for name in ("rating", "after", "before", "listen", "tracks"):
            found[name]
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{where} does not say how people listen: {error}", how_to_have(NAME, where.parent)
        ) from error


def library(seed: Sequence[int], count: int = TRACKS) -> list[Track]:
    """Return tracks whose genres and measures vary as those of SiTunes do; none of them exists.

    `features` are the measures about their middle, in units of their spread; valence and arousal
    are what the corpus has of valence and energy, brought to -1..1.
    """
    found = fitted()["tracks"]
    names = list(found["content"])
    rng = np.random.default_rng([*seed, 1])
    shares = np.array(found["shares"])
    kinds = rng.choice(len(shares), size=count, p=shares / shares.sum())
    means = np.array(found["means"])[kinds]
    content = means + rng.multivariate_normal(
        np.zeros(len(names)), np.array(found["covariance"]), size=count
    )
    content = np.clip(content, found["lowest"], found["highest"])
    values = content * np.array(found["spread"]) + np.array(found["middle"])

    def of(row: int, name: str) -> float:
        return float(values[row, names.index(name)])

    return [
        Track(
            f"simulated-{row:04d}",
            "",
            title=f"Piece {row}",
            genre=found["genres"][kinds[row]],
            duration=float(np.clip(of(row, "duration") / 1000, 90, 360)),
            tempo=of(row, "tempo"),
            energy=float(np.clip(of(row, "energy"), 0.0, 1.0)),
            valence=float(np.clip(2 * of(row, "valence") - 1, -1, 1)),
            arousal=float(np.clip(2 * of(row, "energy") - 1, -1, 1)),
            features=content[row].astype(np.float32),
        )
        for row in range(count)
    ]


@dataclass(frozen=True)
class Pieces:
    """What all people like in a library.

    Attributes
    ----------
    content : ndarray
        Measures in units of their spread [tracks, measures].
    base : ndarray
        Rating before anything about a person [tracks].
    places : ndarray
        Valence and energy, -1..1 [tracks, 2].
    """

    content: Floats
    base: Floats
    places: Floats


def pieces(tracks: Sequence[Track], seed: Sequence[int]) -> Pieces:
    """Return what all people like in a library."""
    model = fitted()["rating"]
    rng = np.random.default_rng([*seed, 2])
    places = np.array([[track.valence, track.arousal] for track in tracks], float)
    fixed = model["fixed"]
    base = fixed["all"] + places @ [fixed["valence"], fixed["energy"]]
    base = base + rng.normal(0, model["spreads"]["piece"], len(tracks))
    content = np.array([track.features for track in tracks], float)
    return Pieces(content, base, places)


class Person:
    """One simulated listener: likes, a mood, and what music does to both.

    Parameters
    ----------
    shelf : Pieces
        The library.
    rng : numpy.random.Generator
        Decides on who this is.
    indifferent : bool
        Likes all music equally well, for counting what is offered to such a person.

    Attributes
    ----------
    mood : ndarray
        True valence and arousal, -1..1.
    """

    def __init__(self, shelf: Pieces, rng: np.random.Generator, indifferent: bool = False) -> None:
        self._shelf = shelf
        found = fitted()
        self._after: Mapping[str, Any] = found["after"]
        self._listen = float(found["listen"])
        self._spreads = found["rating"]["spreads"]
        self._levels = np.array(
            [rng.normal(0, found["after"][axis]["spreads"]["person"]) for axis in _AXES]
        )
        before = found["before"]
        self._middle = np.array(
            [
                before[axis]["fixed"]["all"] + rng.normal(0, before[axis]["spreads"]["person"])
                for axis in _AXES
            ]
        )
        self._swing = np.array([before[axis]["spreads"]["moment"] for axis in _AXES])
        count, width = shelf.content.shape
        self._heard = np.zeros(count)
        self.mood = self._middle.copy()
        self._indifferent = indifferent
        self._level = float(rng.normal(0, self._spreads["person"]))
        self._taste = rng.normal(0, self._spreads["taste"] / np.sqrt(width), width)
        self._own = rng.normal(0, self._spreads["person piece"], count)
        self._fresh = self._worth()

    def _worth(self) -> Floats:
        """Return the rating expected of tracks that were not heard lately [tracks]."""
        if self._indifferent:
            return np.full(len(self._own), MIDDLE + 0.5)
        shelf = self._shelf
        return shelf.base + self._level + shelf.content @ self._taste + self._own

    def wake(self, rng: np.random.Generator, shift: Floats, days: float) -> None:
        """Begin a session `days` after the last one, in a mood that does not know of that."""
        self._heard *= 0.5 ** (days / RESTED)
        self.mood = np.clip(self._middle + shift + rng.normal(0, self._swing), -1, 1)

    def turn(self, rng: np.random.Generator) -> None:
        """Change the taste for its contrary, and what single pieces mean along with it."""
        self._taste = -self._taste
        self._own = rng.normal(0, self._spreads["person piece"], len(self._own))
        self._fresh = self._worth()

    def expected(self) -> FloatArray:
        """Return the rating expected of every track now, 1..5 [tracks]."""
        return np.clip(self._fresh - TIRED * self._heard, 1, 5)

    def expected_of(self, row: int) -> float:
        """Return the rating expected of one track now, 1..5."""
        return min(max(float(self._fresh[row] - TIRED * self._heard[row]), 1.0), 5.0)

    def rate(self, row: int, rng: np.random.Generator) -> float:
        """Return what a track is worth in this moment, 1..5."""
        noise = rng.normal(0, self._spreads["moment"])
        return float(np.clip(self.expected_of(row) + (0 if self._indifferent else noise), 1, 5))

    def patience(self, rating: float, rng: np.random.Generator) -> float:
        """Return after how long a track of that worth would be skipped [s]; inf = not at all."""
        hazard = SKIPS * max(MIDDLE - rating, 0.0) / (MIDDLE - 1.0)
        return float(60 * rng.exponential(1 / hazard)) if hazard > 0 else np.inf

    def listen(self, row: int, rating: float, seconds: float, rng: np.random.Generator) -> None:
        """Let the mood be moved by so many seconds of a track of that worth."""
        self._heard[row] += 1
        share = min(seconds / self._listen, 1.0)
        place = self._shelf.places[row]
        facts = {
            "all": 1.0,
            "before valence": self.mood[0],
            "before arousal": self.mood[1],
            "valence": place[0],
            "energy": place[1],
            "liking": rating - MIDDLE,
        }
        after = np.array(
            [
                sum(self._after[axis]["fixed"][name] * value for name, value in facts.items())
                for axis in _AXES
            ]
        )
        noise = np.array([self._after[axis]["spreads"]["moment"] for axis in _AXES])
        moved = share * (after + self._levels - self.mood)
        self.mood = np.clip(self.mood + moved + rng.normal(0, np.sqrt(share) * noise), -1, 1)


_AXES = ("valence", "arousal")
