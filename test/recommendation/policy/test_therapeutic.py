from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.options import build
from emo_music_ros.recommendation.base import Recommender
from emo_music_ros.recommendation.policy.therapeutic import (
    RandomRecommender,
    TherapeuticRecommender,
    candidates,
)
from emo_music_ros.streams import Estimate, Track

NAN = float("nan")


class Person:
    def __init__(self, person_id="anna", preference=(), history=None):
        self.person_id = person_id
        self.preference = np.array(preference, float)
        self.known = history or {}

    def history(self, track_id):
        return self.known.get(track_id, (0.0, 0))


def feels(valence, arousal):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, NAN, 1.0)


def library(count=40, seed=1, width=6):
    rng = np.random.default_rng(seed)
    return [
        Track(
            f"t{i}",
            f"/music/t{i}.ogg",
            title=f"Piece {i}",
            valence=float(v),
            arousal=float(a),
            dominance=float(d),
            features=rng.normal(size=width).astype(np.float32),
        )
        for i, (v, a, d) in enumerate(rng.uniform(-1, 1, (count, 3)))
    ]


def therapeutic(**options):
    return TherapeuticRecommender(
        TherapeuticRecommender.Options(**{"seed": 7, "time_of_day": False, **options})
    )


def test_both_satisfy_the_interface():
    recommender: Recommender = therapeutic()
    assert callable(recommender.rank)
    build(TherapeuticRecommender.Options, {"top_k": 3, "goal": "calm"})
    assert RandomRecommender().rank(UNKNOWN, feels(NAN, NAN), library(3), Person(), (), 2)[1]


def test_the_score_is_that_of_eq_8_and_attention_sums_to_one():
    tracks = library()
    person = Person(preference=np.ones(6), history={"t3": (0.8, 4)})
    _, ranked = therapeutic().rank("anxiety", feels(-0.5, 0.6), tracks, person, (), 40)
    assert len(ranked) == 40
    for entry in ranked:
        assert entry.score == pytest.approx(
            0.5 * entry.emotion_match + 0.25 * entry.preference_match + 0.25 * entry.history_match
        )
    assert sum(entry.attention for entry in ranked) == pytest.approx(1.0)
    assert sum(entry.propensity for entry in ranked) == pytest.approx(1.0)


def test_an_anxious_person_gets_music_near_the_need():
    tracks = library()
    need, ranked = therapeutic(epsilon=0.0, temperature=1e-4).rank(
        "anxiety", feels(-0.3, 0.6), tracks, Person(), (), 5
    )
    best = max(
        tracks,
        key=lambda t: (
            -(
                (t.valence - need.valence) ** 2
                + (t.arousal - need.arousal) ** 2
                + 0.25 * (t.dominance - need.dominance) ** 2
            )
        ),
    )
    assert ranked[0].track is best
    assert ranked[0].emotion_match == max(entry.emotion_match for entry in ranked)


def test_what_worked_before_and_taste_raise_a_track():
    base = library(2)
    twins = [
        base[0],
        Track(
            "twin",
            "",
            valence=base[0].valence,
            arousal=base[0].arousal,
            dominance=base[0].dominance,
            features=-base[0].features,
        ),
    ]
    sure = {"epsilon": 0.0, "temperature": 1e-4}
    liked = Person(history={"twin": (1.0, 5)})
    assert (
        therapeutic(**sure).rank("calm", feels(0.5, -0.5), twins, liked, (), 1)[1][0].track.track_id
        == "twin"
    )
    taste = Person(preference=base[0].features)
    assert (
        therapeutic(**sure).rank("calm", feels(0.5, -0.5), twins, taste, (), 1)[1][0].track.track_id
        == "t0"
    )


def test_propensities_are_the_frequencies_of_the_first_track():
    tracks, recommender, seen = library(12), therapeutic(temperature=0.05, epsilon=0.2), Counter()
    for _ in range(1500):
        _, ranked = recommender.rank("calm", feels(0.4, -0.4), tracks, Person(), (), 12)
        seen[ranked[0].track.track_id] += 1
    for entry in ranked:
        assert seen[entry.track.track_id] / 1500 == pytest.approx(entry.propensity, abs=0.05)
    assert sum(entry.propensity > 0 for entry in ranked) == 5


def test_the_rest_follows_in_order_of_the_final_score():
    _, ranked = therapeutic().rank("calm", feels(0.4, -0.4), library(), Person(), (), 40)
    most = max(entry.attention for entry in ranked)
    finals = [entry.score * (1 + entry.attention / most) / 2 for entry in ranked]
    assert finals[1:] == sorted(finals[1:], reverse=True)
    assert len({entry.track.track_id for entry in ranked}) == 40


def test_the_need_moves_on_with_the_tracks_that_were_heard():
    tracks, recommender, person = library(), therapeutic(), Person()
    mood = feels(-0.2, 0.6)
    first, _ = recommender.rank("anxiety", mood, tracks, person, (), 5)
    again, _ = recommender.rank("anxiety", mood, tracks, person, (), 5)
    assert (again.valence, again.arousal) == (first.valence, first.arousal)
    second, _ = recommender.rank("anxiety", mood, tracks, person, ("t1",), 5)
    repeated, _ = recommender.rank("anxiety", mood, tracks, person, ("t1",), 5)
    assert second.arousal == pytest.approx(first.arousal - 0.15)
    assert repeated.arousal == second.arousal
    other, _ = recommender.rank("anxiety", mood, tracks, Person("bert"), (), 5)
    assert other.arousal == first.arousal


def test_after_a_restart_it_goes_on_from_the_track_heard_last():
    tracks = library()
    need, _ = therapeutic().rank("anxiety", feels(-0.5, 0.6), tracks, Person(), ("t4",), 5)
    assert abs(need.valence - tracks[4].valence) <= 0.15 + 1e-9
    assert abs(need.arousal - tracks[4].arousal) <= 0.15 + 1e-9


def test_an_empty_library_gives_nothing_and_says_so():
    need, ranked = therapeutic().rank("calm", feels(0.5, -0.5), [], Person(), (), 5)
    assert ranked == []
    assert "empty" in need.reason


def test_recent_tracks_are_avoided_as_long_as_there_are_others():
    tracks = library(3)
    assert candidates(tracks, ["t0", "t1"]) == [2]
    assert candidates(tracks, ["t0", "t1", "t2"]) == [0, 1]
    assert candidates(tracks[:1], ["t0"]) == [0]


def test_the_evening_is_quieter():
    recommender = therapeutic(time_of_day=True)
    noon = time.mktime((2024, 6, 1, 12, 0, 0, 0, 0, -1))
    recommender.clock = lambda: noon
    day = recommender.target("anxiety", feels(-0.5, 0.5))
    recommender.clock = lambda: noon + 8 * 3600
    assert recommender.target("anxiety", feels(-0.5, 0.5))[1] < day[1]


def test_options_can_change_at_run_time():
    recommender = therapeutic()
    recommender.reconfigure(TherapeuticRecommender.Options(goal="positive", time_of_day=False))
    assert recommender.target("calm", feels(0.5, -0.5))[1] > 0


def test_random_is_uniform_over_all_candidates():
    tracks, seen = library(5), Counter()
    recommender = RandomRecommender(RandomRecommender.Options(seed=3))
    for _ in range(1000):
        _, ranked = recommender.rank("calm", feels(0.4, -0.4), tracks, Person(), (), 2)
        seen[ranked[0].track.track_id] += 1
        assert [entry.propensity for entry in ranked] == pytest.approx([0.2, 0.2])
    assert min(seen.values()) > 140


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([TherapeuticRecommender, RandomRecommender]),
    st.sampled_from((*STATES, UNKNOWN)),
    st.tuples(*[st.one_of(st.just(NAN), st.floats(-1, 1))] * 2),
    st.integers(0, 12),
    st.lists(st.integers(0, 12), max_size=8),
    st.integers(0, 15),
    st.lists(st.floats(-2, 2), max_size=7),
    st.booleans(),
)
def test_any_question_gets_a_sound_answer(
    plugin, state, mood, size, recent, count, preference, broken
):
    tracks = library(size)
    if broken and tracks:
        tracks[0] = Track("t0", "", valence=NAN, features=np.full(6, np.nan))
    names = [f"t{i}" for i in recent]
    need, ranked = plugin().rank(
        state, feels(*mood), tracks, Person(preference=preference), names, count
    )
    assert np.isfinite([need.valence, need.arousal, need.dominance]).all()
    assert len(ranked) <= count
    ids = [entry.track.track_id for entry in ranked]
    assert len(set(ids)) == len(ids)
    if size > 1 and names:
        assert names[-1] not in ids
    for entry in ranked:
        values = [
            entry.score,
            entry.emotion_match,
            entry.preference_match,
            entry.history_match,
            entry.attention,
            entry.propensity,
        ]
        assert np.isfinite(values).all()
        assert min(values) >= 0
        assert max(values) <= 1 + 1e-9
    assert sum(entry.propensity for entry in ranked) <= 1 + 1e-9
