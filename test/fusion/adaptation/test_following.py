# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was learned of a person enters every decision about that person, and of nobody else."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from confirmed import misread, says

from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation.head import Head, learn
from emo_music_ros.fusion.people import FORGOTTEN, People
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import TimelineOptions
from emo_music_ros.streams import Encoding


def face(person, time, state=3, sure=0.7):
    estimate = from_labels(STATES, says(state, sure))
    return Encoding("face", time, time, estimate, np.zeros(1), person_id=person)


def people(heads=None, explains=True):
    known = {} if heads is None else heads
    return People(LogPoolFusion(), "logpool", TimelineOptions(), "anna", explains, known.get)


def followed(everybody, *persons):
    for time in np.arange(0.0, 3.0, 0.25):
        for person in persons:
            everybody.add(face(person, time), time)
        found = everybody.step(time)
    return {emotion.person_id: emotion for emotion in found}


def test_without_confirmed_moments_every_bit_is_as_it_was():
    plain = People(LogPoolFusion(), "logpool", TimelineOptions(), "anna", True)
    first = followed(plain, "anna", "bert")
    second = followed(people({"carla": learn(misread(8))}), "anna", "bert")
    for person in first:
        for one in fields(first[person]):
            before, after = (getattr(each[person], one.name) for each in (first, second))
            if one.name != "estimate":
                assert before == after
        one, other = first[person].estimate, second[person].estimate
        assert one.probabilities.tobytes() == other.probabilities.tobytes()
        assert (one.valence, one.arousal, one.confidence) == (
            *(other.valence, other.arousal, other.confidence),
        )


def test_a_head_changes_the_state_of_its_person_alone():
    heads = {"anna": Head(np.array([0.0, 4.0, 0.0, 0.0]), {})}
    found = followed(people(heads), "anna", "bert")
    assert (found["anna"].state, found["bert"].state) == ("calm", "depression")
    estimate = found["anna"].estimate
    assert np.argmax(estimate.probabilities) == 1
    assert estimate.probabilities.sum() == pytest.approx(1)
    assert estimate.valence > 0 > estimate.arousal  # in the quadrant of calm
    assert found["anna"].contributions[0].probabilities[3] > 0.6  # what was said stays


def test_how_far_a_modality_moved_it_is_told_of_the_corrected_result():
    bias = np.array([0.0, 4.0, 0.0, 0.0])
    found = followed(people({"anna": Head(bias, {})}), "anna")["anna"]
    uniform = np.full(4, 0.25)
    expected = np.abs(found.estimate.probabilities - uniform).sum() / 2
    assert found.contributions[0].effect == pytest.approx(expected, abs=1e-6)


def test_what_is_confirmed_is_what_the_shipped_weights_said():
    everybody = people({"anna": Head(np.array([0.0, 4.0, 0.0, 0.0]), {})})
    followed(everybody, "anna")
    answer = everybody.answer("anna", 0.0, 2.75)
    assert np.argmax(answer.fused) == 3
    assert set(answer.said) == {"face"}


def test_a_head_that_changes_is_told_at_once_of_others_too():
    heads = {}
    everybody = people(heads)
    followed(everybody, "bert")
    heads["bert"] = Head(np.array([0.0, 4.0, 0.0, 0.0]), {})
    everybody.learned("bert")
    states = {emotion.person_id: emotion.state for emotion in everybody.step(3.0)}
    assert states["bert"] == "calm"


def test_who_is_not_followed_or_was_not_there_cannot_be_confirmed():
    everybody = people()
    with pytest.raises(InputError, match="nobody called 'bert' is followed"):
        everybody.answer("bert", 0.0, 1.0)
    everybody.step(1.0)
    with pytest.raises(InputError, match="nobody was there"):
        everybody.answer("anna", 0.0, 1.0)
    followed(everybody, "bert")
    everybody.step(4.0 + FORGOTTEN)
    with pytest.raises(InputError, match="nobody called 'bert'"):
        everybody.answer("bert", 30.0, 4.0 + FORGOTTEN)
    everybody.add(face("anna", 50.0), 50.0)
    everybody.step(50.0)
    everybody.forget("anna")
    with pytest.raises(InputError, match="nobody was there"):
        everybody.answer("anna", 0.0, 50.0)
