# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a modality said lately, how long it holds and what of it is reported."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN, from_labels
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.presence import LEAST_QUALITY
from emo_music_ros.fusion.strategies import AverageFusion, LogPoolFusion
from emo_music_ros.fusion.timeline import MODALITIES, STALE_AFTER, Timeline, TimelineOptions
from emo_music_ros.fusion.voice import LATENESS
from emo_music_ros.streams import Encoding

HAPPY = [0.94, 0.02, 0.02, 0.02]
LOW = [0.02, 0.02, 0.02, 0.94]


def encoding(modality, time, row, **changes):
    estimate = replace(from_labels(STATES, np.array(row, float)), **changes)
    return Encoding(modality, time, time, estimate, np.zeros(1), source="live:test")


class Heard:
    """A fusion that keeps what it is given."""

    def __init__(self, weights=None):
        self.evidence: list[Evidence] = []
        self.weights = weights

    def fuse(self, evidence):
        self.evidence = list(evidence)
        estimate, weights = AverageFusion().fuse(evidence)
        return estimate, self.weights or weights


def timeline(fusion=None, **options):
    return Timeline(fusion or Heard(), "test", TimelineOptions(**options))


def mean(line, now):
    """Return what the only modality of a timeline says now."""
    line.step(now)
    (item,) = line.fusion.evidence
    return item.encoding.estimate


def test_what_was_said_is_forgotten_exponentially():
    line = timeline(smoothing=4.0)
    line.add(encoding("text", 0.0, HAPPY, confidence=0.5, quality=1.0, valence=0.8))
    line.add(encoding("text", 2.0, LOW, confidence=1.0, quality=0.5, valence=-0.4))
    old, new = math.exp(-2.0 / 4.0) * 0.5, 0.5
    found = mean(line, 2.0)
    row = (old * np.array(HAPPY) + new * np.array(LOW)) / (old + new)
    assert found.probabilities == pytest.approx(row, abs=1e-6)
    assert found.valence == pytest.approx((old * 0.8 - new * 0.4) / (old + new))
    assert found.confidence == pytest.approx((old * 0.5 + new * 1.0) / (old + new))
    assert found.quality == pytest.approx((old * 1.0 + new * 0.5) / (old + new))


def test_an_axis_that_is_not_known_once_is_that_of_the_other_time():
    line = timeline(smoothing=4.0)
    line.add(encoding("text", 0.0, HAPPY, arousal=0.3, dominance=math.nan))
    line.add(encoding("text", 2.0, HAPPY, arousal=math.nan, dominance=math.nan))
    found = mean(line, 2.0)
    assert found.arousal == pytest.approx(0.3)
    assert math.isnan(found.dominance)


@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=8), st.floats(0.5, 60))
def test_saying_the_same_again_says_the_same(gaps, smoothing):
    line, now = timeline(smoothing=smoothing), 0.0
    for gap in gaps:
        now += gap
        line.add(encoding("face", now, HAPPY, confidence=0.7, quality=0.6, valence=0.2))
    found = mean(line, now)
    assert found.probabilities == pytest.approx(HAPPY, abs=1e-5)
    assert (found.confidence, found.quality, found.valence) == pytest.approx((0.7, 0.6, 0.2))


def test_without_smoothing_only_the_newest_speaks():
    line = timeline(smoothing=0.0)
    line.add(encoding("face", 0.0, HAPPY))
    line.add(encoding("face", 0.1, LOW))
    assert mean(line, 0.1).probabilities == pytest.approx(LOW, abs=1e-6)


@pytest.mark.parametrize(("late", "kept"), [(0.0, True), (0.01, False)])
@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_gap_as_long_as_what_is_stale_forgets_all(late, kept, factor):
    line = timeline(smoothing=8.0, stale_factor=factor)
    gap = STALE_AFTER["face"] * factor
    line.add(encoding("face", 0.0, HAPPY))
    line.add(encoding("face", gap + late, LOW))
    assert (mean(line, gap + late).probabilities[0] > 0.1) == kept


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_what_is_stale_scales_with_the_factor(modality, factor):
    line = timeline(stale_factor=factor)
    line.add(encoding(modality, 0.0, HAPPY))
    expected = np.array([name == modality for name in MODALITIES])
    assert (line.mask(STALE_AFTER[modality] * factor) == expected).all()
    assert not line.mask(STALE_AFTER[modality] * factor + 0.01).any()


def test_a_stamp_like_the_last_is_taken_and_one_that_comes_too_late_is_not():
    line = timeline()
    assert line.add(encoding("face", 5.0, HAPPY))
    assert line.add(encoding("face", 5.0, LOW))
    assert not line.add(encoding("face", 5.0, LOW))  # the same message again
    assert line.add(encoding("face", 5.0 - LATENESS, LOW))
    assert not line.add(encoding("face", 4.999 - LATENESS, LOW))
    assert line.add(encoding("text", 1.0, LOW))  # every modality has its own newest


def test_evidence_from_ahead_has_no_age():
    line = timeline()
    line.add(encoding("face", 10.0, HAPPY))
    (part,) = line.step(9.5).contributions
    assert part.age == 0.0
    (part,) = line.step(10.5).contributions
    assert part.age == pytest.approx(0.5)


def test_contributions_say_who_had_how_much_weight_of_what_quality():
    line = timeline(Heard(weights=(0.3, 0.7)))
    line.add(encoding("face", 9.5, HAPPY, quality=0.9))
    line.add(encoding("text", 8.0, HAPPY, quality=0.4))
    found = line.step(10.0, "ada")
    face, text = found.contributions
    assert (face.modality, face.weight, face.age) == ("face", 0.3, pytest.approx(0.5))
    assert (text.modality, text.weight, text.age) == ("text", 0.7, pytest.approx(2.0))
    assert (face.quality, text.quality) == pytest.approx((0.9, 0.4))
    assert face.source == "live:test"
    assert found.time == 9.5
    assert (found.strategy, found.person_id) == ("test", "ada")


def test_a_wide_mean_is_no_state_and_its_limit_still_is():
    row = [0.4, 0.2, 0.2, 0.2]
    limit = timeline(max_uncertainty=1.0)
    limit.add(encoding("face", 0.0, row))
    spread = limit.step(0.0).uncertainty
    assert spread == pytest.approx(-sum(p * math.log(p) for p in row) / math.log(4), abs=1e-5)
    for allowed, state in ((spread, "positive"), (spread - 1e-4, UNKNOWN)):
        line = timeline(max_uncertainty=allowed)
        line.add(encoding("face", 0.0, row))
        assert line.step(0.0).state == state


def test_contradiction_up_to_its_limit_is_borne():
    # two voices of the same weight that share nothing contradict each other by a half
    for allowed, state in ((0.5, "positive"), (0.49, UNKNOWN)):
        line = timeline(max_disagreement=allowed, max_uncertainty=1.0)
        line.add(encoding("face", 0.0, [1.0, 0.0, 0.0, 0.0]))
        line.add(encoding("text", 0.0, [0.0, 0.0, 0.0, 1.0]))
        found = line.step(0.0)
        assert found.state == state
        assert found.present
        assert len(found.contributions) == 2


@pytest.mark.parametrize(("lead", "state"), [(0.126, "depression"), (0.124, "positive")])
def test_another_state_needs_its_whole_lead(lead, state):
    line = timeline(smoothing=0.0, hysteresis=0.125, max_uncertainty=1.0)
    line.add(encoding("face", 0.0, HAPPY))
    assert line.step(0.0).state == "positive"
    line.add(encoding("face", 1.0, [0.3, 0.2 - lead / 2, 0.2 - lead / 2, 0.3 + lead]))
    assert line.step(1.0).state == state


def test_of_nobody_nothing_is_known_whatever_was_said():
    line = timeline(presence=5.0)
    line.add(encoding("text", 0.0, HAPPY))
    assert line.step(5.0).state == "positive"
    found = line.step(5.1)  # the words are not stale yet
    assert (found.state, found.present, found.uncertainty) == (UNKNOWN, False, 1.0)
    assert len(found.estimate.probabilities) == 0


def test_an_unknown_state_of_somebody_who_is_there_keeps_its_probabilities():
    line = timeline(max_uncertainty=0.1)
    line.add(encoding("face", 0.0, [0.4, 0.2, 0.2, 0.2]))
    found = line.step(0.0)
    assert (found.state, found.present) == (UNKNOWN, True)
    assert found.estimate.probabilities == pytest.approx([0.4, 0.2, 0.2, 0.2], abs=1e-6)
    assert found.uncertainty < 1.0


@pytest.mark.parametrize("fusion", [LogPoolFusion, AverageFusion])
def test_what_a_person_does_speaks_beside_what_is_sensed(fusion):
    line = timeline(fusion())
    line.add(encoding("face", 1.0, HAPPY))
    line.add(encoding("interaction", 1.0, HAPPY))
    assert [part.modality for part in line.step(1.0).contributions] == ["face", "interaction"]


def test_a_poor_encoding_tells_of_nobody_but_counts_as_newest():
    line = timeline()
    assert line.add(encoding("face", 5.0, HAPPY, quality=LEAST_QUALITY / 2))
    assert not line.step(5.0).present
    assert not line.add(encoding("face", 4.9 - LATENESS, HAPPY))
