# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Figures from facts: ratios, quantiles, what counts as in time and as false."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from emo_music_ros.simulation.figures import (
    alone,
    answered,
    behaviours,
    figure,
    quantile,
    skipped,
    steps,
    stopped,
)


def facts(kind="ordinary", **more):
    return {
        "kind": kind, "seed": 1, "policy": "therapeutic", "given": False, "rate": 1.0,
        "seconds": 3600.0, "plays": [], "heard": [], "stops": [], "listens": [],
        "known": 90, "unknown": 10,
        "disagree": 0, "flips": 3, "right": 80, "outcomes": 4, "learned": 1,
        "rewarded_without_sign": 0, "skipped": 0, "change": None, "false_reactions": 0,
        "before": 0.0, "after": 0.1, **more,
    }  # fmt: skip


def play(at, state="calm", trigger="end", need=(0.5, -0.4), track=(0.5, -0.4)):
    return (at, trigger, state, *need, *track, "t")


def value(name, sessions):
    return next(one for one in behaviours(sessions) if one.name == name)


def test_a_figure_is_the_ratio_of_sums_and_says_whether_it_is_reached():
    found = figure("x", [(1, 2), (3, 3), (0, 0)], least=0.8)
    assert found.value == pytest.approx(4 / 5)
    assert found.reached
    assert found.count == 2
    assert found.low <= found.value <= found.high
    assert not figure("x", [(1, 2)], most=0.4).reached
    assert figure("x", [(1, 2)]).reached is None


def test_what_was_not_run_is_nan():
    found = figure("x", [], least=1)
    assert math.isnan(found.value)
    assert found.reached is None
    assert math.isnan(quantile("x", [[]], 0.5).value)


def test_a_quantile_is_over_all_and_its_interval_over_sessions():
    groups = [list(np.arange(10) / 10), [2.0]]
    found = quantile("x", groups, 0.5, most=0.6)
    assert found.value == pytest.approx(np.quantile([*np.arange(10) / 10, 2.0], 0.5))
    assert found.count == 2
    assert found.reached


def test_in_time_is_a_minute_and_a_stop_answers_anxiety():
    change = (100.0, "calm", "anxiety")
    assert answered(facts(change=change, plays=[play(160.0, "anxiety")]))
    assert not answered(facts(change=change, plays=[play(161.0, "anxiety")]))
    assert not answered(facts(change=change, plays=[play(150.0, "calm")]))
    assert answered(facts(change=change, stops=[(150.0, "distress", "anxiety")]))
    assert stopped(facts(change=change, stops=[(150.0, "distress", "anxiety")]))
    assert not stopped(facts(change=change, stops=[(150.0, "absent", "anxiety")]))
    assert not stopped(facts(change=change, stops=[(170.0, "distress", "anxiety")]))


def test_tracks_of_another_quadrant_are_seen_from_the_eleventh_on():
    right, angry = play(0.0), play(0.0, need=(0.5, -0.4), track=(-0.5, 0.5))
    name = "anxious and unchanging: tracks from the 11th on in the quadrant asked for"
    assert value(name, [facts("unchanging", plays=[angry] * 10 + [right] * 10)]).value == 1.0
    assert value(name, [facts("unchanging", plays=[right] * 10 + [angry] * 10)]).value == 0.0


def test_a_stop_of_somebody_who_is_always_anxious_is_false():
    stop = (50.0, "distress", "anxiety")
    assert value("false stops in 10 h", [facts("unchanging", stops=[stop])]).value == 10.0
    change = (40.0, "calm", "anxiety")
    assert (
        value("false stops in 10 h", [facts("distressed", stops=[stop], change=change)]).value == 0
    )


def test_steps_are_distances_between_tracks_heard():
    assert steps(facts(heard=[(0, 0.0, 0.0), (60, 0.3, 0.4), (120, 0.3, 0.4)])) == [0.5, 0.0]


def test_single_modalities_and_skips():
    cases = {"sadness": [Counter(depression=7, calm=3)], "agree": [Counter(calm=10)]}
    found = {one.name: one for one in alone(cases)}
    assert found["sad face alone: depression"].value == 0.7
    assert found["sad face alone: depression"].reached
    assert found["three modalities that agree: unknown"].value == 0.0
    assert found["fearful face alone: anxiety"].reached is None
    different, twice = skipped([(20, 0), (12, 1)])
    assert different.value == 16
    assert not twice.reached


def test_measures_of_paper_a_by_their_common_definition():
    sessions = [
        facts(heard=[(1, 0, 0)], listens=[(100.0, "finished"), (5.0, "skipped")], after=0.2),
        facts(heard=[(1, 0, 0)], listens=[(5.0, "replaced")], stops=[(9, "distress", "x")]),
    ]
    assert value("acceptance, ordinary listeners", sessions).value == 0.5
    assert value("completion, ordinary listeners", sessions).value == 0.5
    assert value("improvement, ordinary listeners", sessions).value == pytest.approx(0.075)
    assert math.isnan(value("response time", sessions).value)
