# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is pooled, by hand from the equations in the docstrings."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, from_labels, unknown
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.strategies import (
    AverageFusion,
    LogPoolFusion,
    SingleModality,
    linear_pool,
    log_pool,
    pooled,
)
from emo_music_ros.streams import Encoding

SURE = [0.9, 0.04, 0.03, 0.03]
OTHER = [0.03, 0.03, 0.04, 0.9]


def evidence(modality, row, age=0.0, **changes):
    estimate = unknown() if row is None else from_labels(STATES, np.array(row, float))
    encoding = Encoding(modality, 0.0, 0.0, replace(estimate, **changes), np.zeros(1))
    return Evidence(encoding, age)


def spread(row):
    """Return the entropy of four probabilities as a share of the most there can be."""
    return -sum(p * math.log(p) for p in row if p > 0) / math.log(4)


def test_circumplex_and_quality_are_means_by_weight_of_what_is_known():
    parts = [
        evidence("face", SURE, valence=0.8, arousal=0.4, dominance=math.nan, quality=1.0),
        evidence("text", OTHER, valence=-0.4, arousal=math.nan, dominance=math.nan, quality=0.2),
    ]
    row = np.array([0.7, 0.1, 0.1, 0.1])
    estimate, weights = pooled(parts, np.array([3.0, 1.0]), row)
    assert weights == pytest.approx((0.75, 0.25))
    assert estimate.valence == pytest.approx(0.75 * 0.8 - 0.25 * 0.4)
    assert estimate.arousal == pytest.approx(0.4)  # who does not know it has no say
    assert math.isnan(estimate.dominance)
    assert estimate.quality == pytest.approx(0.8)
    assert estimate.probabilities == pytest.approx(row)


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), st.floats(1e-6, 1e3))
def test_confidence_is_what_the_spread_leaves_of_one(row, scale):
    row = np.array(row) / sum(row)
    estimate, weights = pooled([evidence("face", row)], np.array([scale]), row)
    assert estimate.confidence == pytest.approx(1 - spread(row), abs=1e-6)
    assert 0 <= estimate.confidence <= 1
    assert weights == pytest.approx((1.0,))


@pytest.mark.parametrize("total", [0.01, 0.5, 4.0])
def test_what_weights_are_scaled_by_does_not_matter(total):
    parts = [evidence("face", SURE), evidence("text", OTHER)]
    whole, _ = linear_pool(parts, np.array([0.6, 0.4]))
    scaled, weights = linear_pool(parts, total * np.array([0.6, 0.4]))
    assert weights == pytest.approx((0.6, 0.4))
    assert scaled.probabilities == pytest.approx(0.6 * np.array(SURE) + 0.4 * np.array(OTHER))
    assert (scaled.valence, scaled.quality) == pytest.approx((whole.valence, whole.quality))


def test_who_says_nothing_of_the_states_has_no_part_in_the_mean():
    estimate, weights = AverageFusion().fuse(
        [evidence("face", None), evidence("text", OTHER), evidence("eeg", SURE)]
    )
    assert weights == pytest.approx((0.0, 0.5, 0.5))
    assert estimate.probabilities == pytest.approx((np.array(SURE) + OTHER) / 2, abs=1e-6)


def test_no_weight_is_no_knowledge():
    estimate, weights = pooled(
        [evidence("face", SURE), evidence("text", SURE)], np.zeros(2), np.full(4, 0.25)
    )
    assert len(estimate.probabilities) == 0
    assert weights == (0.0, 0.0)


def test_a_log_pool_is_the_product_of_powers():
    rows, trust, prior = np.array([SURE, OTHER]), np.array([0.7, 0.3]), 0.1
    product = (0.9 * rows + 0.1 * 0.25) ** trust[:, None]
    product = product[0] * product[1]
    assert log_pool(rows, trust, prior) == pytest.approx(product / product.sum())
    assert log_pool(rows, np.zeros(2), prior) == pytest.approx(np.full(4, 0.25))


def test_a_log_pool_without_prior_lets_one_who_is_certain_exclude_a_state():
    certain, even = [1.0, 0.0, 0.0, 0.0], [0.25] * 4
    found = log_pool(np.array([certain, even]), np.ones(2), 0.0)
    assert found == pytest.approx(certain, abs=1e-9)
    open_minded = log_pool(np.array([certain, even]), np.ones(2), 0.02)
    assert (open_minded[1:] > 0.004).all()


def test_independent_witnesses_are_surer_together_than_alone():
    row = [0.55, 0.15, 0.15, 0.15]
    one, _ = LogPoolFusion().fuse([evidence("face", row)])
    two, _ = LogPoolFusion().fuse([evidence("face", row), evidence("speech", row)])
    assert two.confidence > one.confidence


@pytest.mark.parametrize("modality", ["speech", "text"])
def test_trust_is_reliability_quality_and_age(modality):
    options = LogPoolFusion.Options(face=1.0, speech=0.5, text=0.5, half_life=10.0)
    parts = [
        evidence("face", SURE, quality=0.5, confidence=0.8),
        evidence(modality, SURE, age=20.0, confidence=0.4),
    ]
    _, weights = LogPoolFusion(options).fuse(parts)
    face, other = 1.0 * 0.5 * 0.8, 0.5 * 0.5**2 * 0.4
    assert weights == pytest.approx((face / (face + other), other / (face + other)))


def test_what_comes_from_the_future_counts_as_new_and_no_more():
    now = LogPoolFusion().fuse([evidence("face", SURE), evidence("text", OTHER)])
    early = LogPoolFusion().fuse([evidence("face", SURE, age=-60.0), evidence("text", OTHER)])
    assert early[1] == pytest.approx(now[1])
    assert early[0].probabilities == pytest.approx(now[0].probabilities)


@pytest.mark.parametrize(
    "lost",
    [{"confidence": 0.0}, {"confidence": math.nan}, {"quality": math.nan}, {"confidence": -1.0}],
)
def test_who_has_no_weight_moves_nothing(lost):
    alone, _ = LogPoolFusion().fuse([evidence("face", SURE)])
    both, weights = LogPoolFusion().fuse([evidence("face", SURE), evidence("text", OTHER, **lost)])
    assert weights == pytest.approx((1.0, 0.0))
    assert both.probabilities == pytest.approx(alone.probabilities)


def test_a_modality_nobody_declared_reliable_has_no_weight():
    _, weights = LogPoolFusion().fuse([evidence("martian", SURE), evidence("eeg", OTHER)])
    assert weights == pytest.approx((0.0, 1.0))


def test_of_one_modality_all_is_taken_over():
    estimate, weights = SingleModality().fuse(
        [evidence("text", OTHER), evidence("face", SURE, quality=0.3, valence=0.2)]
    )
    assert weights == (0.0, 1.0)
    assert estimate.probabilities == pytest.approx(SURE, abs=1e-6)
    assert (estimate.quality, estimate.valence) == pytest.approx((0.3, 0.2))
