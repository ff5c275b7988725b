# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The learned fusion and when it says unknown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import EKMAN, FER2013, RAVDESS, STATES, STRESS, from_labels, knows
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.decision import decide
from emo_music_ros.fusion.learned import LearnedFusion
from emo_music_ros.fusion.posteriors import evidence_of
from emo_music_ros.simulation.answers import Answers

FUSION = LearnedFusion()
LABELS = {"face": FER2013, "speech": RAVDESS, "text": EKMAN}
SURE = 0.8


def entry(name, word, share=SURE, **more):
    labels = LABELS.get(name, RAVDESS)
    rest = (1 - share) / (len(labels) - 1)
    masses = [share if one == word else rest for one in labels]
    return {"labels": list(labels), "probabilities": masses, **more}


def evidence(**entries) -> list[Evidence]:
    found, ignored = evidence_of(entries)
    assert not ignored
    return found


def state(items, fusion=FUSION):
    estimate, weights = fusion.fuse(items)
    return decide(fusion, estimate, items, weights, 0.985, 0.27)


def chance(items, word, fusion=FUSION):
    return float(fusion.fuse(items)[0].probabilities[STATES.index(word)])


@pytest.mark.parametrize(
    ("word", "name"),
    [("happiness", "positive"), ("neutral", "calm"), ("fear", "anxiety"), ("anger", "anxiety"),
     ("sadness", "depression")],
)  # fmt: skip
def test_agreement_is_its_state_and_surer_than_one_alone(word, name):
    one = evidence(face=entry("face", word))
    three = evidence(**{each: entry(each, word) for each in LABELS})
    assert state(three) == name
    assert chance(three, name) > chance(one, name)
    assert chance(three, name) > 0.9


def test_three_sure_voices_for_three_states_are_unknown():
    items = evidence(
        face=entry("face", "happiness"),
        speech=entry("speech", "anger"),
        text=entry("text", "sadness"),
    )
    assert not knows(FUSION.fuse(items)[0])
    assert state(items) == "unknown"


def test_a_majority_with_one_that_errs_is_no_contradiction():
    items = evidence(
        face=entry("face", "happiness"),
        speech=entry("speech", "sadness"),
        text=entry("text", "sadness"),
    )
    assert state(items) == "depression"


def test_order_means_nothing():
    items = evidence(
        face=entry("face", "fear"),
        speech=entry("speech", "sadness", 0.4),
        text=entry("text", "fear"),
    )
    first, weights = FUSION.fuse(items)
    second, back = FUSION.fuse(items[::-1])
    assert first.probabilities == pytest.approx(second.probabilities, abs=1e-5)
    assert weights == pytest.approx(back[::-1], abs=1e-5)


def test_what_knows_nothing_changes_nothing():
    alone = evidence(face=entry("face", "fear"))
    beside = evidence(face=entry("face", "fear"), gait=entry("gait", "fear", 1 / 8))
    assert chance(beside, "anxiety") == pytest.approx(chance(alone, "anxiety"), abs=0.02)


@pytest.mark.parametrize("name", ["face", "speech", "text", "gait"])
def test_age_and_bad_quality_fade(name):
    chances = [
        chance(evidence(**{name: entry(name, "sadness", age=age)}), "depression")
        for age in (0.0, 5.0, 30.0, 300.0)
    ]
    assert all(more >= less for more, less in zip(chances, chances[1:]))
    poor = [
        chance(evidence(**{name: entry(name, "sadness", quality=one)}), "depression")
        for one in (1.0, 0.5, 0.05)
    ]
    assert all(more >= less for more, less in zip(poor, poor[1:]))
    assert chances[0] - chances[-1] > 0.2


def test_a_modality_of_a_third_party_enters_by_its_name_and_reliability():
    base = {"face": entry("face", "sadness", 0.3)}
    alone = chance(evidence(**base), "positive")
    with_it = evidence(**base, gait=entry("gait", "happiness", 0.95))
    chances = [
        chance(with_it, "positive", LearnedFusion(LearnedFusion.Options(reliabilities=f"gait={r}")))
        for r in (0.0, 0.3, 0.9)
    ]
    assert chances[0] == pytest.approx(alone, abs=0.02)
    assert chances[0] < chances[1] < chances[2]
    assert FUSION.fuse(with_it)[1][1] > 0


@pytest.mark.parametrize("bad", ["gait", "gait=x", "=0.5", "gait=2", "gait=-1", "gait=nan"])
def test_a_bad_reliability_is_refused(bad):
    with pytest.raises(OptionError, match="reliability"):
        LearnedFusion(LearnedFusion.Options(reliabilities=bad))


def test_stress_joins_by_its_evidence_for_the_states():
    base = {"face": entry("face", "neutral", 0.4)}
    stressed = from_labels(STRESS, np.array([0.05, 0.95]))
    body = {"labels": list(STRESS), "probabilities": [float(p) for p in stressed.probabilities]}
    assert chance(evidence(**base, physiology=body), "anxiety") > chance(
        evidence(**base), "anxiety"
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_moment_has_a_distribution_and_weights(data):
    draw = {}
    for name in data.draw(st.sets(st.sampled_from([*LABELS, "gait", "eeg"]), min_size=1)):
        count = len(LABELS.get(name, RAVDESS))
        masses = data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
        draw[name] = {
            "labels": list(LABELS.get(name, RAVDESS)),
            "probabilities": masses,
            "quality": data.draw(st.floats(0, 1)),
            "age": data.draw(st.floats(0, 1000)),
        }
    items = evidence(**draw)
    if not items:
        return
    estimate, weights = FUSION.fuse(items)
    assert len(weights) == len(items)
    assert all(0 <= one <= 1 for one in weights)
    if len(estimate.probabilities):
        assert estimate.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert sum(weights) == pytest.approx(1)
        assert 1 <= len(estimate.credible) <= 4


def test_recorded_answers_that_agree_are_mostly_known_and_right():
    """Three answers to one emotion; the network learned from such, so this is no measurement."""
    answers, draw = Answers(), np.random.default_rng(3)
    words = {"happiness": "positive", "sadness": "depression", "fear": "anxiety", "neutral": "calm"}
    right = unknown = total = 0
    for word, name in words.items():
        for _ in range(60):
            items = []
            for each in LABELS:
                said = answers.draw(each, word, draw)
                given = {"labels": list(said.labels), "probabilities": said.probabilities.tolist()}
                items += evidence(**{each: given})
            found = state(items)
            right, unknown, total = (
                right + (found == name),
                unknown + (found == "unknown"),
                total + 1,
            )
    assert right / total > 0.78
    assert unknown / total < 0.08
