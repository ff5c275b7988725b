# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be played to whom, at the limits of the rules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.recommendation.policy.guard import AGITATED, admissible, aroused, gentle
from emo_music_ros.streams import Estimate, Track

NAN = math.nan


def feels(valence, arousal, dominance=NAN):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, dominance, 1.0)


def test_agitated_is_from_the_limit_on():
    assert aroused("anxiety", feels(-0.5, AGITATED))
    assert not aroused("anxiety", feels(-0.5, AGITATED - 1e-9))


def test_music_neither_pleasant_nor_unpleasant_is_gentle():
    assert gentle(Track("a", "", valence=0.0))
    assert not gentle(Track("a", "", valence=-1e-9))


def test_of_a_large_unpleasant_library_a_quarter_is_left_the_quieter_first():
    wild = [Track(f"w{n}", "", valence=-0.5, arousal=n / 20) for n in range(20)]
    pool, _ = admissible(wild, careful=True)
    assert [track.track_id for track in pool] == [f"w{n}" for n in range(5)]
    pool, _ = admissible(wild[:2], careful=True)
    assert len(pool) == 2


@pytest.mark.parametrize(("skipped", "left"), [(2, 1), (3, 1), (4, 2), (5, 2)])
def test_of_all_that_was_skipped_the_older_half_returns(skipped, left):
    tracks = [Track(f"t{n}", "") for n in range(skipped)]
    rejected = [track.track_id for track in reversed(tracks)]
    pool, _ = admissible(tracks, careful=False, rejected=rejected)
    assert [track.track_id for track in pool] == rejected[:left]


def test_one_skipped_track_among_own_songs_leaves_the_others():
    own = [Track(f"o{n}", "", own=True) for n in range(3)]
    pool, _ = admissible([*own, Track("x", "")], careful=True, rejected=["o1"])
    assert [track.track_id for track in pool] == ["o0", "o2"]
