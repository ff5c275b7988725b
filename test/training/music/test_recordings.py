# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Releases of the same recording, and their windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from emo_music_ros.encoding.music.model import FEATURE_SETS  # noqa: E402
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE  # noqa: E402
from emo_music_ros.training.music import recordings  # noqa: E402
from emo_music_ros.training.music.recordings import RELEASES  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


def tone(seconds: float, level: float = 0.2) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    beat = np.exp(-4 * np.mod(time, 0.5))
    return (level * beat * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


@given(st.floats(0, 24), st.floats(0.01, 1))
@settings(max_examples=25, deadline=None)
def test_a_louder_master_is_limited_and_keeps_order(decibels: float, level: float) -> None:
    audio = tone(0.5, level)
    found = recordings.louder(audio, decibels)
    assert np.abs(found).max() < 1
    order = np.argsort(audio)
    assert (np.diff(found[order]) >= 0).all()


@pytest.mark.parametrize("name", ["MP3", "Vorbis", "Opus"])
def test_a_codec_keeps_the_tone(name: str) -> None:
    audio = tone(3.0)
    found = RELEASES[name](audio)
    assert abs(len(found) - len(audio)) < SAMPLE_RATE // 10
    spectrum = np.abs(np.fft.rfft(found))
    assert spectrum.argmax() * SAMPLE_RATE / len(found) == pytest.approx(440, abs=5)
    rms = np.sqrt(np.mean(found**2)) / np.sqrt(np.mean(audio**2))
    assert rms == pytest.approx(1, abs=0.1)


def test_the_middle() -> None:
    audio = np.arange(10 * SAMPLE_RATE, dtype=np.float32)
    found = recordings.middle(audio, 6.0)
    assert len(found) == 6 * SAMPLE_RATE
    assert found[0] == 2 * SAMPLE_RATE
    assert len(recordings.middle(audio, 60.0)) == len(audio)


def test_windows_of_every_release_are_kept(tmp_path: Path) -> None:
    files = [tmp_path / "001.ogg", tmp_path / "002.ogg"]
    for file, seconds in zip(files, (10.0, 8.0)):
        soundfile.write(file, tone(seconds), SAMPLE_RATE)
    found = recordings.extract(files, Work(tmp_path / "work"))
    assert found.item.tolist() == [0] * len(RELEASES) + [1] * len(RELEASES)
    assert found.variant.tolist() == list(range(len(RELEASES))) * 2
    for name, kind in FEATURE_SETS.items():
        assert found.features[name].shape == (2 * len(RELEASES), len(kind.names))
        assert np.isfinite(found.features[name]).all()
    # Only the volume is another: the description does not know it.
    quiet = list(RELEASES).index("20 dB quieter")
    np.testing.assert_allclose(
        found.features["music"][quiet], found.features["music"][0], rtol=5e-3, atol=5e-3
    )
    again = recordings.extract(files, Work(tmp_path / "work", frozen=True))
    np.testing.assert_array_equal(again.features["music"], found.features["music"])
