# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a face alone is read as, from recorded answers to faces nobody trained on."""

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import Timeline
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.streams import Encoding

#: Pictures of four seconds, two a second.
PICTURES = 8
EPISODES = 200


@pytest.fixture(scope="module")
def shares():
    """Return how often each state is read of pictures of one expression, by expression."""
    answers, draw = Answers(), np.random.default_rng(0)
    found = {}
    for label in ("sadness", "neutral", "fear", "happiness"):
        counts = dict.fromkeys((*STATES, UNKNOWN), 0)
        for _ in range(EPISODES):
            line = Timeline(LogPoolFusion(), "weighted")
            for tick in range(PICTURES):
                time = 100.0 + tick / 2
                said = answers.draw("face", label, draw)
                line.add(Encoding("face", time, time, said, np.empty(0, np.float32)))
            counts[line.step(time).state] += 1
        found[label] = {state: count / EPISODES for state, count in counts.items()}
    return found


def test_a_sad_face_is_depression(shares):
    assert shares["sadness"]["depression"] >= 0.75


def test_a_neutral_face_is_calm_or_unknown_and_not_anxious(shares):
    assert shares["neutral"]["anxiety"] <= 0.08
    assert shares["neutral"]["calm"] + shares["neutral"][UNKNOWN] >= 0.75


def test_a_fearful_face_is_anxiety(shares):
    assert shares["fear"]["anxiety"] >= 0.60


def test_a_happy_face_is_positive(shares):
    assert shares["happiness"]["positive"] >= 0.90
