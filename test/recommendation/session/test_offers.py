# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is changed in an answer before it is offered."""

from __future__ import annotations

import math

import numpy as np

from emo_music_ros.care.profile import Profile
from emo_music_ros.recommendation.base import Need, RankedTrack
from emo_music_ros.recommendation.session import offers
from emo_music_ros.streams import Track

NAN = math.nan
SPAN, RISE = 50.0, 0.2


def entry(name):
    return RankedTrack(Track(name, ""), 0.5, 0.5, 0.5, 0.5, 0.2, 0.3)


def test_the_track_asked_for_comes_first_and_the_others_keep_their_order():
    ranked = [entry("a"), entry("b"), entry("c")]
    found = offers.first("b", ranked)
    assert [each.track.track_id for each in found] == ["b", "a", "c"]
    assert math.isnan(found[0].propensity)
    assert [each.propensity for each in found[1:]] == [0.3, 0.3]
    assert offers.first("z", ranked) == ranked


def test_a_note_follows_the_reason():
    need = Need(0.1, 0.2, 0.3, "Because.")
    assert offers.noted(need, "And so.") == Need(0.1, 0.2, 0.3, "Because. And so.")
    assert offers.noted(need, "") is need


def test_a_preview_is_somebody_else_who_knows_the_same():
    class Person:
        person_id, preference = "anna", np.ones(2)

        def history(self, track_id):
            return 0.5, 3

        def since(self, track_id):
            return 7

    profile = Profile(language="yue")
    known = offers.Known(Person(), profile, explore=False)
    assert (known.person_id, known.profile, known.explore) == ("anna", profile, False)
    preview = offers.Known(Person(), profile, preview=True)
    assert preview.person_id != "anna"
    assert preview.preference.tolist() == [1, 1]
    assert preview.history("t") == (0.5, 3)
    assert preview.since("t") == 7
