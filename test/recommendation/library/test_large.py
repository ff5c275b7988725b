# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A large library: what is written is read, what is near is found, what is wrong is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.care.profile import Song
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.recommendation.base import Need
from emo_music_ros.recommendation.library import large
from emo_music_ros.recommendation.library.indexed import LargeCatalogue
from emo_music_ros.recommendation.library.lookup import Lookup
from emo_music_ros.recommendation.library.search import TrackSearch
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.streams import Track

pytest.importorskip("faiss", reason="faiss is not installed: requirements/large.txt")
WIDTH = 8


def tracks(count, seed=0):
    rng = np.random.default_rng(seed)
    return [
        Track(f"id{row}", f"/m/{row}.ogg", title=f"Stück {row}", artist="李", genre="folk",
              duration=60.0 + row, tempo=100.0, mode=-0.5, energy=0.25, year=1900 + row % 90,
              valence=float(rng.uniform(-1, 1)), arousal=float(rng.uniform(-1, 1)), own=row == 3,
              language="yue", number=row % 7, features=rng.normal(size=WIDTH).astype(np.float32))
        for row in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    assert large.build(folder, iter(tracks(3000))) == 3000
    return large.LargeLibrary(folder, probes=10_000)


def test_every_track_is_as_it_was_given(library):
    given_tracks = tracks(3000)
    unit = scoring.content(given_tracks)
    assert len(library) == 3000
    for row in (0, 3, 2999, -1):
        wanted, found = given_tracks[row], library[row]
        for name in ("track_id", "path", "title", "artist", "genre", "language", "own", "year"):
            assert getattr(found, name) == getattr(wanted, name)
        assert found.valence == pytest.approx(wanted.valence)
        assert found.duration == pytest.approx(wanted.duration)
        assert found.features == pytest.approx(unit[row], abs=1e-5)
        assert math.isnan(found.peak)
    assert [track.track_id for track in library[2:5]] == ["id2", "id3", "id4"]
    with pytest.raises(IndexError):
        library[3000]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_where_all_is_looked_through_the_nearest_are_those_of_equation_9(library, seed):
    rng = np.random.default_rng(seed)
    place, taste = rng.uniform(-1, 1, 3), rng.normal(size=WIDTH) / 4
    every = library[:]
    query, keys = scoring.query_and_keys(
        Need.at(place, ""), taste, scoring.places(every), scoring.vectors(every), large.FOCUS
    )
    best = np.sort(keys @ query)[::-1][:10]
    found = library.nearest(place, taste, 10)
    assert (keys @ query)[found] == pytest.approx(best, abs=1e-3)


def test_with_few_lists_most_of_the_nearest_are_found(tmp_path):
    large.build(tmp_path, tracks(20_000, seed=1))
    some, every = large.LargeLibrary(tmp_path), large.LargeLibrary(tmp_path, probes=10_000)
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(20):
        place, taste = rng.uniform(-1, 1, 3), rng.normal(size=WIDTH) / 4
        wanted = set(every.nearest(place, taste, 10).tolist())
        shares.append(len(wanted & set(some.nearest(place, taste, 10).tolist())) / 10)
    assert np.mean(shares) >= 0.95


def test_the_shelf_gives_candidates_of_a_large_library_and_all_of_a_small_one(library):
    shelf = Shelf(lambda: library)
    begin, end = np.array([-0.5, 0.5, 0.0]), np.array([0.5, -0.4, 0.1])
    found = shelf.around(begin, end, np.zeros(0))
    assert large.CANDIDATES < len(found) <= 3 * large.CANDIDATES + 1
    assert "id3" in {track.track_id for track in found}  # the person's own
    assert len({track.track_id for track in found}) == len(found)
    for place in (begin, end):
        assert min(np.hypot(t.valence - place[0], t.arousal - place[1]) for t in found) < 0.2
    assert shelf.find(found[0].track_id).path == found[0].path
    assert shelf.find("nobody offered it") is None
    few = tracks(20)
    assert len(Shelf(lambda: few).around(begin, end, np.zeros(0))) == 20


def test_a_track_is_found_by_id_and_by_path(library):
    for row in (0, 17, 2999):
        assert library.find(f"id{row}").title == f"Stück {row}"
        assert library.find(f"/m/{row}.ogg").track_id == f"id{row}"
    assert library.find("") is None
    assert library.find("/m/nowhere.ogg") is None


def test_an_id_goes_before_the_path_of_another(tmp_path):
    few = [Track("a", "b", features=np.ones(2)), Track("b", "c", features=np.zeros(2))]
    large.build(tmp_path, few)
    for found in (large.LargeLibrary(tmp_path).find, Lookup(few)):
        assert [found(name).track_id for name in "abc"] == ["a", "b", "b"]


def test_those_placed_by_words_are_counted(tmp_path):
    few = tracks(5)
    large.build(tmp_path, [replace(few[0], derived=True), *few[1:]])
    assert large.LargeLibrary(tmp_path).derived == 1


def test_a_large_library_is_looked_up_like_a_small_one(library):
    for known in (Lookup(library), Lookup(tracks(3000))):
        assert known("id5").path == "/m/5.ogg"
        assert known("", "/m/6.ogg").track_id == "id6"
        assert known("id5", "/m/6.ogg").track_id == "id5"
        assert known("nothing", "") is None


def test_the_catalogue_follows_a_library_that_is_made_anew(tmp_path):
    catalogue = LargeCatalogue(LargeCatalogue.Options(str(tmp_path)))
    assert len(catalogue.tracks()) == 0
    with pytest.raises(InputError, match="is no library"):
        catalogue.scan()
    large.build(tmp_path, tracks(5))
    report = catalogue.scan()
    assert (report.added, report.removed) == (5, 0)
    open_now = catalogue.tracks()
    assert catalogue.scan().unchanged == 5
    assert catalogue.tracks() is open_now
    large.build(tmp_path, tracks(7))
    assert len(open_now) == 5
    assert open_now[4].title == "Stück 4"  # what is open is whole
    catalogue.refresh()
    assert len(catalogue.tracks()) == 7
    (tmp_path / "library.json").write_text("{}")
    catalogue.refresh()
    with pytest.raises(InputError):
        catalogue.scan()
    assert len(catalogue.tracks()) == 7


def test_the_catalogue_says_that_it_needs_a_library():
    catalogue = LargeCatalogue()
    assert not catalogue.tracks()
    with pytest.raises(InputError, match=r"large\.path"):
        catalogue.scan()


def test_what_is_not_known_is_in_the_middle(tmp_path):
    few = tracks(10)
    few[4].features[:] = np.nan
    large.build(tmp_path, few)
    assert not large.LargeLibrary(tmp_path)[4].features.any()


def test_what_is_no_library_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="is no library"):
        large.LargeLibrary(tmp_path)
    with pytest.raises(InputError, match="these are no library"):
        large.build(tmp_path, [])
    odd = [*tracks(2), Track("x", "")]
    with pytest.raises(InputError, match="one analysis"):
        large.build(tmp_path, odd)
    large.build(tmp_path, tracks(5))
    before = (tmp_path / "library.json").read_text()
    with pytest.raises(InputError):
        large.build(tmp_path, odd)
    assert len(large.LargeLibrary(tmp_path)) == 5  # what was there stays
    (tmp_path / "library.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(InputError, match="format 99"):
        large.LargeLibrary(tmp_path)
    (tmp_path / "library.json").write_text(before)
    (tmp_path / "near.faiss").write_bytes(b"broken")
    with pytest.raises(InputError, match="is no library"):
        large.LargeLibrary(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        large.build(tmp_path / "file", tracks(5))
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    with pytest.raises(InputError, match="needs faiss"):
        large.LargeLibrary(tmp_path)


def test_songs_that_were_entered_are_candidates_wherever_they_lie(library):
    shelf = Shelf(lambda: library)
    corner = np.array([-1.0, -1.0, -1.0])
    songs = (Song("stuck 7"), Song("Stück 8", "nobody"))
    assert [each.track_id for each in shelf.entered(songs)] == ["id7"]
    near = {each.track_id for each in shelf.around(corner, corner, np.zeros(0))}
    assert "id7" not in near
    assert {each.track_id for each in shelf.around(corner, corner, np.zeros(0), songs)} == {
        *near,
        "id7",
    }


def test_a_track_of_a_large_library_is_found_by_its_id(library):
    shelf = Shelf(lambda: library)
    assert shelf.find("id11").title == "Stück 11"
    assert shelf.find("nothing") is None


def test_a_large_library_is_searched_by_words(library):
    search = TrackSearch(lambda: library)
    found = {each.title for each in search("stuck 299 李")}
    assert found == {f"Stück {row}" for row in range(3000) if "299" in str(row)}
    assert [each.track_id for each in search.named(["id5", "nothing"])] == ["id5"]
