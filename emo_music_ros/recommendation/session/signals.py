# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was seen of a person in the last minutes, and what of it can be relied on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Estimate

#: How long signals are kept [s].
KEPT = 120.0
#: Longest time one report of the emotion speaks for [s]: its source may have died. When evidence
#: is stale is decided in the fusion alone.
SILENCE = 5.0
#: Emotion and heart rate before and after a track are means over this long [s].
WINDOW = 10.0


class Signals:
    """The emotions and heart rates of one person, oldest first.

    Attributes
    ----------
    last_sign : float
        When somebody was last known to be there [s], -inf = never.
    sensed : bool
        Whether anything that senses people ever saw somebody.
    """

    def __init__(self) -> None:
        self.last_sign = -math.inf
        self.sensed = False
        self._emotions: deque[Emotion] = deque()
        self._hearts: deque[tuple[float, float]] = deque()
        self._heart_sum = 0.0
        self._heart_count = 0

    @property
    def newest(self) -> Emotion | None:
        """The newest emotion, however old."""
        return self._emotions[-1] if self._emotions else None

    def clear(self) -> None:
        """Forget what was seen of the person; when somebody was there last is kept."""
        self._emotions.clear()
        self._hearts.clear()
        self._heart_sum, self._heart_count = 0.0, 0

    def add_emotion(self, emotion: Emotion) -> bool:
        """Take an emotion; return False if it is older than one that is known."""
        newest = self.newest
        if not math.isfinite(emotion.time) or newest and emotion.time < newest.time:
            return False
        if emotion.present or emotion.state != UNKNOWN:
            self.sensed = True
            self.last_sign = max(self.last_sign, emotion.time)
        self._emotions.append(emotion)
        while self._emotions[0].time < emotion.time - KEPT:
            self._emotions.popleft()
        return True

    def add_heart_rate(self, time: float, bpm: float) -> bool:
        """Take a heart rate [beats per minute]; return False if it is no number."""
        if not (math.isfinite(time) and math.isfinite(bpm) and bpm > 0):
            return False
        self._hearts.append((time, bpm))
        self._heart_sum += bpm
        self._heart_count += 1
        while self._hearts[0][0] < time - KEPT:
            self._hearts.popleft()
        return True

    @property
    def usual_heart_rate(self) -> float:
        """Mean of all heart rates so far [beats per minute], NaN = none."""
        return self._heart_sum / self._heart_count if self._heart_count else math.nan

    def weighted(self, now: float, span: float) -> Iterator[tuple[float, Emotion]]:
        """Yield what was seen in the last `span` seconds with the time each held, newest first."""
        begin, end = now - span, now
        for emotion in reversed(self._emotions):
            if emotion.time > now:
                continue
            held = min(end, emotion.time + SILENCE) - max(emotion.time, begin)
            if held > 0:
                yield held, emotion
            end = emotion.time
            if emotion.time <= begin:
                return

    def settled(
        self, now: float, span: float, share: float, least: float = 0.0, coverage: float = 0.0
    ) -> Emotion:
        """Return the emotion that most of the last seconds agree on, else an unknown one.

        Its estimate is the mean of those of that state. Parameters as for :meth:`agreed`.
        """
        state, own = self.agreed(now, span, share, least, coverage)
        if state == UNKNOWN:
            return Emotion(math.nan, UNKNOWN, unknown(STATES), 1.0, (), "")
        return replace(own[0], estimate=mean_estimate(emotion.estimate for emotion in own))

    def agreed(
        self, now: float, span: float, share: float, least: float = 0.0, coverage: float = 0.0
    ) -> tuple[str, list[Emotion]]:
        """Return the state that most of the last seconds agree on and its emotions, newest first.

        A share of the time, not an unbroken row: one wrong estimate in ten says nothing.

        Parameters
        ----------
        now : float
            [s].
        span : float
            How far back to look [s].
        share : float
            Share of the time seen that the state has to hold, 0..1.
        least : float
            Least mean confidence of the state, 0..1.
        coverage : float
            Time that has to have been seen [s].
        """
        held: dict[str, float] = {}
        sure: dict[str, float] = {}
        seen = list(self.weighted(now, span))
        for time, emotion in seen:
            held[emotion.state] = held.get(emotion.state, 0.0) + time
            sure[emotion.state] = sure.get(emotion.state, 0.0) + time * emotion.estimate.confidence
        total = sum(held.values())
        if total < max(coverage, 1e-9):
            return UNKNOWN, []
        state = max(held, key=lambda name: held[name])
        if state == UNKNOWN or held[state] < share * total or sure[state] / held[state] < least:
            return UNKNOWN, []
        return state, [emotion for _, emotion in seen if emotion.state == state]

    def mean_emotion(self, end: float, begin: float = -math.inf) -> Estimate:
        """Return the mean of the known emotions of the last seconds before `end`.

        Its valence and arousal are medians: a few wrong estimates do not move them.
        """
        begin = max(begin, end - WINDOW)
        found = [
            emotion.estimate
            for emotion in self._emotions
            if begin <= emotion.time <= end and emotion.state != UNKNOWN
        ]
        mean = mean_estimate(found)
        if not found:
            return mean
        return replace(
            mean,
            valence=_median([each.valence for each in found]),
            arousal=_median([each.arousal for each in found]),
        )

    def mean_heart_rate(self, end: float, begin: float = -math.inf) -> float:
        """Return the mean heart rate of the last seconds before `end`, NaN = none."""
        begin = max(begin, end - WINDOW)
        rates = [bpm for time, bpm in self._hearts if begin <= time <= end]
        return float(np.mean(rates)) if rates else math.nan


def _median(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.median(finite)) if finite else math.nan


def arousal_of(emotion: Emotion) -> float:
    """Return the arousal of an emotion; that of the middle of its state if it is not known."""
    if math.isfinite(emotion.estimate.arousal) or emotion.state not in STATES:
        return emotion.estimate.arousal
    return float(STATE_CENTRES[STATES.index(emotion.state)][1])


def mean_estimate(estimates: Iterable[Estimate]) -> Estimate:
    """Return the mean of estimates over the four states; unknown if there are none."""
    found = list(estimates)
    if not found:
        return unknown(STATES)

    def mean(values: list[float]) -> float:
        finite = [value for value in values if math.isfinite(value)]
        return sum(finite) / len(finite) if finite else math.nan

    full = [each.probabilities for each in found if len(each.probabilities) == len(STATES)]
    return Estimate(
        STATES,
        np.mean(full, axis=0).astype(np.float32) if full else np.zeros(0, np.float32),
        mean([each.valence for each in found]),
        mean([each.arousal for each in found]),
        mean([each.dominance for each in found]),
        mean([each.confidence for each in found]),
        mean([each.quality for each in found]),
    )
