# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The same music on another release is heard as the same: volume, channels, codec, length.

The sounds are made here: struck chords over a bass, with hiss and a beat. Bounds are on scales of
-1..1 (mood) and 0..1 (felt). The range of answers to recordings has a deviation of about 0.4, so
what moves by less than 0.1 on the average stays in its place among other music.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.encoding.music.encoder import predict_music
from emo_music_ros.encoding.music.model import MusicModel
from emo_music_ros.encoding.music.pieces import analyse
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE
from emo_music_ros.io.resampling import resample

CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))


def song(seed: int, seconds: float, rate: int = SAMPLE_RATE) -> np.ndarray:
    """Return a little music of its own key, tempo, brightness and share of noise, mono."""
    draw = np.random.default_rng(seed)
    root, tempo = int(draw.integers(48, 60)), float(draw.uniform(60, 160))
    bright, hiss, beat = draw.uniform(0.3, 0.9), draw.uniform(0, 0.05), draw.uniform(0, 0.2)
    time = np.arange(round(seconds * rate)) / rate
    since = np.mod(time, 60 / tempo)
    bar = (time // (4 * 60 / tempo)).astype(int) % len(CHORDS)
    struck = np.exp(-3 * since) * np.minimum(since / 0.005, 1)
    sound = np.zeros(len(time))
    for voice in range(3):
        pitch = root + np.array(CHORDS)[bar, voice]
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        for harmonic in range(1, 7):
            sound += bright ** (harmonic - 1) * np.sin(2 * np.pi * hertz * harmonic * time)
    noise = draw.standard_normal(len(time))
    audio = 0.08 * sound * struck + (hiss + beat * np.exp(-30 * since)) * 0.3 * noise
    return (0.5 * audio / np.abs(audio).max()).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> MusicModel:
    return MusicModel()


def answer(audio: np.ndarray, model: MusicModel) -> np.ndarray:
    """Return valence, arousal and what is felt and liked."""
    mood = analyse(audio, model).mood
    return np.array([mood.estimate.valence, mood.estimate.arousal, *mood.felt.values(), mood.liked])


@given(st.integers(0, 200), st.floats(-30, 5))
@settings(max_examples=12, deadline=None)
def test_the_volume_says_nothing(seed: int, decibels: float) -> None:
    # The description takes the level out; what is left is rounding and the floor of silence.
    model, audio = MusicModel(), song(seed, 6.0)
    louder = audio * np.float32(10 ** (decibels / 20))
    np.testing.assert_allclose(answer(louder, model), answer(audio, model), atol=0.02)


def test_channels_say_nothing(tmp_path: Path) -> None:
    audio = song(1, 8.0)
    releases = {
        "mono": audio,
        "stereo": np.stack([audio, audio], axis=1),
        "panned": np.stack([0.9 * audio, 0.2 * audio], axis=1),
    }
    for name, samples in releases.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    found = list(predict_music(tmp_path / f"{name}.wav" for name in releases))
    for result in found[1:]:
        assert result["valence"] == pytest.approx(found[0]["valence"], abs=0.02)
        assert result["arousal"] == pytest.approx(found[0]["arousal"], abs=0.02)
        assert result["felt"] == pytest.approx(found[0]["felt"], abs=0.02)


@pytest.mark.parametrize(
    ("ending", "codec", "rate"),
    [("mp3", "MPEG_LAYER_III", 22050), ("ogg", "VORBIS", 22050), ("opus", "OPUS", 24000)],
)
def test_the_codec_says_little(
    tmp_path: Path, model: MusicModel, ending: str, codec: str, rate: int
) -> None:
    moved = []
    for seed in range(4):
        audio = song(seed, 10.0)
        path = tmp_path / f"{seed}.{ending}"
        with soundfile.SoundFile(
            path,
            "w",
            rate,
            1,
            format="MP3" if ending == "mp3" else "OGG",
            subtype=codec,
            compression_level=0.3,
        ) as out:
            sent = resample(audio, SAMPLE_RATE, rate)
            for start in range(0, len(sent), rate):
                out.write(sent[start : start + rate])
        (heard,) = predict_music([path])
        found = np.array([heard["valence"], heard["arousal"], *heard["felt"].values()])
        moved.append(np.abs(found - answer(audio, model)[:-1]))
    table = np.array(moved)
    assert table[:, :2].mean() < 0.1
    assert table[:, 2:].mean() < 0.04  # what is felt spreads by 0.15
    assert table.max() < 0.4


def test_how_much_is_heard_of_it_says_little(model: MusicModel) -> None:
    # The chords repeat, so ten seconds hold what a minute holds but for where they begin.
    moved = []
    for seed in range(3):
        whole = song(seed, 60.0)
        excerpts = [whole[: seconds * SAMPLE_RATE] for seconds in (10, 30)]
        moved.append([answer(part, model) - answer(whole, model) for part in excerpts])
    table = np.abs(np.array(moved))
    assert table[..., :2].mean() < 0.1
    assert table[..., 2:].mean() < 0.04
    assert table.max() < 0.4


def test_a_louder_master_says_little(model: MusicModel) -> None:
    # A limiter changes the music itself: attacks are cut. Half of the spread of answers at most.
    moved = []
    for seed in range(6):
        audio = song(seed, 10.0)
        pushed = np.tanh(audio * np.float32(10 ** (9 / 20)))
        moved.append(np.abs(answer(pushed, model) - answer(audio, model)))
    assert np.array(moved)[:, :2].mean() < 0.2
    assert np.array(moved)[:, 2:].mean() < 0.06
