# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Four weeks of simulated people: who they are, what happens, what is made of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from emo_music_ros.errors import InputError, ModelError, PluginError
from emo_music_ros.measures import ON_TIME
from emo_music_ros.simulation.resume import finished
from emo_music_ros.simulation.weeks import experiment as experiments
from emo_music_ros.simulation.weeks import figures, people, report, session
from emo_music_ros.simulation.weeks.experiment import Task, different, experiment, run
from emo_music_ros.simulation.weeks.people import Person, fitted, library, pieces
from emo_music_ros.simulation.weeks.session import SCENARIOS, Weeks, make


@pytest.fixture(scope="module")
def tracks():
    return library([1])


@pytest.fixture(scope="module")
def shelf(tracks):
    return pieces(tracks, [1])


def test_a_library_varies_as_the_fitted_one_and_depends_on_its_seed(tracks):
    found = fitted()["tracks"]
    assert {track.genre for track in tracks} <= set(found["genres"])
    assert all(-1 <= track.valence <= 1 and 90 <= track.duration <= 360 for track in tracks)
    many = np.array([track.features for track in library([2], 4000)], float)
    assert np.abs(many.mean(axis=0)).max() < 0.25
    assert np.abs(many.std(axis=0) - 1).max() < 0.35
    assert library([1])[5].valence == tracks[5].valence
    assert library([3])[5].valence != tracks[5].valence


def test_people_like_what_the_fit_says_and_tire_of_it_until_they_rested(shelf):
    spreads = fitted()["rating"]["spreads"]
    worth = np.array([Person(shelf, np.random.default_rng(seed)).expected() for seed in range(300)])
    about = worth - worth.mean(axis=0)  # clipping to 1..5 takes a little
    whole = math.hypot(spreads["person"], spreads["taste"], spreads["person piece"])
    assert about.std() == pytest.approx(whole, rel=0.15)
    rng = np.random.default_rng(0)
    one = Person(shelf, rng)
    row = int(one.expected().argmax())
    fresh = one.expected_of(row)
    for _ in range(3):
        one.listen(row, 4.0, 200.0, rng)
    assert one.expected_of(row) == pytest.approx(fresh - 3 * people.TIRED)
    one.wake(rng, np.zeros(2), people.RESTED)
    assert one.expected_of(row) == pytest.approx(fresh - 1.5 * people.TIRED)
    assert one.expected()[row] == one.expected_of(row)


def test_liked_music_lifts_a_mood_by_what_was_fitted(shelf):
    def after(rating):
        moods = []
        for seed in range(400):
            rng = np.random.default_rng(seed)
            one = Person(shelf, rng)
            one.mood = np.zeros(2)
            one.listen(0, rating, fitted()["listen"], rng)
            moods.append(one.mood[0])
        return float(np.mean(moods))

    slope = fitted()["after"]["valence"]["fixed"]["liking"]
    assert slope > 0
    assert after(5.0) - after(1.0) == pytest.approx(4 * slope, abs=0.03)


def test_only_what_is_disliked_is_skipped(shelf):
    rng = np.random.default_rng(0)
    one = Person(shelf, rng)
    assert one.patience(people.MIDDLE, rng) == math.inf
    waits = [one.patience(1.0, rng) for _ in range(3000)]
    assert np.mean(waits) == pytest.approx(60 / people.SKIPS, rel=0.1)


def test_a_turned_taste_is_the_contrary(shelf):
    rng = np.random.default_rng(0)
    one = Person(shelf, rng)
    taste = shelf.content @ one._taste
    one.turn(rng)
    assert shelf.content @ one._taste == pytest.approx(-taste)
    assert not np.allclose(one.expected(), Person(shelf, np.random.default_rng(0)).expected())


def test_all_policies_meet_the_same_people_and_a_task_always_gives_the_same():
    tasks = [Task(policy, "home", 1, 5, 2) for policy in ("genre_table", "fixed_playlist")]
    table, fixed = (run(task)[1] for task in tasks)
    assert table["changes"] != fixed["changes"]
    again = run(tasks[0])[1]
    for facts in (table, again):
        facts.pop("choosing")
    assert table == again


@pytest.mark.parametrize("policy", ["companion", "companion:direct", "omniscient", "popular"])
def test_sessions_of_every_scenario_keep_the_guard_rails(policy, tracks, shelf):
    for scenario in SCENARIOS.values():
        weeks = Weeks(make(policy, 0, scenario), tracks, shelf, scenario, [4, 1])
        facts = weeks.run(1)
        assert facts.sessions == 1
        assert set(facts.violations.values()) == {0}
        assert len(facts.violations) == 3
        assert 0 < facts.accepted <= facts.offered <= len(weeks.played)
        assert facts.completed == facts.sessions - facts.stops
        assert facts.ratings[1] == len(weeks.played)


def test_a_broken_guard_rail_is_seen(tracks, shelf):
    scenario = SCENARIOS["home"]
    weeks = Weeks(make("fixed_playlist", 0, scenario), tracks, shelf, scenario, [4, 1])
    wild = max(tracks, key=lambda track: track.tempo)
    weeks._memory.blocked.add(wild.track_id)
    weeks._guard(wild, True, math.nan)
    assert set(weeks.facts.violations.values()) == {1}


def test_distress_ends_a_session_and_keeps_the_track_back(tracks, shelf, monkeypatch):
    def shock(self, row, rating, seconds, rng):
        self.mood = np.array([-0.8, 0.9])

    monkeypatch.setattr(Person, "listen", shock)
    scenario = SCENARIOS["home"]
    weeks = Weeks(make("fixed_playlist", 0, scenario), tracks, shelf, scenario, [4, 1])
    facts = weeks.run(1)
    assert (facts.stops, facts.completed) == (1, 0)
    assert weeks._memory.blocked == {weeks.played[-1]}
    assert session.LENGTH * ON_TIME > tracks[0].duration


def test_who_likes_all_alike_is_offered_many_tracks():
    assert different("companion", 3, listeners=1)[0] >= figures.VARIED


def facts(minutes, reward, worse=0, advantage=()):
    return {
        "sessions": 2, "members": 1, "minutes": minutes, "reached": 1, "changes": [0.1, 0.2],
        "worse": worse, "stops": 0, "completed": 2, "accepted": 9, "offered": 10,
        "rewards": [reward, 10], "ratings": [30.0, 10], "choosing": [1.0],
        "violations": {"a track that was blocked": 0}, "advantage": list(advantage),
    }  # fmt: skip


def test_goals_compare_the_same_people_and_say_what_was_missed():
    low = [-1.0] * 4 + [1.0] * 20
    found = {
        "companion": {"home": [facts([6.0, 10.0], 3.0, advantage=low), facts([4.0], 3.0)]},
        "fixed_playlist": {"home": [facts([10.0, 10.0], 1.0, 1), facts([10.0], 1.0, 1)]},
        "genre_table": {"home": [facts([9.0], 2.0), facts([9.0], 2.8)]},
    }
    made = {goal["name"].partition(": ")[2]: goal for goal in figures.report(
        found, {"companion": [15, 14]})["goals"]}  # fmt: skip
    saved = made["time to the mood led to saved against fixed_playlist"]
    assert saved["value"] == pytest.approx(1 - (20 / 3) / 10)
    assert saved["reached"] is True
    assert saved["low"] < saved["value"] < saved["high"]
    assert made["reward gained against genre_table"]["value"] == pytest.approx(0.25)
    worse = made["share of sessions that end worse, above fixed_playlist (one-sided)"]
    assert (worse["value"], worse["reached"]) == (-0.5, True)
    followed = made["tracks until a taste that turned is followed"]
    assert followed["value"] == 2  # from there on three of five are liked better than chance
    assert made["different tracks among 25, equal liking"]["reached"] is False
    assert made["a track that was blocked, a session"]["reached"] is True


def test_the_experiment_is_reported_as_simulation_and_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "INDIFFERENT", 1)
    options = {"people": 8, "seed": 2, "days": 1, "work": tmp_path}
    policies = ["genre_table", "fixed_playlist"]
    calls = []
    first = experiment(policies=policies, progress=lambda *done: calls.append(done), **options)
    assert calls[-1] == (36, 36)  # 8 and 8 people and 2 groups, twice
    kept = next(tmp_path.glob("weeks-*.jsonl"))
    lines = kept.read_text().splitlines()
    kept.write_text("\n".join(lines[:-1]) + '\n{"task": "cut o')
    calls.clear()
    again = experiment(policies=policies, progress=lambda *done: calls.append(done), **options)
    assert calls == [(36, 36)]
    value = {one["name"]: one["value"] for one in first["policies"]["genre_table"]["all"]}
    same = {one["name"]: one["value"] for one in again["policies"]["genre_table"]["all"]}
    for found in (value, same):
        found.pop("ms to choose")
    assert value == same
    text = report.markdown(first)
    assert "simulated listeners, not people" in text
    assert "| response time | not run | not run |" in text
    report.save(tmp_path, first)
    assert json.loads((tmp_path / "results" / "weeks.json").read_text())["about"]["people"] == 8
    assert (tmp_path / "weeks.md").read_text() == text


def test_a_policy_whose_package_is_missing_is_not_run_and_says_why(tmp_path, monkeypatch):
    def without(policy, seed, scenario):
        if policy == "bandit":
            raise PluginError("it needs MABWiser", "Install it")
        return make(policy, seed, scenario)

    monkeypatch.setattr(experiments, "make", without)
    monkeypatch.setattr(experiments, "INDIFFERENT", 1)
    found = experiment(people=8, seed=2, days=1, work=tmp_path, policies=["bandit", "genre_table"])
    assert list(found["policies"]) == ["genre_table"]
    assert "`bandit`: not run. it needs MABWiser" in report.markdown(found)


def test_what_makes_no_sense_is_refused(tmp_path):
    with pytest.raises(InputError, match="say nothing"):
        experiment(people=3, seed=0, days=1, work=tmp_path, policies=["popular"])
    with pytest.raises(PluginError, match="no recommender plugin"):
        experiment(people=8, seed=0, days=1, work=tmp_path, policies=["nonsense"])
    (tmp_path / "listeners.json").write_text("{}")
    with pytest.raises(ModelError, match="train listeners"):
        fitted(tmp_path / "listeners.json")


def _double(task):
    return str(task), {"value": 2 * task}


def test_what_is_finished_is_kept_in_the_order_asked_for(tmp_path):
    wanted = {str(number): number for number in (3, 1, 2)}
    prepared = []
    for _ in range(2):
        found = finished(
            wanted, _double, tmp_path / "kept.jsonl", prepare=prepared.append, prepared_with=("p",)
        )
        assert [one["value"] for one in found] == [6, 2, 4]
    assert prepared == ["p"]
