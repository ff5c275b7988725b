# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.options import build
from emo_music_ros.recommendation.base import Need, Recommender
from emo_music_ros.recommendation.policy.therapeutic import (
    RandomRecommender,
    TherapeuticRecommender,
    familiarity,
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


def same_quadrant(need, track):
    return (need.valence >= 0) == (track.valence >= 0) and (need.arousal >= 0) == (
        track.arousal >= 0
    )


def test_an_anxious_person_gets_music_near_the_need():
    tracks = library()
    need, ranked = therapeutic(epsilon=0.0, temperature=1e-4).rank(
        "anxiety", feels(-0.3, 0.6), tracks, Person(), (), 5
    )
    best = min(
        [track for track in tracks if same_quadrant(need, track)],
        key=lambda t: (
            (t.valence - need.valence) ** 2
            + (t.arousal - need.arousal) ** 2
            + 0.25 * (t.dominance - need.dominance) ** 2
        ),
    )
    assert ranked[0].track is best


def test_need_bounds_the_choice_and_taste_chooses_within_it():
    """A year of rewards for angry music plays none of it to somebody who has to calm down."""
    tracks = library(60)
    wild = [track for track in tracks if track.valence < 0 < track.arousal]
    taste = np.mean([track.features for track in wild], axis=0)
    person = Person(
        preference=taste / np.linalg.norm(taste),
        history={track.track_id: (1.0, 50) for track in wild},
    )
    recommender, heard = therapeutic(), []
    for number in range(60):
        need, ranked = recommender.rank("anxiety", feels(-0.5, 0.6), tracks, person, heard[-12:], 5)
        heard.append(ranked[0].track.track_id)
        assert same_quadrant(need, ranked[0].track)
        if number >= 10:
            assert ranked[0].track not in wild


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
    assert 2 <= sum(entry.propensity > 0 for entry in ranked) <= 5


def test_the_rest_follows_what_answers_the_need_in_order_of_the_final_score():
    need, ranked = therapeutic().rank("calm", feels(0.4, -0.4), library(), Person(), (), 40)
    most = max(entry.attention for entry in ranked)
    finals = [entry.score * (1 + entry.attention / most) / 2 for entry in ranked]
    assert len({entry.track.track_id for entry in ranked}) == 40
    fit = [same_quadrant(need, entry.track) for entry in ranked[:5]]
    assert all(fit)
    tail = finals[11:]  # beyond the most that are near
    assert tail == sorted(tail, reverse=True)


def test_the_need_moves_on_with_the_tracks_that_were_heard():
    tracks, recommender, person = library(), therapeutic(), Person()
    mood = feels(-0.2, 0.6)
    first, ranked = recommender.rank("anxiety", mood, tracks, person, (), 5)
    heard = (ranked[0].track.track_id,)
    again, _ = recommender.rank("anxiety", mood, tracks, person, (), 5)
    assert (again.valence, again.arousal) == (first.valence, first.arousal)
    second, _ = recommender.rank("anxiety", mood, tracks, person, heard, 5)
    repeated, _ = recommender.rank("anxiety", mood, tracks, person, heard, 5)
    assert second.arousal == pytest.approx(first.arousal - 0.15)
    assert repeated.arousal == second.arousal
    other, _ = recommender.rank("anxiety", mood, tracks, Person("bert"), (), 5)
    assert other.arousal == first.arousal


def test_after_a_restart_it_goes_on_from_the_track_heard_last():
    tracks = library()
    need, _ = therapeutic().rank("anxiety", feels(-0.5, 0.6), tracks, Person(), ("t4",), 5)
    away = np.hypot(need.valence - tracks[4].valence, need.arousal - tracks[4].arousal)
    assert away <= 0.4 + 1e-9


def test_where_the_library_cannot_the_reason_says_so():
    happy = [track for track in library(60) if track.valence > 0.3 and track.arousal > 0.3]
    need, ranked = therapeutic().rank("depression", feels(-0.6, -0.6), happy, Person(), (), 5)
    assert same_quadrant(need, ranked[0].track)
    assert "nothing of that mood" in need.reason
    need, _ = therapeutic().rank("depression", feels(-0.3, -0.3), library(60), Person(), (), 5)
    assert "nothing" not in need.reason


def test_a_large_change_is_told_where_there_is_nothing_between():
    far = [
        Track("low", "", valence=-0.9, arousal=-0.9, features=np.ones(2)),
        Track("high", "", valence=0.9, arousal=0.9, features=np.ones(2)),
    ]
    recommender = therapeutic(goal="positive")
    recommender.rank("positive", feels(0.6, 0.3), far, Person(), (), 1)
    need, ranked = recommender.rank("positive", feels(0.6, 0.3), far, Person(), ("low",), 1)
    assert ranked[0].track.track_id == "high"
    assert "nothing between" in need.reason


def test_nobody_who_is_agitated_is_explored_on():
    tracks = library()
    options = {"epsilon": 1.0, "temperature": 1e-4}
    for state, arousal, explored in (("anxiety", 0.6, False), ("calm", -0.4, True)):
        valence = -0.3 if state == "anxiety" else 0.4
        _, ranked = therapeutic(**options).rank(
            state, feels(valence, arousal), tracks, Person(), (), 40
        )
        assert (max(entry.propensity for entry in ranked) < 0.9) == explored


def test_own_songs_come_first_then_their_artist_their_time_and_the_unknown():
    tracks = [
        Track("unknown", ""),
        Track("own", "", artist="Abba", year=1975, language="sv", own=True),
        Track("artist", "", artist="Abba"),
        Track("time", "", year=1979),
        Track("language", "", language="sv"),
    ]
    bonus = dict(zip((track.track_id for track in tracks), familiarity(tracks)))
    assert bonus["own"] > bonus["artist"] > bonus["time"] == bonus["language"] > bonus["unknown"]
    assert familiarity([tracks[0], tracks[2]]).tolist() == [0, 0]


def test_an_empty_library_gives_nothing_and_says_so():
    need, ranked = therapeutic().rank("calm", feels(0.5, -0.5), [], Person(), (), 5)
    assert ranked == []
    assert "empty" in need.reason


def test_recent_tracks_are_avoided_as_long_as_there_are_others():
    tracks = library(3)

    def first(recent, tracks=tracks):
        _, ranked = therapeutic().rank("calm", feels(0.4, -0.4), tracks, Person(), recent, 1)
        return ranked[0].track.track_id

    assert first(["t0", "t1"]) == "t2"
    assert first(["t0", "t1", "t2"]) != "t2"
    assert first(["t0"], tracks[:1]) == "t0"


@pytest.mark.parametrize(
    ("state", "place"),
    [("positive", (0.6, 0.5)), ("calm", (0.5, -0.5)), ("depression", (-0.5, -0.5))],
)
def test_what_was_heard_lately_is_better_than_music_of_another_mood(state, place):
    tracks = library(60)
    policy, recent = therapeutic(), []
    for number in range(40):
        need, ranked = policy.rank(state, feels(*place), tracks, Person(), recent, 1)
        first = ranked[0].track
        assert not (first.valence < 0 <= first.arousal)
        if state != "depression":
            assert same_quadrant(Need(*place, 0.0, ""), first), number
        assert not recent or recent[-1] != first.track_id
        recent.append(first.track_id)


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
    if size > 1 and names and ids:
        assert names[-1] != ids[0]
    if ids:
        assert same_quadrant(need, ranked[0].track) or plugin is RandomRecommender or broken
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
