# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What we recognise in the words of ``hri_msgs/Expression``, and nothing where nothing is known."""

from __future__ import annotations

import math
from typing import NamedTuple

from emo_music_ros.emotion import GOEMOTIONS_EKMAN, UNKNOWN, knows
from emo_music_ros.streams import Emotion, Estimate

#: Word of our vocabularies -> nearest constant of Expression. Calm has none; no activation and no
#: distress is what `neutral` says. Tendencies to anxiety and depression look like fear and sadness.
WORDS = {
    "neutral": "neutral",
    "calm": "neutral",
    "relaxed": "neutral",
    "relief": "neutral",
    "happiness": "happy",
    "happy": "happy",
    "positive": "happy",
    "excitement": "excited",
    "sadness": "sad",
    "sad": "sad",
    "depression": "sad",
    "negative": "sad",
    "disappointment": "disappointed",
    "embarrassment": "embarrassed",
    "remorse": "guilty",
    "grief": "despaired",
    "anger": "angry",
    "angry": "angry",
    "annoyance": "annoyed",
    "contempt": "annoyed",  # as ROS4HRI's own nodes have it
    "disgust": "disgusted",
    "fear": "scared",
    "anxiety": "scared",
    "stress": "scared",
    "surprise": "surprised",
    "confusion": "confused",
    "boredom": "bored",
}
#: The rest of the 28 labels of GoEmotions have the word of their group.
WORDS |= {
    label: WORDS[group]
    for group, labels in GOEMOTIONS_EKMAN.items()
    for label in labels
    if label not in WORDS
}


class Expressed(NamedTuple):
    """The values of an Expression.

    `word` is one of its constants, empty where we have none; valence and arousal are -1..1, NaN =
    unknown; confidence is 0..1.
    """

    word: str
    valence: float
    arousal: float
    confidence: float


#: Takes back what was said before: nothing is known any more.
NOTHING = Expressed("", math.nan, math.nan, 0.0)


def expressed(estimate: Estimate) -> Expressed | None:
    """Return what an estimate says, None if it says nothing: the message has no "unknown"."""
    word = ""
    if len(estimate.probabilities):
        if not knows(estimate):
            return None
        best = max(range(len(estimate.labels)), key=lambda row: estimate.probabilities[row])
        word = WORDS.get(estimate.labels[best].lower(), "")
    return _said(word, estimate)


def expressed_state(emotion: Emotion) -> Expressed | None:
    """Return what a fused emotion says, None if the state is unknown."""
    if emotion.state == UNKNOWN:
        return None
    return _said(WORDS[emotion.state], emotion.estimate)


def _said(word: str, estimate: Estimate) -> Expressed | None:
    if not word and math.isnan(estimate.valence) and math.isnan(estimate.arousal):
        return None
    return Expressed(word, estimate.valence, estimate.arousal, estimate.confidence)
