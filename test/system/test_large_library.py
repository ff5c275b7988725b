# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A library that a real Dask cluster analyses, and the nodes that choose from it and play it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from inprocess import Graph
from tones import pieces

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.cli import main
from emo_music_ros.nodes.player import PlayerNode
from emo_music_ros.nodes.recommender import RecommenderNode
from emo_music_ros.recommendation.library.large import LargeLibrary

for package in ("faiss", "distributed"):
    pytest.importorskip(package, reason=f"{package} is not installed: requirements/large.txt")

TITLES = ("Aria", "Ballade", "Chanson", "Dance")
DEADLINE = 60.0


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Return a folder of short pieces."""
    return pieces(tmp_path / "music", TITLES)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """Run a scheduler and two workers; return its address."""
    place = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    common = ["--scheduler-file", str(place), "--no-dashboard"]
    log = (tmp_path / "cluster.log").open("w")
    commands = [[*dask, "scheduler", "--port", "0", *common]]
    commands += [[*dask, "worker", "--nthreads", "1", "--name", n, *common] for n in ("one", "two")]
    running = [
        subprocess.Popen(each, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
        for each in commands
    ]
    try:
        end = time.monotonic() + DEADLINE
        while not place.exists() or not place.stat().st_size:
            assert time.monotonic() < end, (tmp_path / "cluster.log").read_text()
            time.sleep(0.05)
        from distributed import Client

        with Client(scheduler_file=str(place), timeout="30s") as client:
            client.wait_for_workers(2, timeout=DEADLINE)
            address = str(client.scheduler.address)
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(DEADLINE)
        log.close()


def test_a_cluster_analyses_and_the_nodes_choose_and_play(
    cluster: str, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, database = tmp_path / "library", tmp_path / "analyses.sqlite"
    command = [
        *("library", str(music), str(out)),
        *("--scheduler", cluster, "--database", str(database)),
    ]
    assert main(command) == 0
    assert "4 tracks, 4 new, 0 unusable" in capsys.readouterr().out
    assert main(command) == 0
    assert "4 tracks, 0 new" in capsys.readouterr().out  # what is known is not done again
    assert sorted(track.title for track in LargeLibrary(out)) == list(TITLES)

    graph = Graph()
    try:
        named = {"catalogue": "large", "large.path": str(out)}
        recommender = graph.active(RecommenderNode, **named)
        graph.active(PlayerNode, plugin="null", **named)
        states = graph.listen(msg.PlayerState, "player/state")
        asking = graph.probe.create_client(srv.RecommendTracks, "recommend_tracks")
        graph.until(asking.service_is_ready)
        asked = asking.call_async(srv.RecommendTracks.Request(valence=0.5, arousal=0.5, count=3))
        graph.until(asked.done)
        best = asked.result().recommendation.tracks
        assert {each.track.title for each in best} <= set(TITLES)
        assert len(best) == 3
        picking = graph.probe.create_client(srv.PickTrack, "pick_track")
        graph.until(picking.service_is_ready)
        wanted = best[0].track
        picked = picking.call_async(srv.PickTrack.Request(track_id=wanted.track_id))
        graph.until(picked.done)
        assert picked.result().success, picked.result().message
        graph.until(lambda: any(each.track.title == wanted.title for each in states))
        assert recommender.details()["tracks"] == 4
    finally:
        graph.close()
