# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What tests of catalogues share: little sound files, somebody who listens to them, a cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emo_music_ros.emotion import QUADRANTS, from_labels
from emo_music_ros.streams import MusicDescription


class Listener:
    """Hears the same calm piece in every file."""

    version = "test"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def describe(self, path: Path) -> MusicDescription:
        self.heard.append(path.name)
        calm = from_labels(QUADRANTS, np.array([0.1, 0.7, 0.1, 0.1], np.float32))
        return MusicDescription(9.0, 60.0, 1.0, 0.25, np.zeros(13), np.ones(12), calm)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep listings and downloads of catalogues in the test's own folder."""
    place = tmp_path / "cache"
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(place))
    return place


@pytest.fixture
def sound() -> Callable[[Path], Path]:
    """Write a short file of sound, each with a content of its own."""
    made = iter(range(1, 10_000))

    def write(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = np.sin(np.arange(400) * 0.05 * next(made)).astype(np.float32)
        soundfile.write(path, 0.1 * tone, 8000)
        return path

    return write
