# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The Chinese keyword model: what it sees, and what it needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.errors import ModelError
from emo_music_ros.talking.commands import OTHER, phrases
from emo_music_ros.talking.ear import ready
from emo_music_ros.talking.recognisers import keywords
from emo_music_ros.talking.recognisers.keywords import Keywords, picture


@pytest.fixture(scope="module")
def recogniser() -> Keywords:
    made = Keywords()
    assert ready(made)
    return made


@settings(max_examples=30, deadline=None)
@given(
    arrays(
        np.float32, st.integers(0, 20000), elements=st.floats(-2, 2, width=32), fill=st.just(0.0)
    )
)
def test_every_sound_has_a_picture(samples):
    found = picture(samples)
    assert found.shape == (1 + keywords.FRAMES * keywords.BANDS,)
    assert np.isfinite(found).all()


def test_loudness_changes_nothing_and_speed_only_the_length():
    random = np.random.default_rng(0)
    at = np.arange(16000) / 16000
    sound = (np.sin(2 * np.pi * (300 + 900 * at) * at) + random.normal(0, 0.01, 16000)) * 0.3
    one, quiet = (picture((gain * sound).astype(np.float32)) for gain in (1.0, 0.1))
    other = picture(np.sin(2 * np.pi * 2000 * at).astype(np.float32))
    assert np.corrcoef(one[1:], quiet[1:])[0, 1] > 0.99
    assert np.corrcoef(one[1:], other[1:])[0, 1] < 0.9
    assert picture(np.tile(sound, 2).astype(np.float32))[0] == pytest.approx(one[0] + 1.0)


def test_silence_noise_and_tones_are_no_command(recogniser):
    at = np.arange(16000) / 16000
    for sound in (
        np.zeros(16000),
        np.random.default_rng(0).normal(0, 0.1, 16000),
        np.sin(2 * np.pi * 440 * at),
        9 * np.sin(2 * np.pi * 150 * at),
        np.zeros(10),
    ):
        said = recogniser(sound.astype(np.float32))
        assert said is None or said.confidence < 0.5


def test_it_tells_phrases_that_are_understood(recogniser):
    labels = recogniser._model.labels
    known = phrases("zh")
    assert labels[-1] == OTHER
    assert set(labels[:-1]) == {text for text, command in known.items() if command != OTHER}


def test_a_missing_model_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="conversation.onnx is missing"):
        ready(Keywords(Keywords.Options(models=str(tmp_path))))
