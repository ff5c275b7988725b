# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.fusion.group import FAR, group_of
from emo_music_ros.streams import Emotion, Estimate


def emotion(person, valence, arousal, state="calm", present=True):
    estimate = Estimate(STATES, np.full(4, 0.25), valence, arousal, 0.0, 0.5, 1.0)
    return Emotion(0.0, state, estimate, 0.5, (), "test", person, present)


def test_the_median_counts_and_who_is_elsewhere_is_named():
    group = group_of(
        [
            *(emotion(name, 0.5, -0.4) for name in "ab"),
            emotion("c", 0.4, -0.5),
            emotion("d", -0.6, 0.7, "anxiety"),
            emotion("gone", -1.0, 1.0, "anxiety", present=False),
        ],
        7.0,
    )
    assert (group.time, group.present, group.known, group.state) == (7.0, 4, 4, "calm")
    assert group.valence == pytest.approx(0.45)
    assert group.arousal == pytest.approx(-0.4)
    assert group.spread_valence == pytest.approx(0.05)
    assert group.deviating == ("d",)


def test_few_that_are_known_do_not_speak_for_all():
    nobody = [
        Emotion(0.0, UNKNOWN, unknown(STATES), 1.0, (), "test", f"{n}", True) for n in range(3)
    ]
    group = group_of([emotion("a", 0.5, 0.5, "positive"), *nobody], 0.0)
    assert (group.present, group.known, group.state) == (4, 1, UNKNOWN)
    assert group.valence == 0.5
    empty = group_of(nobody, 0.0)
    assert (empty.present, empty.known, empty.state, empty.deviating) == (3, 0, UNKNOWN, ())
    assert math.isnan(empty.valence)
    assert math.isnan(empty.spread_arousal)
    assert group_of([], 0.0).present == 0


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=9))
def test_the_order_of_people_says_nothing_and_one_person_is_the_group(places):
    people = [emotion(f"{n}", *place) for n, place in enumerate(places)]
    forth, back = group_of(people, 0.0), group_of(people[::-1], 0.0)
    assert (forth.valence, forth.arousal, forth.state) == (back.valence, back.arousal, back.state)
    assert set(forth.deviating) == set(back.deviating)
    assert -1 <= forth.valence <= 1
    away = {
        person.person_id
        for person in people
        if math.hypot(
            person.estimate.valence - forth.valence, person.estimate.arousal - forth.arousal
        )
        > FAR
    }
    assert set(forth.deviating) == away
    alone = group_of(people[:1], 0.0)
    assert (alone.valence, alone.arousal) == places[0]
    assert alone.spread_valence == 0
