# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from situnes_folder import make

from emo_music_ros.recommendation.response import model
from emo_music_ros.training.corpora import situnes
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.recommender import policies


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return situnes.load(make(tmp_path_factory.mktemp("situnes"), people=10, listens=12))


def test_every_policy_is_judged_beside_what_was_recorded(data, monkeypatch):
    monkeypatch.setattr(metrics.interval, "__kwdefaults__", {
        **metrics.interval.__kwdefaults__, "draws": 20})  # fmt: skip
    found = policies.evaluate_policies(data, model.load())
    names = [entry["policy"] for entry in found]
    assert names[:2] == ["recorded: Rand"] * 2
    assert set(names[2:]) == set(policies.policies(0))
    recorded = {entry["reward"]: entry["value"] for entry in found[:2]}
    assert recorded["rating"] == pytest.approx(data.listens.rating[data.daily].mean())
    for entry in found[2:]:
        assert 0 <= entry["rows"] <= 120
        if entry["estimate"] == "DR":
            assert np.isfinite(entry["value"])
    text = policies.markdown(found)
    assert text.count("\n") == len(found) + 1


def test_chances_are_those_of_the_policy(data):
    tracks = policies.pool(data, data.daily)
    for name, policy in policies.policies(0).items():
        table = policies.chances(policy, np.array([0.4, -0.2]), tracks)
        assert table.sum() == pytest.approx(1), name
        assert len(table) == len(tracks)


def test_the_person_asked_about_is_not_learned_from(tmp_path):
    data = situnes.load(make(tmp_path, people=14, listens=4))
    rows = data.daily[:24]
    tracks = policies.pool(data, rows)
    before = policies.expected(model.load(), data, rows, tracks, 0)
    others = np.array(data.listens.people) != data.listens.people[rows[0]]
    rating = np.where(others, data.listens.rating, 6.0 - data.listens.rating)
    changed = replace(data, listens=replace(data.listens, rating=rating))
    after = policies.expected(model.load(), changed, rows, tracks, 0)
    mine = np.array(data.listens.people)[rows] == data.listens.people[rows[0]]
    np.testing.assert_allclose(after[mine], before[mine])
    assert np.abs(after[~mine] - before[~mine]).max() > 0.01


@pytest.mark.parametrize(
    ("place", "state"),
    [((0.5, 0.5), "positive"), ((0.5, -0.5), "calm"), ((-0.5, 0.5), "anxiety"),
     ((-0.5, -0.5), "depression")],
)  # fmt: skip
def test_a_state_is_a_quadrant(place, state):
    assert policies.state_of(*place) == state
