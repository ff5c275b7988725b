# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the timeline calls a state, when somebody is there and how fresh it is."""

from dataclasses import replace

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, UNKNOWN, from_labels
from emo_music_ros.fusion.strategies import AverageFusion, LogPoolFusion, SingleModality
from emo_music_ros.fusion.timeline import STALE_AFTER, Timeline, TimelineOptions
from emo_music_ros.streams import Encoding

HAPPY = [0.94, 0.02, 0.02, 0.02]
TENSE = [0.02, 0.02, 0.94, 0.02]
LOW = [0.02, 0.02, 0.02, 0.94]


def encoding(modality, time, probabilities, **changes):
    estimate = replace(from_labels(STATES, np.array(probabilities, float)), **changes)
    return Encoding(modality, time, time, estimate, np.zeros(1))


def timeline(fusion=None, **options):
    return Timeline(fusion or LogPoolFusion(), "weighted", TimelineOptions(**options))


def test_presence_is_known_apart_from_the_state():
    line = timeline(presence=30.0)
    assert not line.step(0.0).present
    line.add(encoding("face", 1.0, HAPPY))
    assert line.step(1.0).present
    later = line.step(20.0)  # the face is stale, but somebody was here
    assert later.state == UNKNOWN
    assert later.present
    assert not line.step(31.1).present


def test_what_is_known_otherwise_of_somebody_counts():
    line = timeline(presence=30.0)
    line.presence.sign(5.0)
    found = line.step(6.0)
    assert found.present
    assert found.state == UNKNOWN


def test_the_mood_of_the_music_is_context_and_never_evidence():
    line = timeline()
    for step in range(40):
        assert not line.add(encoding("music", step * 0.25, HAPPY))
    found = line.step(10.0)
    assert (found.state, found.present, found.contributions) == (UNKNOWN, False, ())
    line.add(encoding("face", 10.0, LOW))
    alone = line.step(10.0)
    line.add(encoding("music", 10.0, HAPPY))
    assert line.step(10.0).estimate.probabilities.tolist() == (
        alone.estimate.probabilities.tolist()
    )


def test_behaviour_alone_says_nothing_of_an_empty_room():
    line = timeline()
    line.add(encoding("interaction", 1.0, HAPPY))
    found = line.step(1.0)
    assert (found.state, found.present) == (UNKNOWN, False)
    assert np.isnan(found.estimate.valence)
    line.presence.sign(1.0)
    assert line.step(1.0).state == "positive"


@pytest.mark.parametrize("fusion", [LogPoolFusion, AverageFusion])
@pytest.mark.parametrize("lost", [{"quality": 0.0}, {"confidence": 0.0}, {"quality": np.nan}])
def test_what_has_no_weight_keeps_nothing_fresh(fusion, lost):
    """A camera that sees nothing goes on reporting; the face seen before is stale all the same."""
    line = timeline(fusion())
    line.add(encoding("face", 0.0, HAPPY))
    for step in range(1, 41):
        line.add(encoding("face", step * 0.25, LOW, **lost))
        found = line.step(step * 0.25)
        assert found.state in ("positive", UNKNOWN)
        if found.state != UNKNOWN:
            assert found.time == 0.0
    assert found.state == UNKNOWN


def test_a_modality_without_weight_does_not_refresh_the_stamp():
    line = timeline(LogPoolFusion(LogPoolFusion.Options(speech=0.0)))
    line.add(encoding("face", 1.0, HAPPY))
    line.add(encoding("speech", 2.5, HAPPY))
    found = line.step(2.75)
    assert found.time == 1.0
    assert {part.modality: part.weight for part in found.contributions} == {
        "face": pytest.approx(1.0),
        "speech": 0.0,
    }
    line = timeline(SingleModality())
    line.add(encoding("text", 1.0, LOW))
    assert line.step(1.5).state == UNKNOWN


def test_another_state_takes_over_only_with_a_lead():
    even = [0.05, 0.05, 0.44, 0.46]
    line = timeline(smoothing=0.0, hysteresis=0.05, max_uncertainty=1.0)
    line.add(encoding("face", 0.0, even))
    assert line.step(0.0).state == "depression"
    line.add(encoding("face", 1.0, TENSE))
    assert line.step(1.0).state == "anxiety"
    line.add(encoding("face", 2.0, even))  # a lead of 0.02 is not enough to change
    assert line.step(2.0).state == "anxiety"
    line.add(encoding("face", 3.0, [0.05, 0.05, 0.35, 0.55]))
    assert line.step(3.0).state == "depression"


def test_modalities_that_contradict_each_other_leave_the_state_unknown():
    line = timeline(AverageFusion(), max_uncertainty=1.0)
    for modality, row in (("face", HAPPY), ("speech", LOW), ("text", TENSE)):
        line.add(encoding(modality, 1.0, row))
    found = line.step(1.0)
    assert found.state == UNKNOWN
    assert found.present
    line = timeline(AverageFusion(), max_uncertainty=1.0)
    for modality in ("face", "speech", "text"):
        line.add(encoding(modality, 1.0, LOW))
    assert line.step(1.0).state == "depression"


def test_a_first_wrong_encoding_counts_no_more_than_the_next():
    line = timeline()
    line.add(encoding("face", 0.0, TENSE))
    for step in range(1, 4):
        line.add(encoding("face", step * 0.25, HAPPY))
    assert line.step(0.75).state == "positive"


def test_after_a_gap_nothing_is_left_of_before():
    line = timeline()
    for step in range(20):
        line.add(encoding("face", step * 0.25, TENSE))
    line.add(encoding("face", 4.75 + STALE_AFTER["face"] + 0.1, HAPPY))
    assert line.step(7.0).state == "positive"
