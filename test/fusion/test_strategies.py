# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, entropy, from_labels, unknown
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.strategies import AverageFusion, LogPoolFusion, SingleModality
from emo_music_ros.streams import Encoding, Estimate

STRATEGIES = [LogPoolFusion, AverageFusion, SingleModality]


def evidence(modality, probabilities, age=0.0, quality=1.0):
    estimate = from_labels(STATES, np.asarray(probabilities, float), quality)
    return Evidence(Encoding(modality, 100.0 - age, 99.0, estimate, np.zeros(1)), age)


SURE = [0.9, 0.04, 0.03, 0.03]
OTHER = [0.03, 0.03, 0.04, 0.9]


def test_average_is_the_mean():
    estimate, weights = AverageFusion().fuse([evidence("face", SURE), evidence("text", OTHER)])
    np.testing.assert_allclose(estimate.probabilities, (np.array(SURE) + OTHER) / 2, atol=1e-6)
    assert weights == (0.5, 0.5)


def test_weighted_equals_the_formula_by_hand():
    options = LogPoolFusion.Options(face=1.0, text=0.5, prior=0.2, half_life=4.0)
    parts = [evidence("face", SURE, age=4.0, quality=0.5), evidence("text", OTHER)]
    estimate, weights = LogPoolFusion(options).fuse(parts)
    face = 1.0 * (1 - entropy(SURE)) * 0.5 * 0.5
    text = 0.5 * (1 - entropy(OTHER)) * 1.0 * 1.0
    by_hand = (0.8 * np.array(SURE) + 0.05) ** 0.25 * (0.8 * np.array(OTHER) + 0.05) ** 0.5
    by_hand /= by_hand.sum()
    np.testing.assert_allclose(estimate.probabilities, by_hand, atol=1e-6)
    assert weights == pytest.approx((face / (face + text), text / (face + text)))


def test_old_evidence_widens_uncertainty():
    fusion = LogPoolFusion()
    spread = [
        entropy(fusion.fuse([evidence("face", SURE, age)])[0].probabilities)
        for age in (0, 2, 5, 20)
    ]
    assert spread == sorted(spread)
    assert spread[0] < spread[-1]


def test_a_missing_modality_widens_uncertainty():
    fusion = LogPoolFusion()
    both = fusion.fuse([evidence("face", SURE), evidence("speech", SURE)])[0]
    one = fusion.fuse([evidence("speech", SURE)])[0]
    assert entropy(one.probabilities) > entropy(both.probabilities)


def test_single_modality_ignores_the_others():
    parts = [evidence("face", SURE), evidence("text", OTHER)]
    estimate, weights = SingleModality(SingleModality.Options(modality="text")).fuse(parts)
    np.testing.assert_allclose(estimate.probabilities, OTHER, atol=1e-6)
    assert weights == (0.0, 1.0)
    estimate, weights = SingleModality(SingleModality.Options(modality="eeg")).fuse(parts)
    assert len(estimate.probabilities) == 0
    assert weights == (0.0, 0.0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_evidence_that_says_nothing_gives_nothing(strategy):
    nothing = Evidence(Encoding("face", 1.0, 0.0, unknown(), np.zeros(1)), 0.0)
    estimate, weights = strategy().fuse([nothing])
    assert len(estimate.probabilities) == 0
    assert weights == (0.0,)


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["face", "speech", "text", "physiology", "eeg", "martian"]),
            st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4),
            st.floats(-1, 100),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_evidence_gives_a_distribution_or_nothing(strategy, rows):
    parts = []
    for modality, weights, age, quality in rows:
        total = sum(weights)
        estimate = (
            from_labels(STATES, np.array(weights) / total, quality)
            if total > 1e-6
            else Estimate(("x",), np.ones(1), math.nan, 0.3, math.nan, 0.1)
        )
        parts.append(Evidence(Encoding(modality, 0.0, 0.0, estimate, np.zeros(1)), age))
    estimate, weights = strategy().fuse(parts)
    assert len(weights) == len(parts)
    assert sum(weights) == pytest.approx(1, abs=1e-6) or sum(weights) == 0
    if len(estimate.probabilities):
        assert estimate.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert np.isfinite(estimate.probabilities).all()


@pytest.mark.parametrize("strategy", [LogPoolFusion, AverageFusion])
def test_an_encoder_that_rules_nothing_out_is_left_out(strategy):
    def part(modality, weights, threshold):
        estimate = from_labels(STATES, np.array(weights), 1.0, threshold)
        return Evidence(Encoding(modality, 0.0, 0.0, estimate, np.zeros(1)), 0.0)

    sure = part("face", [0.7, 0.1, 0.1, 0.1], 0.2)
    unsure = part("speech", [0.2, 0.2, 0.2, 0.4], 0.2)
    alone, _ = strategy().fuse([sure])
    both, weights = strategy().fuse([sure, unsure])
    np.testing.assert_allclose(both.probabilities, alone.probabilities)
    assert weights == pytest.approx((1.0, 0.0))
    nothing, _ = strategy().fuse([unsure])
    assert len(nothing.probabilities) == 0
