# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.io.audio import Decoder
from emo_music_ros.io.mp3 import counted

RATE = 44100


def varying(path, quiet=20.0, loud=4.0, loud_first=False):
    """Write an MP3 of variable rate without the tag that says how long it is."""
    rng = np.random.default_rng(0)
    parts = [np.zeros(round(quiet * RATE)), rng.normal(0, 0.2, round(loud * RATE))]
    samples = np.concatenate(parts[::-1] if loud_first else parts).astype(np.float32)
    soundfile.write(path, samples, RATE, bitrate_mode="VARIABLE", compression_level=0.2)
    data = path.read_bytes()
    tag = max(data.find(b"Xing", 0, 400), data.find(b"Info", 0, 400))
    if tag >= 0:
        path.write_bytes(data[:tag] + b"none" + data[tag + 4 :])
    return len(samples)


def played(path):
    decoder = Decoder(path)
    count = 0
    while not decoder.ended:
        count += len(decoder.read())
    decoder.close()
    return count, decoder.trouble


@pytest.mark.parametrize("loud_first", [False, True])
def test_what_an_estimate_says_is_no_fact(tmp_path, loud_first):
    wanted = varying(tmp_path / "a.mp3", loud_first=loud_first)
    claimed = soundfile.info(tmp_path / "a.mp3").frames
    assert abs(claimed / wanted - 1) > 0.1, (
        "the estimate is no longer wrong: another file is needed"
    )
    if loud_first:
        pytest.importorskip("av", reason="PyAV, which plays beyond an estimate, is not installed")
    count, trouble = played(tmp_path / "a.mp3")
    assert count == pytest.approx(wanted, rel=0.01)
    assert trouble == ""


def test_without_pyav_what_is_cut_off_is_told(tmp_path, monkeypatch):
    varying(tmp_path / "a.mp3", loud_first=True)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    count, trouble = played(tmp_path / "a.mp3")
    assert 0 < count < 24 * RATE
    assert "only its first part" in trouble
    assert "PyAV" in trouble


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000, 44100, 48000])
def test_frames_are_counted_at_every_rate(tmp_path, rate):
    soundfile.write(tmp_path / "a.mp3", np.zeros((3 * rate, 2), np.float32), rate)
    found = counted(tmp_path / "a.mp3")
    assert found.tagged
    assert found.frames / rate == pytest.approx(3.0, abs=0.3)


def test_files_joined_end_to_end_are_longer_than_the_first_says(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed")
    soundfile.write(tmp_path / "a.mp3", np.zeros(3 * RATE, np.float32), RATE)
    (tmp_path / "b.mp3").write_bytes(
        b"ID3\x04\0\0\0\0\0\x05title" + 2 * (tmp_path / "a.mp3").read_bytes()
    )
    count, trouble = played(tmp_path / "b.mp3")
    assert count / RATE == pytest.approx(6.0, abs=0.2)
    assert trouble == ""


@given(st.binary(max_size=2000))
def test_anything_can_be_counted(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.mp3"
    path.write_bytes(b"\xff\xfb\x90\x00" + content)
    assert counted(path).frames >= 0
