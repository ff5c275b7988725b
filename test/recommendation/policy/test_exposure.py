# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was heard lately waits, for each person, and ways to the goal."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from small_library import Person, feels, library

from emo_music_ros.recommendation.memory.person import LearnedPerson
from emo_music_ros.recommendation.policy.companion import REST, TIRING, Companion
from emo_music_ros.recommendation.policy.target import target
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender


def test_exposure_lowers_a_track_and_rest_brings_it_back_but_not_where_the_same_is_right():
    policy, tracks = Companion(Companion.Options(seed=3)), library()
    person = LearnedPerson("p")
    person.heard("t03", 1.0)
    assert person.since("t03") == 0
    assert person.since("t04") == math.inf
    lost = policy._exposure(tracks, person)
    assert lost.argmax() == 3
    assert lost[3] == pytest.approx(TIRING)
    assert lost.sum() == pytest.approx(TIRING)
    for _ in range(int(REST)):
        person.heard("t05", 1.0)
    assert policy._exposure(tracks, person)[3] == pytest.approx(TIRING / 2)
    policy._profile = replace(policy._profile, same_songs=True)
    assert not policy._exposure(tracks, person).any()
    assert not policy._exposure(tracks, Person()).any()  # one who does not remember


def test_a_path_goes_in_steps_and_the_direct_way_at_once():
    tense = feels(-0.6, 0.4)
    end = target("anxiety", tense)
    needs = {}
    for way in ("iso", "direct"):
        options = TherapeuticRecommender.Options(seed=3, way=way, time_of_day=False)
        policy, heard, needs[way] = TherapeuticRecommender(options), [], []
        for _ in range(8):
            need, found = policy.rank("anxiety", tense, library(60), Person(), heard, 5)
            heard.append(found[0].track.track_id)
            needs[way].append(math.dist((need.valence, need.arousal), end[:2]))
    assert max(needs["direct"]) < 0.2
    assert needs["iso"][0] > 0.5
    assert needs["iso"][-1] < 0.3
    assert np.all(np.diff(needs["iso"]) < 1e-6)
