# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile

from emo_music_ros.errors import InputError
from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.lsl import LslInlets
from emo_music_ros.sensing.lsl_finder import LslOptions
from emo_music_ros.sensing.replay import FolderReplay, FolderReplayOptions
from emo_music_ros.streams import AudioBlock, BiosignalBlock, ImageFrame, Utterance


@pytest.fixture
def folder(tmp_path: Path, video: Path) -> Path:
    (tmp_path / "video.avi").write_bytes(video.read_bytes())
    soundfile.write(tmp_path / "audio.wav", np.full(8000, 0.25), 16000)
    (tmp_path / "text.tsv").write_text("time_s\ttext\n0.1\tI am well\n0.4\t我很好\n", "utf-8")
    count = "".join(f"{i}\n" for i in range(32))
    (tmp_path / "ppg.csv").write_text(f"# rate: 32\n# unit: counts\nwrist\n{count}")
    (tmp_path / "e4").mkdir()
    (tmp_path / "e4" / "EDA.csv").write_text("1600000000.0\n4.0\n0.5\n0.6\n0.7\n0.8\n")
    (tmp_path / "e4" / "TEMP.csv").write_text("1600000000.5\n4.0\n33.0\n33.1\n")
    (tmp_path / "e4" / "HR.csv").write_text("1600000000.5\n1.0\n70\n")
    return tmp_path


def play(path: Path, **values: Any) -> FolderReplay:
    return FolderReplay(FolderReplayOptions(path=str(path), **values))


def test_everything_of_a_folder_with_its_timing(folder, collect, running, sensing):
    source = play(folder, loop=False)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    frames, sound, said = (collect.of(kind) for kind in (ImageFrame, AudioBlock, Utterance))
    begin = sound[0].time
    assert len(frames) + source.status().dropped == 10
    times = np.array([frame.time for frame in frames]) - begin
    np.testing.assert_allclose(times / 0.1, np.round(times / 0.1), atol=1e-3)
    assert [round(u.time - begin, 3) for u in said] == [0.1, 0.4]
    assert [u.text for u in said] == ["I am well", "我很好"]
    assert sum(len(block.samples) for block in sound) == 8000
    assert {s.source for s in (*frames, *sound, *said)} == {
        "recorded:video.avi",
        "recorded:audio.wav",
        "recorded:text.tsv",
    }
    assert not collect.of(BiosignalBlock)  # those leave through LSL


def test_physiology_comes_back_through_lsl(folder, collect, running, sensing):
    inlets = LslInlets(LslOptions(name="emo_music_ros *", resolve_interval=0.1))
    running(inlets, collect)
    source = play(folder)
    running(source, collect)
    kinds = {"ppg", "eda", "temperature"}
    sensing.until(lambda: {b.kind for b in collect.of(BiosignalBlock)} >= kinds)
    sensing.until(lambda: any(31.0 in b.samples for b in collect.of(BiosignalBlock)))
    blocks = {block.kind: block for block in collect.of(BiosignalBlock)}
    assert blocks["ppg"].source == "recorded:ppg.csv"
    assert (blocks["ppg"].channels, blocks["ppg"].units) == (("wrist",), ("counts",))
    assert blocks["eda"].source == "recorded:EDA.csv"
    # The temperature began half a second after the conductance.
    sound = collect.of(AudioBlock)[0]
    passes = np.array([b.time for b in collect.of(BiosignalBlock) if b.kind == "temperature"])
    places = (passes - sound.time) % 1.0
    np.testing.assert_allclose(np.minimum(places % 0.25, 0.25 - places % 0.25), 0, atol=0.02)
    assert set(np.round(places, 1)) <= {0.5, 0.7, 0.8}


def test_signals_of_different_occasions_start_together(folder, sensing):
    rows = "".join(f"{1700000000 + i / 256:.4f},1,2,3,4\n" for i in range(64))
    (folder / "muse.csv").write_text("timestamps,TP9,AF7,AF8,TP10\n" + rows)
    problems: list[str] = []
    lanes = play(folder)._physiology(problems, lambda block: None)
    starts = {lane.name: next(iter(lane.samples())).time for lane in lanes}
    assert starts == {
        "recorded:ppg.csv": 0.0,
        "recorded:EDA.csv": 0.0,
        "recorded:TEMP.csv": 0.5,
        "recorded:muse.csv": 0.0,
    }
    assert not problems


def test_broken_files_are_named_and_the_rest_plays(folder, empty_video, collect, running, sensing):
    (folder / "video.avi").write_bytes(empty_video.read_bytes())
    (folder / "ppg.csv").write_text("wrist\n1\n2\n")
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    cut = (folder / "audio.wav").read_bytes()
    (folder / "audio.wav").write_bytes(cut[: len(cut) // 2])
    source = play(folder)
    running(source, collect)
    collect.wait(lambda got: sum(isinstance(s, Utterance) for s in got) >= 2)
    words = ("no frame", "names no sample rate", "notes.csv", "truncated or damaged")
    sensing.until(lambda: all(word in source.status().detail for word in words))
    assert source.status().state is DeviceState.STREAMING
    assert collect.of(AudioBlock)


def test_pictures_with_and_without_times(tmp_path: Path, collect, running, sensing):
    images = tmp_path / "images"
    images.mkdir()
    for index in range(3):
        cv2.imwrite(str(images / f"{index}.png"), np.full((4, 4, 3), 50 * index, np.uint8))
    source = play(tmp_path, loop=False, images_rate=50.0)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    times = [frame.time for frame in collect.samples]
    assert times == pytest.approx([times[0] + 0.02 * i for i in range(3)], abs=1e-4)
    (images / "images.csv").write_text("time_s,file\n0.3,0.png\n0.0,2.png\n")
    again = sensing.Collector()
    source = play(tmp_path, loop=False)
    running(source, again)
    sensing.in_state(source, DeviceState.FINISHED)
    first, second = again.samples
    assert second.time - first.time == pytest.approx(0.3, abs=1e-4)
    assert int(first.image[0, 0, 0]) == 100


def test_empty_folder_is_a_state(tmp_path: Path, collect, running, sensing):
    source = play(tmp_path)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert "nothing that can be played" in source.status().detail


@pytest.mark.parametrize("path", ["", "/nowhere/at/all"])
def test_missing_folder_is_an_error(path):
    with pytest.raises(InputError, match="is not a folder"):
        FolderReplay(FolderReplayOptions(path=path))


def test_the_sound_of_a_video_is_heard(tmp_path: Path, video: Path, collect, running, sensing):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(tmp_path / "video.mp4"), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        sound = container.add_stream("aac", rate=48000, layout="mono")
        for place in range(10):
            image = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 99, np.uint8), "bgr24")
            container.mux(pictures.encode(image))
            wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4096) / 48000)
            block = av.AudioFrame.from_ndarray(
                wave.astype(np.float32)[None], format="fltp", layout="mono"
            )
            block.sample_rate, block.pts = 48000, 4096 * place
            for piece in (sound.encode(block),):
                container.mux(piece)
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    source = FolderReplay(FolderReplayOptions(path=str(tmp_path), loop=False))
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    blocks = collect.of(AudioBlock)
    assert sum(len(block.samples) for block in blocks) / 16000 == pytest.approx(0.85, abs=0.1)
    assert {block.source for block in blocks} == {"recorded:video.mp4"}
    assert collect.of(ImageFrame)
    assert "PyAV" not in source.status().detail


def test_without_pyav_a_video_plays_without_its_sound_and_that_is_said(
    tmp_path: Path, video: Path, collect, running, sensing, monkeypatch
):
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "video.avi").write_bytes(video.read_bytes())
    source = FolderReplay(FolderReplayOptions(path=str(tmp_path), loop=False))
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert collect.of(ImageFrame)
    assert "PyAV, which is not installed" in source.status().detail
