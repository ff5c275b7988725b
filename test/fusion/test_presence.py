# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, from_labels, unknown
from emo_music_ros.fusion.presence import LEAST_QUALITY, SENSED, Presence, is_sign
from emo_music_ros.streams import Encoding


def encoding(modality, estimate=None, **features):
    known = from_labels(STATES, np.array([0.7, 0.1, 0.1, 0.1]))
    return Encoding(modality, 1.0, 1.0, estimate or known, np.zeros(1), features)


@pytest.mark.parametrize("modality", sorted(SENSED))
def test_what_was_sensed_of_a_person_is_a_sign(modality):
    assert is_sign(encoding(modality))


@pytest.mark.parametrize("modality", ["music", "interaction", "martian"])
def test_music_and_the_players_reports_are_none(modality):
    assert not is_sign(encoding(modality, heart_rate=70.0))


def test_a_body_signal_without_an_emotion_is_a_sign_by_what_was_measured():
    nothing = replace(unknown(), quality=0.9)
    assert not is_sign(encoding("face", nothing))
    assert is_sign(encoding("physiology", nothing, heart_rate=70.0))
    assert not is_sign(encoding("physiology", nothing, heart_rate=math.nan))


@pytest.mark.parametrize("quality", [0.0, LEAST_QUALITY - 0.01, math.nan])
def test_a_poor_signal_may_come_from_nobody(quality):
    estimate = replace(encoding("face").estimate, quality=quality)
    assert not is_sign(encoding("face", estimate, heart_rate=70.0))


@pytest.mark.parametrize("confidence", [0.0, math.nan])
def test_an_estimate_without_confidence_is_none(confidence):
    assert not is_sign(encoding("face", replace(encoding("face").estimate, confidence=confidence)))


def test_presence_holds_for_a_while_after_the_last_sign():
    presence = Presence()
    assert not presence.at(0.0, 1e9)
    presence.sign(10.0)
    presence.sign(5.0)
    presence.sign(math.nan)
    assert presence.at(10.0, 30.0)
    assert presence.at(40.0, 30.0)
    assert not presence.at(40.1, 30.0)
