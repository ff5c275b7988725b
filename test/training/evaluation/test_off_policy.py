# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Off-policy evaluation recovers the truth on simulated logs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.training.evaluation import off_policy
from emo_music_ros.training.evaluation.off_policy import Log

CHOICES = 6


def simulated(rows, seed, wrong_model=0.0):
    """Return a log of a policy that is not uniform, and what another one truly earns."""
    draw = np.random.default_rng(seed)
    contexts = draw.normal(size=(rows, 3))
    truth = contexts @ draw.normal(size=(3, CHOICES)) + draw.normal(size=CHOICES)

    def policy(strength):
        odds = np.exp(strength * (truth + draw.normal(size=CHOICES)))
        return odds / odds.sum(axis=1, keepdims=True)

    logging, asked = policy(0.2), policy(0.8)
    made = (logging.cumsum(axis=1) > draw.random((rows, 1))).argmax(axis=1)
    each = np.arange(rows)
    reward = truth[each, made] + draw.normal(size=rows)
    model = truth + wrong_model * draw.normal(size=CHOICES)
    log = Log(
        reward,
        logging[each, made],
        asked[each, made],
        model[each, made],
        (asked * model).sum(axis=1),
    )
    return log, float((asked * truth).sum(axis=1).mean())


@pytest.mark.parametrize("estimate", [off_policy.ips, off_policy.snipw, off_policy.doubly_robust])
def test_the_truth_is_recovered(estimate):
    found, true = zip(*((estimate(log), truth) for log, truth in
                        (simulated(4000, seed) for seed in range(20))))  # fmt: skip
    errors = np.array(found) - true
    assert abs(errors.mean()) < 0.03
    assert np.abs(errors).max() < 0.3
    recorded = [simulated(4000, seed)[0].reward.mean() for seed in range(20)]
    assert np.mean(np.array(true) - recorded) > 0.3


def test_a_wrong_model_misleads_the_direct_estimate_only():
    logs = [simulated(4000, seed, wrong_model=1.0) for seed in range(20)]
    direct = [abs(off_policy.direct(log) - true) for log, true in logs]
    robust = [abs(off_policy.doubly_robust(log) - true) for log, true in logs]
    assert np.mean(direct) > 0.15
    assert np.mean(robust) < 0.06


def test_a_good_model_makes_the_estimate_surer():
    logs = [simulated(500, seed) for seed in range(40)]
    errors = {
        estimate: np.std([estimate(log) - true for log, true in logs])
        for estimate in (off_policy.ips, off_policy.doubly_robust)
    }
    assert errors[off_policy.doubly_robust] < 0.7 * errors[off_policy.ips]


@given(st.floats(-5, 5), st.integers(0, 100))
def test_the_logging_policy_earns_what_was_recorded(shift, seed):
    draw = np.random.default_rng(seed)
    reward, chance = draw.normal(size=50) + shift, draw.uniform(0.01, 1, 50)
    nothing = np.zeros(50)
    log = Log(reward, chance, chance, nothing, nothing)
    assert off_policy.ips(log) == pytest.approx(reward.mean())
    assert off_policy.snipw(log) == pytest.approx(reward.mean())
    assert off_policy.doubly_robust(log) == pytest.approx(reward.mean())
    assert off_policy.effective_rows(log.weight) == pytest.approx(50)
    # Self-normalised weights follow a shift of all rewards exactly.
    more = Log(reward + 1, chance, chance**2, nothing, nothing)
    less = Log(reward, chance, chance**2, nothing, nothing)
    assert off_policy.snipw(more) - off_policy.snipw(less) == pytest.approx(1)


def test_one_rare_choice_does_not_decide_alone():
    rare = np.array([1e-6, 0.5])
    log = Log(np.array([1.0, 0.0]), rare, np.array([1.0, 0.5]), np.zeros(2), np.zeros(2))
    assert off_policy.ips(log) == off_policy.MOST / 2


@pytest.mark.parametrize(
    ("propensity", "chance", "reward"),
    [(0.0, 0.5, 1.0), (1.5, 0.5, 1.0), (0.5, -0.1, 1.0), (0.5, 0.5, np.nan)],
)
def test_an_unsound_log_is_refused(propensity, chance, reward):
    columns = [np.array([value]) for value in (reward, propensity, chance, 0.0, 0.0)]
    with pytest.raises(ValueError, match="choice|complete"):
        Log(*columns)


def test_a_policy_that_makes_no_logged_choice_is_not_known():
    one = np.ones(3)
    assert np.isnan(off_policy.snipw(Log(one, one, 0 * one, one, one)))
    assert off_policy.effective_rows(0 * one) == 0.0
