# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is analysed once is found again as it was."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.io.database import Database, transaction
from emo_music_ros.recommendation.library.analysis import FEATURES
from emo_music_ros.recommendation.library.files import AudioFile
from emo_music_ros.recommendation.library.store import APPLICATION, MIGRATIONS, LibraryStore
from emo_music_ros.streams import Track

TRACK = Track(
    "id",
    "",
    duration=61.5,
    tempo=96.0,
    mode=-0.5,
    energy=0.7,
    valence=0.2,
    arousal=-0.3,
    dominance=0.1,
    features=np.linspace(-0.5, 0.25, len(FEATURES), dtype=np.float32),
)


def test_an_analysis_is_found_by_its_version_with_all_its_values(tmp_path):
    store = LibraryStore(tmp_path / "library.sqlite")
    with store.session():
        store.save_analysis(TRACK, "1.a")
    with store.session():
        assert store.analyses("1.b") == {}
        (found,) = store.analyses("1.a").values()
    names = ("track_id", "duration", "tempo", "mode", "energy", "valence", "arousal", "dominance")
    assert [getattr(found, name) for name in names] == [getattr(TRACK, name) for name in names]
    assert found.features.tolist() == TRACK.features.tolist()
    assert (found.path, found.title) == ("", "")


def test_loudness_is_kept_and_may_be_unknown(tmp_path):
    store = LibraryStore(tmp_path / "library.sqlite")
    loud = replace(TRACK, track_id="loud", loudness=-14.5, loudest=-9.0, peak=0.5)
    with store.session():
        store.save_analysis(TRACK, "1.a")
        store.save_analysis(loud, "1.a")
        store.save_analysis(replace(loud, track_id="absurd", loudness=400.0), "1.a")
        found = store.analyses("1.a")
    assert set(found) == {"id", "loud"}
    assert (found["loud"].loudness, found["loud"].loudest, found["loud"].peak) == (-14.5, -9.0, 0.5)
    assert math.isnan(found["id"].loudness)


def test_a_database_of_before_loudness_is_taken_over(tmp_path):
    old = Database(
        tmp_path / "library.sqlite", MIGRATIONS[:1], application=APPLICATION, what="library"
    )
    with transaction(old.connect()):
        old.connect().execute(
            "INSERT INTO files VALUES ('/music/a.ogg', 1, 2, 'id', 'T', 'A', 'g', '1.a', '')"
        )
    old.close()
    store = LibraryStore(tmp_path / "library.sqlite")
    with store.session():
        (entry,) = store.files(Path("/music")).values()
    assert (entry.title, entry.album, entry.number) == ("T", "", 0)


def test_files_are_found_below_their_folder_until_they_are_forgotten(tmp_path):
    store = LibraryStore(tmp_path / "library.sqlite")
    inside = AudioFile(
        "/music/a.ogg", 12, 34, "id", "Title", "Artist", "genre", "1.a", "", "Album", 3
    )
    beside = AudioFile("/musical/b.ogg", 1, 2, error="'b' is empty")
    with store.session():
        store.save_file(inside)
        store.save_file(beside)
        assert store.files(Path("/music")) == {inside.path: inside}
        assert store.files(Path("/musical")) == {beside.path: beside}
        store.forget_file(inside.path)
        assert store.files(Path("/music")) == {}


def test_outside_of_a_session_nothing_is_known_or_kept(tmp_path):
    store = LibraryStore(tmp_path / "library.sqlite")
    store.save_analysis(TRACK, "1.a")
    assert store.analyses("1.a") == {}
    assert store.files(tmp_path) == {}
    with store.session():
        assert store.analyses("1.a") == {}
    assert store.failure == ""


@pytest.mark.parametrize(
    ("column", "value"), [("duration", 1e300), ("tempo", 1e39), ("valence", 50.0), ("energy", -7.0)]
)
def test_a_number_out_of_its_range_costs_its_row(tmp_path, column, value):
    store = LibraryStore(tmp_path / "library.sqlite")
    with store.session():
        store.save_analysis(TRACK, "1.a")
        store.save_analysis(replace(TRACK, track_id="wrong", **{column: value}), "1.a")
        assert set(store.analyses("1.a")) == {"id"}
