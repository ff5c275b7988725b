# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Distress: anxiety with more arousal than is usual for this person.

It is measured against the person's own slow baseline, not against the moment a track began, so
that it is seen wherever in a track it begins. Sadness is no distress: it changes the music.

What counts is the probability of anxiety, where the fusion gives one, and not only the state that
came out on top: evidence of a minute says more than sixty single verdicts.
"""

from __future__ import annotations

import math

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.session.signals import SILENCE, Signals, arousal_of
from emo_music_ros.streams import Emotion

#: The baseline is the mean over about this long [s], once this much was seen [s].
SLOW, FIRST = 600.0, 20.0
#: Mean probability of anxiety in the window, and how far it has to be above the baseline. All these
#: limits are chosen with simulated listeners whose answers were recorded, none of them of
#: docs/simulation.md. They go with the scale of the evidence (`states.states_from`): three words
#: name anxiety and one sadness, so that a larger part of that prior divided out makes anxiety less
#: probable everywhere.
PROBABLE, ABOVE = 0.29, 0.09
#: Rise of that probability which counts by itself, where arousal is not below the baseline: joy is
#: as lively as fright, so that the arousal of somebody cheerful cannot rise.
MUCH, LEVEL = 0.23, -0.05
#: Power that sharpens the probabilities of the log pool, which is less sure than it is right; how
#: far the mean of sharpened anxiety has to be above its baseline, or how high it has to be. This
#: tells fright from somebody sad who is read a little anxious for a minute.
SHARP, RISEN, SURE = 3.0, 0.28, 0.7
#: Probability that stands for a bare verdict, of anxiety and of another state. None counts for
#: more: half a minute of fright has to be seen, however sure.
VERDICT, OTHER = 0.45, 0.05
#: Rise that counts by itself in somebody who is always anxious, in units of the ordinary one.
STEEP = 4 / 3
#: Share of the window that has to be seen, and how often it is looked for [s].
SEEN, EVERY = 0.6, 0.75

_ANXIETY = STATES.index("anxiety")


class Distress:
    """Follows arousal and anxiety of one person.

    Attributes
    ----------
    baseline : float
        The person's usual arousal, -1..1, NaN = not known yet.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the person."""
        self._arousal = self._anxiety = self._sharp = self._weight = self._seen = 0.0
        self._last = math.nan
        self._looked = self._since = -math.inf

    def begin_anew(self, time: float) -> None:
        """Look only at what follows `time`: music begun in spite of distress gets its time."""
        self._since = time

    @property
    def baseline(self) -> float:
        """The person's usual arousal, -1..1, NaN = not known yet."""
        return self._arousal / self._weight if self._seen >= FIRST else math.nan

    def add(self, emotion: Emotion) -> None:
        """Take the newest emotion."""
        elapsed = min(emotion.time - self._last, SILENCE) if math.isfinite(self._last) else 0.0
        self._last = emotion.time
        arousal, anxiety = arousal_of(emotion), anxiety_of(emotion)
        if elapsed <= 0 or not (math.isfinite(arousal) and math.isfinite(anxiety)):
            return
        keep = math.exp(-elapsed / SLOW)
        self._arousal = keep * self._arousal + elapsed * arousal
        self._anxiety = keep * self._anxiety + elapsed * anxiety
        self._sharp = keep * self._sharp + elapsed * sharpened(emotion)
        self._weight = keep * self._weight + elapsed
        self._seen += elapsed

    def lasts(self, signals: Signals, now: float, span: float, rise: float) -> bool:
        """Return whether the person has been distressed for most of the last `span` seconds.

        Parameters
        ----------
        signals : Signals
            What was seen of the person.
        now, span : float
            [s].
        rise : float
            Arousal above the baseline, 0..2.
        """
        if now - self._looked < EVERY:
            return False
        self._looked = now
        newest = signals.newest
        if self._seen < FIRST or newest is None or now - newest.time > SILENCE:
            return False
        seen = anxious = aroused = sharp = 0.0
        for held, emotion in signals.weighted(now, min(span, now - self._since)):
            arousal, anxiety = arousal_of(emotion), anxiety_of(emotion)
            if math.isfinite(arousal) and math.isfinite(anxiety):
                seen += held
                anxious += held * anxiety
                aroused += held * anxiety * arousal
                sharp += held * sharpened(emotion)
        if seen < SEEN * span or anxious / seen < PROBABLE:
            return False
        above = aroused / anxious - self._arousal / self._weight
        more = anxious / seen - self._anxiety / self._weight
        frightened = more >= MUCH and above >= LEVEL
        distinct = sharp / seen >= min(self._sharp / self._weight + RISEN, SURE)
        anew = frightened or (more >= ABOVE and above >= rise)
        return (anew and distinct) or above >= STEEP * rise


def anxiety_of(emotion: Emotion) -> float:
    """Return the probability of anxiety, 0..`VERDICT`; NaN if nothing is known."""
    probabilities = emotion.estimate.probabilities
    if len(probabilities) == len(STATES):
        return min(float(probabilities[_ANXIETY]), VERDICT)
    if emotion.state == UNKNOWN:
        return math.nan
    return VERDICT if emotion.state == "anxiety" else OTHER


def sharpened(emotion: Emotion) -> float:
    """Return the sharpened probability of anxiety, 0..1; 1 or 0 for a bare verdict."""
    probabilities = emotion.estimate.probabilities
    if len(probabilities) != len(STATES):
        return float(emotion.state == "anxiety")
    powers = [float(one) ** SHARP for one in probabilities]
    return powers[_ANXIETY] / sum(powers)
