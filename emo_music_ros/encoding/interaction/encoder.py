# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people do with the player, as weak evidence of engagement and liking.

Behaviour frequency, response latency and preference vector are the features of paper A, table 2,
with its cleaning of outliers: an act that comes twice at once is one, and what is done long after a
track began is no response to it. No corpus of such logs with felt emotions exists, so nothing is
trained here: the estimate is a closed formula whose constants are stated below, and its confidence
is bounded accordingly.
"""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emo_music_ros.emotion import unknown
from emo_music_ros.options import option
from emo_music_ros.streams import (
    ACTS,
    REPORTS,
    Encoding,
    Estimate,
    FloatArray,
    Interaction,
    Sample,
)

LABELS = ("liking", "disliking")
#: What an act says about liking, -1..1. A rating says its own value; a skip counts more the
#: earlier it comes; hearing a track to its end may only be politeness.
LIKING = {"repeat": 1.0, "select": 0.3, "track_finished": 0.3, "next": -1.0, "stop": -0.3}
#: Pieces of evidence that weigh as much as the assumption that nothing is liked or disliked.
PRIOR = 2.0
#: The same act within this time is the bounce of a button [s].
BOUNCE = 0.3
#: From this time after the beginning of a track on, an act is no response to it [s].
LATEST_RESPONSE = 600.0
#: Length of the preference vector.
PREFERENCES = 8
#: Largest valence: liking the music is not being happy.
LARGEST_VALENCE = 0.6
#: Acts a minute at which engagement counts as half.
HALF_ENGAGED = 1.0
FEATURES = (
    "behaviour_frequency",
    "response_latency",
    "dwell_share",
    "skip_rate",
    "repeats",
    "mean_rating",
    "liking",
    "engagement",
)
#: What a feature is divided by in the embedding, before it is bounded to -1..1.
SCALES = (10.0, 120.0, 1.0, 1.0, 5.0, 1.0, 1.0, 1.0)


def preference_vector(preferences: Mapping[str, float]) -> FloatArray:
    """Return the liking of tracks as a vector [8], -1..1, whatever the tracks are.

    Feature hashing (Weinberger et al. 2009): a track adds its liking, with the sign of its hash,
    to the place its hash names, so that the vectors of two histories are alike where the same
    tracks are liked. Divided by the number of tracks in the place.

    Parameters
    ----------
    preferences : mapping of str to float
        Track -> liking, -1..1.
    """
    total, count = np.zeros(PREFERENCES), np.zeros(PREFERENCES)
    for track, liking in preferences.items():
        code = zlib.crc32(track.encode())
        place = code % PREFERENCES
        total[place] += liking if code >> 31 else -liking
        count[place] += 1
    return total / np.maximum(count, 1)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Act:
    time: float
    action: str
    track: str
    rating: float  # NaN = none
    dwell: float  # share of the track heard, NaN = not the end of one
    latency: float  # since the track started [s], NaN = not the first act in it

    @property
    def liking(self) -> float:
        """What it says about liking, -1..1; NaN = nothing."""
        if self.action == "rate":
            return self.rating
        if self.action == "next":
            return LIKING["next"] * (1.0 - self.dwell)
        return LIKING.get(self.action, float("nan"))


class InteractionEncoder:
    """Behaviour with the player over the last minutes; one encoding for each event.

    Acts are forgotten exponentially. Valence is the mean liking of the acts, shrunk towards 0
    while they are few; arousal and dominance stay unknown. The labels ``liking`` and
    ``disliking`` are no emotions, so that others read the circumplex instead.

    Features: behaviour_frequency [acts/min], response_latency [s] from the start of a track
    to the first act in it, dwell_share 0..1, skip_rate 0..1 (of the tracks that ended), repeats
    (remembered), mean_rating -1..1, liking -1..1, engagement 0..1; NaN = nothing to say. The
    embedding [16] holds them, scaled to -1..1 and 0 for NaN, and the :func:`preference_vector`.

    Parameters
    ----------
    options : InteractionEncoder.Options
        What can be set.

    Attributes
    ----------
    version : str
        Version of the formula.
    """

    modality: ClassVar[str] = "interaction"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        memory: float = option(
            600.0, "time after which an act counts for a third [s]", low=30.0, high=86400.0
        )
        typical_duration: float = option(
            120.0, "length assumed for a track never heard to its end [s]", low=10.0, high=3600.0
        )
        largest_confidence: float = option(
            0.3, "confidence of the estimate at best, 0..1", low=0.0, high=0.5
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or InteractionEncoder.Options()
        self.version = "2.0.0"
        self.reset()

    def reset(self) -> None:
        """Forget everything that was done."""
        self._acts: deque[_Act] = deque()
        self._durations: dict[str, float] = {}
        self._track_started = float("nan")
        self._began = float("nan")
        self._newest = -math.inf
        self._person = ""

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next event and return what it makes of the last minutes."""
        if not isinstance(sample, Interaction) or not math.isfinite(sample.time):
            return []
        if sample.action not in ACTS | REPORTS:
            return []
        if sample.person_id and self._person and sample.person_id != self._person:
            self.reset()
        self._person = sample.person_id or self._person
        if self._bounces(sample):
            return []
        self._newest = max(self._newest, sample.time)
        if math.isnan(self._began):
            self._began = sample.time
        self._acts.append(self._act(sample))
        while self._acts and self._acts[0].time < self._newest - 5 * self.options.memory:
            self._acts.popleft()
        return [self._encode(sample)]

    def preferences(self) -> dict[str, float]:
        """Return the liking of each track that acts said something about, -1..1.

        The mean over the acts, shrunk towards 0 while they are few.
        """
        total: dict[str, tuple[float, float]] = {}
        for act, weight in zip(self._acts, self._weights(), strict=True):
            if act.track and math.isfinite(act.liking):
                liking, evidence = total.get(act.track, (0.0, 0.0))
                total[act.track] = (liking + weight * act.liking, evidence + weight)
        return {track: liking / (evidence + PRIOR) for track, (liking, evidence) in total.items()}

    def _bounces(self, sample: Interaction) -> bool:
        last = self._acts[-1] if self._acts else None
        return (
            last is not None
            and (last.action, last.track) == (sample.action, sample.track_id)
            and 0 <= sample.time - last.time < BOUNCE
        )

    def _weights(self) -> FloatArray:
        """Return how much each act still counts, 0..1."""
        ages = [self._newest - min(act.time, self._newest) for act in self._acts]
        return np.exp(-np.array(ages) / self.options.memory)

    def _act(self, sample: Interaction) -> _Act:
        position = sample.position if math.isfinite(sample.position) else 0.0
        position = max(position, 0.0)
        dwell = latency = float("nan")
        if sample.action == "track_started":
            self._track_started = sample.time
        elif sample.action == "track_finished":
            dwell = 1.0
            if position > 0:
                self._durations[sample.track_id] = position
        elif sample.action == "next":
            duration = self._durations.get(sample.track_id, self.options.typical_duration)
            dwell = min(1.0, position / duration)
        if sample.action not in REPORTS and not math.isnan(self._track_started):
            waited = max(0.0, sample.time - self._track_started)
            latency = waited if waited < LATEST_RESPONSE else latency
            self._track_started = float("nan")
        rated = sample.action == "rate" and math.isfinite(sample.value)
        rating = float(np.clip(sample.value, -1.0, 1.0)) if rated else float("nan")
        return _Act(sample.time, sample.action, sample.track_id, rating, dwell, latency)

    def _encode(self, sample: Interaction) -> Encoding:
        memory = self.options.memory
        acts = list(self._acts)
        weight = self._weights()

        def mean(values: list[float], prior: float = 0.0) -> tuple[float, float]:
            """Return the weighted mean of what is not NaN and its total weight."""
            table = np.array(values, float)
            known = np.isfinite(table)
            total = float(weight[known].sum())
            if total <= 0:
                return float("nan"), 0.0
            return float(weight[known] @ table[known]) / (total + prior), total

        ends = [act.action in ("next", "track_finished") for act in acts]
        liking, evidence = mean([act.liking for act in acts], PRIOR)
        by_person = np.array([act.action not in REPORTS for act in acts])
        # A memory that has not filled yet spans less than its time constant.
        filled = memory * -math.expm1(-(self._newest - self._began + 1.0) / memory)
        frequency = 60.0 * float(weight[by_person].sum()) / max(filled, 60.0)
        features = {
            "behaviour_frequency": frequency,
            "response_latency": mean([act.latency for act in acts])[0],
            "dwell_share": mean([act.dwell for act in acts])[0],
            "skip_rate": mean(
                [
                    float(act.action == "next") if end else float("nan")
                    for act, end in zip(acts, ends)
                ]
            )[0],
            "repeats": float(sum(w for w, act in zip(weight, acts) if act.action == "repeat")),
            "mean_rating": mean([act.rating for act in acts])[0],
            "liking": liking,
            "engagement": frequency / (frequency + HALF_ENGAGED),
        }
        estimate = unknown(LABELS)
        if evidence > 0:
            estimate = Estimate(
                LABELS,
                np.array([0.5 + liking / 2, 0.5 - liking / 2], np.float32),
                float(np.clip(liking, -LARGEST_VALENCE, LARGEST_VALENCE)),
                float("nan"),
                float("nan"),
                self.options.largest_confidence * evidence / (evidence + PRIOR),
            )
        scaled = np.array([features[name] for name in FEATURES]) / SCALES
        return Encoding(
            self.modality,
            self._newest,
            max(self._began, self._newest - memory),
            estimate,
            np.concatenate(
                [
                    np.nan_to_num(np.clip(scaled, -1.0, 1.0)),
                    preference_vector(self.preferences()),
                ]
            ).astype(np.float32),
            features,
            sample.source,
            sample.person_id,
        )
