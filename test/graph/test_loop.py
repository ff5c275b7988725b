# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The whole loop in one process, on the demonstration."""

import json

import pytest

from emo_music_ros import msg


@pytest.fixture
def library(tmp_path):
    import numpy as np
    import soundfile

    folder = tmp_path / "library"
    folder.mkdir()
    moment = np.arange(22050 * 24) / 22050
    for index, frequency in enumerate((196, 262, 330, 392, 523)):
        tone = (
            0.2
            * np.sin(2 * np.pi * frequency * moment)
            * (1 + np.sin(2 * np.pi * (1 + index) * moment))
            / 2
        )
        soundfile.write(folder / f"tune {index}.flac", tone, 22050)
    (folder / "broken.mp3").write_bytes(b"not music")
    return folder


def test_the_loop_closes_on_the_demonstration_and_ends_by_itself(start, library, tmp_path):
    summary = tmp_path / "summary.json"
    process = start(
        "emo-music", "companion", "--input", "demo", "--library", str(library),
        "--duration", "45", "--summary", str(summary),
    )  # fmt: skip
    assert process.join(180) == 0, process.output
    data = json.loads(summary.read_text())
    for modality in ("face", "speech", "text", "physiology", "music", "interaction"):
        assert data["encodings"].get(modality), f"{modality}: {process.output}"
    assert sum(data["emotion_states"].values()) > 40
    assert sum(data["emotion_states"].values()) > data["emotion_states"]["unknown"]
    assert data["recommendations"] >= 2
    assert data["tracks"]["started"] >= 2
    assert data["memory_updates"] >= 1
    for part in ("emotion", "recommendation", "sound"):
        assert data["latency_ms"][part]["n"] > 0
    assert data["peak_rss_mb"] > 50
    # what is real and what is not is said
    assert all(
        source.startswith(("recorded:", "simulated:", "live:"))
        for sources in data["sources"].values()
        for source in sources
    )
    assert "Traceback" not in process.output
    assert "broken.mp3" in process.output
    assert "newest sample to sound" in process.output


def test_control_c_ends_everything_and_leaves_nothing_behind(probe, start, until, library):
    found = probe.listen(msg.EmotionState, "emotion")
    process = start(
        "emo-music", "companion", "--input", "demo", "--library", str(library), "--duration", "0"
    )
    until(lambda: found, "the first emotion", 120)
    assert process.interrupt(30) == 0, process.output
    assert "Traceback" not in process.output
    until(lambda: len(probe.node.get_node_names()) == 1, "all nodes to be gone from the graph")
