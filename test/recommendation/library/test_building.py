# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A large library is built of files, goes on where it was, and says what is of no use."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.recommendation.library import building
from emo_music_ros.recommendation.library.analysis import FEATURES
from emo_music_ros.recommendation.library.files import examine
from emo_music_ros.recommendation.library.large import LargeLibrary
from emo_music_ros.streams import Track

pytest.importorskip("faiss", reason="faiss is not installed: requirements/large.txt")


class Ears:
    """Hears in a file what stands in it, and counts."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, path, known):
        entry = examine(Path(path), known, "ears 1")
        if entry.error or entry == known:
            return entry, None
        self.heard.append(Path(path).name)
        content = float(Path(path).read_text())
        features = np.full(len(FEATURES), content, np.float32)
        return entry, Track(entry.track_id, "", valence=content, duration=60.0, features=features)


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    (folder / "below").mkdir(parents=True)
    for number in range(5):
        place = folder / ("below" if number > 2 else ".") / f"{number}.flac"
        place.write_text(str(number / 10))
    (folder / "empty.flac").touch()
    return folder


def build(music, tmp_path, run, **options):
    with ThreadPoolExecutor(2) as executor:
        return building.build(
            music, tmp_path / "out", tmp_path / "library.sqlite", executor, run=run, **options
        )


def test_what_is_analysed_is_kept_and_only_what_is_new_is_heard(music, tmp_path):
    ears, told = Ears(), []
    found = build(music, tmp_path, ears, progress=lambda *done: told.append(done[:2]))
    assert sorted(ears.heard) == [f"{number}.flac" for number in range(5)]
    assert (found.added, found.unchanged, found.removed) == (5, 0, 0)
    assert list(found.unreadable) == [str(music / "empty.flac")]
    assert told == [(done, 6) for done in range(1, 7)]
    library = LargeLibrary(tmp_path / "out")
    assert sorted(round(track.valence, 3) for track in library) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert {Path(track.path).name for track in library} == set(ears.heard)

    (music / "5.flac").write_text("0.5")
    (music / "0.flac").unlink()
    ears.heard.clear()
    found = build(music, tmp_path, ears)
    assert ears.heard == ["5.flac"]
    assert (found.added, found.unchanged, found.removed) == (1, 4, 1)
    assert len(LargeLibrary(tmp_path / "out")) == 5


def test_an_interrupted_run_goes_on_where_it_was(music, tmp_path):
    ears = Ears()

    class Killed(ThreadPoolExecutor):
        """Breaks off after three files, in the order they are asked for."""

        count = 0

        def submit(self, function, *arguments):
            self.count += 1
            future: Future = Future()
            if self.count > 3:
                future.set_exception(BrokenExecutor("killed"))
            else:
                future.set_result(function(*arguments))
            return future

    first = sorted(path.name for path in music.rglob("*.flac"))[:3]
    with Killed(1) as executor, pytest.raises(CompanionError, match="was killed"):
        building.build(music, tmp_path / "out", tmp_path / "library.sqlite", executor, run=ears)
    found = build(music, tmp_path, ears)
    assert found.added + found.unchanged == 5
    assert found.unchanged == 3 - ("empty.flac" in first)
    assert len(ears.heard) == 5  # none twice


def test_no_music_and_no_cluster_are_refused(tmp_path, monkeypatch):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match="holds no music"):
        build(tmp_path / "nothing", tmp_path, Ears())
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(InputError, match="needs Dask"),
        building.workers("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_dask_cluster_does_the_same(music, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    ears = Ears()
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        building.workers(cluster.scheduler_address) as executor,
    ):
        found = building.build(
            music, tmp_path / "out", tmp_path / "library.sqlite", executor, run=ears
        )
    assert found.added == 5
    assert len(LargeLibrary(tmp_path / "out")) == 5
