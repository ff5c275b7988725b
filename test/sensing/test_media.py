# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.sensing.media import (
    AUDIO_BLOCK,
    AUDIO_RATE,
    AudioBlocks,
    audio_lane,
    fitted,
    images_lane,
    read_image,
    video_lane,
)
from emo_music_ros.sensing.recording import Lane


def tone(seconds: float, rate: int, frequency: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def drained(lane: Lane) -> tuple[list[Any], InputError | None]:
    """Return what a lane gave, and the error it ended with."""
    got: list[Any] = []
    try:
        for sample in lane.samples():
            got.append(sample)
    except InputError as error:
        return got, error
    return got, None


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([8000, 16000, 22050, 44100, 48000]),
    st.lists(st.integers(1, 4000), min_size=1, max_size=20),
)
def test_resampling_does_not_depend_on_the_blocks(rate, sizes):
    signal = tone(0.4, rate)
    cuts = np.cumsum(sizes)
    resampler = AudioBlocks(rate)
    pieces = np.split(signal, cuts[cuts < len(signal)])
    got = [block for piece in pieces for block in resampler(piece)]
    assert all(len(block) == AUDIO_BLOCK for block in got)
    got += resampler(np.empty(0, np.float32), last=True)
    got = np.concatenate(got)
    expected = soxr.resample(signal, rate, AUDIO_RATE) if rate != AUDIO_RATE else signal
    assert resampler.produced == len(got)
    assert len(got) == pytest.approx(len(expected), abs=1)
    count = min(len(got), len(expected))
    np.testing.assert_allclose(got[:count], expected[:count], atol=1e-4)


def test_resampled_sound_is_finite_and_within_range():
    resampler = AudioBlocks(48000)
    noise = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0] * 2000, np.float32)
    out = np.concatenate(resampler(noise, last=True))
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1.0


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_audio_file_becomes_16_khz_mono_blocks(tmp_path: Path, name: str):
    path = tmp_path / name
    stereo = np.stack([tone(1.0, 44100), tone(1.0, 44100)], axis=1)
    soundfile.write(path, stereo, 44100)
    blocks = list(audio_lane(path, "recorded:x").samples())
    sound = np.concatenate([block.samples for block in blocks])
    assert len(sound) == pytest.approx(16000, rel=0.05)
    assert {block.sample_rate for block in blocks} == {16000}
    assert all(len(block.samples) == 800 for block in blocks[:-1])
    assert [block.first_sample for block in blocks] == [800 * i for i in range(len(blocks))]
    middle = sound[4000:12000]
    peak = np.argmax(np.abs(np.fft.rfft(middle))) * 16000 / len(middle)
    assert peak == pytest.approx(440.0, abs=2)
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)


def test_truncated_wav_plays_as_far_as_it_goes(tmp_path: Path):
    path = tmp_path / "cut.wav"
    soundfile.write(path, tone(2.0, 16000), 16000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: 44 + 2 * 16000])
    blocks, error = drained(audio_lane(path, "recorded:cut.wav"))
    assert error is not None
    assert f"{path} is truncated or damaged after 1.00 s" in error.cause
    assert error.remedy
    np.testing.assert_allclose(
        np.concatenate([block.samples for block in blocks]), tone(1.0, 16000), atol=1e-3
    )


def test_truncated_flac_is_named(tmp_path: Path):
    path = tmp_path / "cut.flac"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 32000)
    soundfile.write(path, noise, 16000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    got, error = drained(audio_lane(path, ""))
    assert got
    assert "truncated or damaged" in str(error)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no audio at all" * 50])
def test_unreadable_audio(tmp_path: Path, content: bytes):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match="bad.wav"):
        audio_lane(path, "")


def test_audio_without_samples(tmp_path: Path):
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.empty(0), 16000)
    with pytest.raises(InputError, match="no samples"):
        audio_lane(path, "")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"not a picture"])
def test_zero_size_or_damaged_picture(tmp_path: Path, content: bytes):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match="empty or damaged"):
        read_image(path)
    with pytest.raises(InputError, match="no usable picture"):
        images_lane([(0.0, path)], 0.2, 640, 480, "")


def test_one_bad_picture_is_left_out_and_named(tmp_path: Path):
    for index in (0, 2):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((10, 20, 3), 100 + index, np.uint8))
    (tmp_path / "1.png").touch()
    lane = images_lane([(0.2 * i, tmp_path / f"{i}.png") for i in range(3)], 0.2, 640, 480, "s")
    got, error = drained(lane)
    assert "1.png" in str(error)
    assert [frame.time for frame in got] == [0.0, 0.4]
    assert got[1].image[0, 0, 0] == 102


@given(st.integers(1, 300), st.integers(1, 300))
def test_pictures_are_scaled_to_fit(height, width):
    out = fitted(np.zeros((height, width, 3), np.uint8), 64, 48)
    assert out.shape[0] <= 48
    assert out.shape[1] <= 64
    assert min(out.shape[:2]) >= 1
    if height <= 48 and width <= 64:
        assert out.shape[:2] == (height, width)


def test_video_frames_keep_their_times(video: Path):
    every = list(video_lane(video, 30.0, 640, 480, "recorded:v").samples())
    assert [frame.time for frame in every] == pytest.approx([0.1 * i for i in range(10)])
    brightness = [float(frame.image.mean()) for frame in every]
    assert brightness == pytest.approx([20 * i for i in range(10)], abs=3)
    lane = video_lane(video, 5.0, 640, 480, "")
    assert [frame.time for frame in lane.samples()] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    assert lane.hold == pytest.approx(0.2)


def test_video_without_frames(empty_video: Path, tmp_path: Path):
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(b"x" * 1000)
    for path in (empty_video, garbage):
        with pytest.raises(InputError, match="no frame"):
            video_lane(path, 15.0, 640, 480, "")


def test_a_video_that_ends_early_says_so(video: Path, tmp_path: Path):
    whole = video.read_bytes()
    seventh = [found.start() for found in re.finditer(b"00dc", whole)][6]
    (tmp_path / "cut.avi").write_bytes(whole[:seventh])
    frames, error = drained(video_lane(tmp_path / "cut.avi", 30.0, 640, 480, "x"))
    assert 0 < len(frames) < 10
    assert error is not None
    assert "cut.avi ends after" in str(error)
    assert drained(video_lane(video, 30.0, 640, 480, "x"))[1] is None


def test_a_video_is_opened_by_any_name(video: Path, tmp_path: Path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.avi"))
    odd.write_bytes(video.read_bytes())
    assert len(drained(video_lane(odd, 30.0, 640, 480, "x"))[0]) == 10
