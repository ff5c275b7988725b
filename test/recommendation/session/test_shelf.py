# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.streams import Track


def track(name, *features):
    return Track(name, "", features=np.array(features, np.float32))


def test_tracks_are_described_about_the_middle_of_the_whole_library():
    library = [track("a", 1.0, 0.0), track("b", 3.0, 0.0), track("c", 2.0, 4.0), track("d", 2.0, 0)]
    shelf = Shelf(lambda: library)
    middle = np.array([2.0, 1.0])
    for kept, original in zip(shelf.tracks(), library):
        away = original.features - middle
        assert kept.features == pytest.approx(away / np.linalg.norm(away))
        # What a part of the library is ranked by is what is learned.
        assert shelf.content(original) == pytest.approx(kept.features)
        assert shelf.find(original.track_id) is kept


def test_what_is_not_in_the_library_is_not_found():
    shelf = Shelf(lambda: [track("a", 1.0)])
    assert shelf.find("nothing") is None
    assert shelf.content(track("nothing", 1.0)).size == 0
    assert Shelf(list).tracks() == []


def test_a_library_that_grew_is_seen():
    library = [track("a", 1.0, 0.0), track("b", 0.0, 1.0)]
    shelf = Shelf(lambda: library)
    first = shelf.tracks()
    assert shelf.tracks() is first  # nothing is computed anew
    library.append(track("c", 1.0, 1.0))
    assert [each.track_id for each in shelf.tracks()] == ["a", "b", "c"]
    library = [track("z", 1.0, 0.0)]
    assert shelf.find("z") is not None
    assert shelf.find("a") is None
