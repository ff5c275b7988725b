# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import json
import resource

import numpy as np
import pytest

from emo_music_ros.errors import StorageError
from emo_music_ros.summary import MOST_LATENCIES, Summary

KEYS = {
    "emotion_states", "encodings", "recommendations", "tracks", "memory_updates", "latency_ms",
    "dropped", "peak_rss_mb",
}  # fmt: skip


def filled():
    summary = Summary({"scenario": "home"})
    summary.emotion_states["calm"] += 3
    summary.encoding("face", "recorded:a.mp4")
    for milliseconds in range(1, 101):
        summary.latency("emotion", milliseconds / 1000)
    summary.node("/fusion", "ok", "", {"encoding/face": 2}, pid=1, rss_mb=100)
    summary.node("/player", "warn", "no device", {"encoding/face": 1}, pid=1, rss_mb=120)
    summary.node("/camera", "error", "unplugged", {}, pid=2, rss_mb=60)
    return summary


def test_counts_and_quantiles():
    data = filled().as_dict()
    assert data.keys() >= KEYS
    assert data["emotion_states"] == {
        "unknown": 0, "positive": 0, "calm": 3, "anxiety": 0, "depression": 0,
    }  # fmt: skip
    assert data["latency_ms"]["emotion"]["p50"] == pytest.approx(np.percentile(range(1, 101), 50))
    assert data["latency_ms"]["sound"] == {"p50": None, "p95": None, "n": 0}
    assert data["dropped"] == {"encoding/face": 3}
    assert data["peak_rss_mb"] == 180  # a process counts once, however many nodes it runs
    assert data["trouble"] == {"/camera": "unplugged", "/player": "no device"}


def test_trouble_that_is_over_is_forgotten():
    summary = filled()
    summary.node("/camera", "ok", "", {}, pid=2, rss_mb=60)
    assert "/camera" not in summary.as_dict()["trouble"]


def test_impossible_latencies_do_not_count():
    summary = Summary()
    for value in (float("nan"), -1.0, float("inf")):
        summary.latency("sound", value)
    assert summary.as_dict()["latency_ms"]["sound"]["n"] == 0


def test_written_whole_and_readable(tmp_path):
    path = tmp_path / "new" / "summary.json"
    filled().write(path)
    assert json.loads(path.read_text()) == filled().as_dict()
    assert [item.name for item in path.parent.iterdir()] == ["summary.json"]


def test_full_disk_is_named_and_leaves_nothing_behind(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(StorageError, match="cannot be written"):
            filled().write(tmp_path / "summary.json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        filled().write(tmp_path / "file" / "summary.json")


def test_table_shows_every_part():
    table = filled().table()
    for words in ("calm 3", "p50 50 ms", "encoding/face 3", "180 MB", "unplugged"):
        assert words in table


def test_only_so_many_nodes_are_listed():
    summary = Summary()
    for number in range(1000):
        summary.node(f"/n{number}", "warn", "x", {"t": 1}, number, 1.0)
    assert len(summary.as_dict()["trouble"]) == 100


def test_names_from_outside_are_bounded_and_of_one_line():
    summary = Summary()
    for number in range(100):
        summary.encoding("face", f"live:\x1b[2J\r\n{number}" + "x" * 10_000)
    (sources,) = summary.as_dict()["sources"].values()
    assert len(sources) == 20
    assert all(source.isprintable() and len(source) < 210 for source in sources)
    assert summary.encodings == {"face": 100}


def test_a_run_of_weeks_keeps_few_latencies_that_stand_for_all():
    summary = Summary()
    for number in range(3 * MOST_LATENCIES):
        summary.latency("emotion", 0.001 * (number % 100))
    assert len(summary._latency["emotion"]) == MOST_LATENCIES
    found = summary.as_dict()["latency_ms"]["emotion"]
    assert found["n"] == 3 * MOST_LATENCIES
    assert found["p50"] == pytest.approx(50, abs=3)
    assert found["p95"] == pytest.approx(95, abs=2)


def test_measures_of_a_session_that_was_asked_for():
    summary = Summary({"planned_s": 600.0, "duration_s": 600.0})
    for second in range(600):
        track = ("1", "one", "", 200.0) if second < 10 else ("2", "two", "", 900.0)
        if second == 10:
            summary.listens.act(10.0, "next", "1")
        summary.listens.player(float(second), True, track, 0.0, True)
        summary.seconds.add(float(second), "calm", -0.5 if second < 300 else 0.1)
    summary.latency("recommendation", 0.25)
    found = summary.as_dict()["measures"]
    assert found == {
        "acceptance": 0.5, "offered": 2, "completed": True, "improvement": pytest.approx(0.3),
        "ended_worse": False, "response_ms": 250.0, "stops": 0,
    }  # fmt: skip
    assert "50 % of 2 tracks offered" in summary.table()
    json.dumps(summary.as_dict(), allow_nan=False)


def test_measures_of_nothing_are_not_known():
    found = Summary().as_dict()["measures"]
    assert {name for name, value in found.items() if value is None} == {
        "acceptance", "completed", "improvement", "ended_worse", "response_ms",
    }  # fmt: skip
