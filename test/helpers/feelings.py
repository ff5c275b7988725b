# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Emotions that tests are made of; pytest finds this folder (pythonpath in pyproject.toml)."""

from __future__ import annotations

import math

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.streams import Emotion, Estimate

NAN = math.nan


def feels(valence=0.0, arousal=0.0, dominance=0.0, confidence=0.8, quality=1.0, row=None):
    """Return an estimate with these axes, -1..1, and probabilities [4]."""
    row = np.zeros(0) if row is None else np.array(row, float)
    return Estimate(STATES, row, valence, arousal, dominance, confidence, quality)


def emotion(time, state="calm", present=True, **axes):
    """Return an emotion of anna."""
    estimate = unknown(STATES) if state == UNKNOWN else feels(**axes)
    return Emotion(time, state, estimate, 0.2, (), "", "anna", present)


def anxious(time, anxiety=None, arousal=0.0, state="calm", confidence=0.8):
    """Return an emotion of anna with a probability of anxiety, or a bare verdict."""
    row = None
    if anxiety is not None:
        row = np.full(4, (1 - anxiety) / 3)
        row[STATES.index("anxiety")] = anxiety
    estimate = feels(arousal=arousal, confidence=confidence, row=row)
    return Emotion(time, state, estimate, 0.2, (), "", "anna", True)


def signals(*emotions):
    """Return signals that have seen these emotions."""
    made = Signals()
    for each in emotions:
        made.add_emotion(each)
    return made
