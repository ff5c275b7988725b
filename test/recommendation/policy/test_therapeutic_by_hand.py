# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the recommender chooses, by hand from its docstrings."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from emo_music_ros.recommendation.policy.target import (
    reason,
)
from emo_music_ros.recommendation.policy.therapeutic import (
    FAMILIAR,
    RandomRecommender,
    TherapeuticRecommender,
    familiarity,
)
from emo_music_ros.states import EDGE
from emo_music_ros.streams import Estimate, Track

NAN = math.nan


def feels(valence, arousal, dominance=NAN):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, dominance, 1.0)


class Person:
    person_id, preference = "anna", np.zeros(0)

    def history(self, track_id):
        return 0.0, 0


def therapeutic(kind=TherapeuticRecommender, **options):
    return kind(kind.Options(**{"seed": 7, "time_of_day": False, **options}))


def near(count, valence=0.4, arousal=-0.4, step=0.01):
    return [
        Track(f"t{n}", "", valence=valence + step * n, arousal=arousal, features=np.ones(2))
        for n in range(count)
    ]


def ranked(recommender, tracks, state="calm", mood=(0.4, -0.4), recent=(), count=40):
    return recommender.rank(state, feels(*mood), tracks, Person(), recent, count)


@pytest.mark.parametrize("epsilon", [0.0, 0.2, 1.0])
def test_a_propensity_is_the_soft_choice_mixed_with_a_uniform_one(epsilon):
    options = {"top_k": 3, "temperature": 0.02, "epsilon": epsilon}
    _, found = ranked(therapeutic(**options), near(8, step=0.05))
    most = max(entry.attention for entry in found)
    finals = {
        entry.track.track_id: entry.score * (1 + entry.attention / most) / 2 for entry in found
    }
    best = sorted(finals, key=finals.get)[-3:]
    odds = {name: math.exp(finals[name] / 0.02) for name in best}
    for entry in found:
        name = entry.track.track_id
        soft = odds[name] / sum(odds.values()) if name in best else 0.0
        uniform = 1 / 3 if name in best else 0.0
        assert entry.propensity == pytest.approx((1 - epsilon) * soft + epsilon * uniform)


def test_weights_of_the_score_are_shares_of_their_sum():
    _, small = ranked(therapeutic(alpha=0.2, beta=0.1, gamma=0.1), near(5))
    _, large = ranked(therapeutic(alpha=1.0, beta=0.5, gamma=0.5), near(5))
    scores = {entry.track.track_id: entry.score for entry in small}
    assert scores == pytest.approx({entry.track.track_id: entry.score for entry in large})
    _, none = ranked(therapeutic(alpha=0.0, beta=0.0, gamma=0.0), near(5))
    assert [entry.score for entry in none] == [0.0] * 5


def test_no_more_than_asked_for_is_returned():
    assert len(ranked(therapeutic(), near(5), count=2)[1]) == 2
    assert ranked(therapeutic(), near(5), count=0)[1] == []
    assert ranked(therapeutic(), near(5), count=-1)[1] == []


def test_familiar_music_has_its_bonus_by_hand():
    own = Track("own", "", artist="Abba", year=1975, language="sv", own=True)
    tracks = [
        own,
        Track("artist", "", artist="Abba"),
        Track("before", "", year=1970),
        Track("after", "", year=1980),
        Track("too early", "", year=1969),
        Track("too late", "", year=1981),
        Track("language", "", language="sv"),
        Track("nothing", ""),
    ]
    a, e = FAMILIAR["artist"], FAMILIAR["era"]
    assert familiarity(tracks).tolist() == [FAMILIAR["own"], a, e, e, 0, 0, e, 0]
    # what is not known of own songs makes nothing familiar
    bare = [Track("own", "", own=True), Track("nothing", "")]
    assert familiarity(bare).tolist() == [FAMILIAR["own"], 0]
    assert FAMILIAR["own"] > a > e > 0


def test_own_songs_are_preferred_among_what_answers_the_need():
    tracks = [replace(track, own=number == 4) for number, track in enumerate(near(6))]
    _, found = ranked(therapeutic(temperature=1e-4, epsilon=0.0), tracks)
    assert found[0].track.track_id == "t4"


def test_the_music_is_no_further_ahead_of_who_is_led_than_allowed():
    tracks = [
        Track(f"{v},{a}", "", valence=v, arousal=a)
        for v in np.arange(-0.95, 1, 0.1)
        for a in np.arange(-0.95, 1, 0.1)
    ]
    heard, policy = [], therapeutic(lead=0.2)
    for _ in range(12):
        need, found = ranked(policy, tracks, "anxiety", (0.1, 0.6), heard[-4:], 1)
        heard.append(found[0].track.track_id)
    # CALM is at (0.5, -0.4): two tenths towards it on each axis
    assert (need.valence, need.arousal) == pytest.approx((0.3, 0.4))
    free, heard = therapeutic(), []
    for _ in range(12):
        need, found = ranked(free, tracks, "anxiety", (0.1, 0.6), heard[-4:], 1)
        heard.append(found[0].track.track_id)
    assert (need.valence, need.arousal) == pytest.approx((0.5, -0.4))


def test_rather_a_large_change_than_unpleasant_music():
    sad = [Track(f"s{n}", "", valence=-0.3, arousal=-0.4 - n / 50) for n in range(4)]
    tracks = [*sad, Track("far", "", valence=0.9, arousal=0.9)]
    need, found = ranked(therapeutic(), tracks, recent=("s0",))
    assert need.valence >= 0
    assert found[0].track.track_id == "far"
    # who is low may hear the sad ones that are near
    need, found = ranked(therapeutic(), tracks, "depression", (-0.3, -0.4), ("s0",))
    assert need.valence < 0


def test_where_music_that_is_not_pleasant_is_wanted_no_jump_is_made_for_it():
    low = [Track(f"l{n}", "", valence=-0.3, arousal=-0.2 - n / 50) for n in range(4)]
    tracks = [*low, Track("wild", "", valence=-0.9, arousal=0.9)]
    need, found = ranked(therapeutic(), tracks, "anxiety", (-0.5, 0.6), ("l0",))
    assert (need.valence, need.arousal) == pytest.approx((-0.3, -EDGE))
    assert found[0].track.track_id != "wild"


def test_the_hour_is_that_of_the_place():
    policy = therapeutic(time_of_day=True)
    policy.clock = lambda: 1000.0
    day = {}
    for hour, minute in ((18, 59), (19, 0), (5, 59), (6, 0)):
        policy.local = lambda _, h=hour, m=minute: time.struct_time(
            (2024, 6, 1, h, m, 0, 5, 153, 0)
        )
        day[hour, minute] = policy.target("anxiety", feels(-0.5, 0.5))[1]
    assert day[18, 59] == pytest.approx(day[6, 0]) == pytest.approx(-0.4)
    assert day[19, 0] == pytest.approx(-0.55)
    assert day[5, 59] == pytest.approx(-0.7)


def test_a_random_choice_has_the_same_chance_for_all_that_was_not_heard_lately():
    _, found = ranked(therapeutic(RandomRecommender), near(5), recent=("t1", "t3"))
    chances = {entry.track.track_id: entry.propensity for entry in found}
    third = pytest.approx(1 / 3)
    assert chances == {"t0": third, "t2": third, "t4": third, "t1": 0.0, "t3": 0.0}
    _, found = ranked(therapeutic(RandomRecommender), near(3), recent=("t0", "t1", "t2"))
    chances = {entry.track.track_id: entry.propensity for entry in found}
    half = pytest.approx(1 / 2)
    assert chances == {"t0": half, "t1": half, "t2": 0.0}


@pytest.mark.parametrize("kind", [TherapeuticRecommender, RandomRecommender])
def test_the_only_track_is_chosen_again_and_again(kind):
    _, found = ranked(therapeutic(kind), near(1), recent=("t0",))
    assert [(entry.track.track_id, entry.propensity) for entry in found] == [("t0", 1.0)]


def test_what_was_heard_lately_is_not_what_the_need_is_moved_to():
    tracks = [
        Track("heard", "", valence=0.4, arousal=-0.4, features=np.ones(2)),
        *[replace(track, track_id=f"n{n}") for n, track in enumerate(near(6, 0.35, -0.35))],
    ]
    for recent in (("heard",), ("n0", "heard"), ("x", "n0", "n1", "heard")):
        _, found = ranked(therapeutic(), tracks, recent=recent)
        assert found[0].track.track_id not in recent


def test_the_same_seed_chooses_the_same():
    def choices(seed):
        policy = therapeutic(seed=seed, epsilon=1.0)
        return [ranked(policy, near(5))[1][0].track.track_id for _ in range(20)]

    assert choices(3) == choices(3)
    assert choices(3) != choices(4)


def test_a_need_says_where_it_is_within_the_circumplex():
    need, _ = ranked(therapeutic(), near(5))
    assert (need.valence, need.arousal) == pytest.approx((0.4, -0.4))
    assert -1 <= need.dominance <= 1
    assert need.reason == reason("calm")
