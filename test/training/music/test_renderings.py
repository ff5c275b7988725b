# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Performances of the pieces, and their windows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from emo_music_ros.encoding.music.model import FEATURE_SETS  # noqa: E402
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE  # noqa: E402
from emo_music_ros.io.midi import Note, Part  # noqa: E402
from emo_music_ros.training.music import renderings  # noqa: E402
from emo_music_ros.training.music.renderings import Windows  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


def test_windows_get_the_ratings_of_their_time() -> None:
    table = Windows(
        np.array([0, 0, 0]),
        np.array([0.0, 15.0, 7.5]),
        np.array([0, 0, 1]),
        np.array([1.0, 1.0, 2.0]),
        {},
    )
    rating = np.array([[1 / 3, -1], [0.5, -1], [2 / 3, 1]])
    found = renderings.ratings_of(table, [30.0], [rating])
    np.testing.assert_allclose(found[0, 0], np.mean([1 / 3, 0.5]))
    np.testing.assert_allclose(found[1], np.mean(rating[1:], axis=0))
    # Played twice as fast, 7.5 s are where 15 s are as written.
    np.testing.assert_allclose(found[2], np.mean(rating[1:], axis=0))


def test_other_performances_keep_the_notes() -> None:
    parts = [Part((Note(1.0, 2.0, 60, 80),)), Part((Note(0.0, 4.0, 40, 70),))]
    played, speed = renderings.perform(parts, np.random.default_rng(3))
    assert 0.9 <= speed <= 1.1
    assert played[0].notes[0].start == pytest.approx(1.0 / speed)
    assert played[0].notes[0].pitch - 60 == played[1].notes[0].pitch - 40
    assert played[0].notes[0].velocity == 80


def test_a_recording_of_a_performance_stays_within_full_scale_and_keeps_its_time() -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    played = np.stack([0.05 * np.sin(2 * np.pi * 220 * time)] * 2, axis=1).astype(np.float32)
    played[: SAMPLE_RATE // 2] = 0
    for seed in range(6):
        found = renderings.record(played, np.random.default_rng(seed))
        assert found.shape == played.shape
        assert 0.7 < np.abs(found).max() < 1.0  # pushed against the limit, never beyond
        assert np.abs(found[: SAMPLE_RATE // 2 - 1]).max() < 1e-5


def _midi(path: Path, pitches: Sequence[int], seconds: float) -> Path:
    pretty_midi = pytest.importorskip("pretty_midi")
    score = pretty_midi.PrettyMIDI()
    piano = pretty_midi.Instrument(0)
    count = int(seconds / 0.25)
    piano.notes = [
        pretty_midi.Note(90, pitches[i % len(pitches)], 0.25 * i, 0.25 * i + 0.2)
        for i in range(count)
    ]
    score.instruments.append(piano)
    score.write(str(path))
    return path


def test_rendered_windows_are_kept(tmp_path: Path) -> None:
    pytest.importorskip("tinysoundfont")
    files = [
        _midi(tmp_path / "a.mid", (60, 64, 67), 21.0),
        _midi(tmp_path / "b.mid", (57, 60), 12.0),
    ]
    found = renderings.extract(files, 1, 5.0, 0, Work(tmp_path / "work"))
    assert found.item.tolist() == sorted(found.item.tolist())
    assert {(0, 0), (0, 1), (1, 0), (1, 1)} == set(zip(found.item.tolist(), found.variant.tolist()))
    assert (found.speed[found.variant == 0] == 1).all()
    for name, kind in FEATURE_SETS.items():
        assert found.features[name].shape == (len(found.item), len(kind.names))
        assert np.isfinite(found.features[name]).all()
    again = renderings.extract(files, 1, 5.0, 0, Work(tmp_path / "work", frozen=True))
    np.testing.assert_array_equal(again.features["paper_e"], found.features["paper_e"])
