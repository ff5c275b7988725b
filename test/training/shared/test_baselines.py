# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of the papers learn what a sequence holds, whatever its padding."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is for training only")

from emo_music_ros.training.shared import baselines  # noqa: E402


def sequences(count: int = 96) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rising or falling ramps of different length in noise."""
    draw = np.random.default_rng(0)
    labels = np.arange(count) % 2
    made = []
    for label in labels:
        ramp = np.linspace(-1, 1, int(draw.integers(12, 30))) * (1 if label else -1)
        made.append(np.stack([ramp, ramp**2], axis=1) + 0.1 * draw.normal(size=(len(ramp), 2)))
    return *baselines.pad(made), labels.astype(np.int64)


@pytest.mark.parametrize("name", baselines.NETWORKS)
def test_network_learns_and_ignores_padding(name):
    network, _ = baselines.NETWORKS[name]
    x, lengths, labels = sequences()
    model = baselines.fit_sequences(network, x, lengths, labels, 2, epochs=15, rate=5e-3)
    answers = baselines.predict_sequences(model, x, lengths)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, atol=1e-5)
    longer = np.concatenate([x, np.full((len(x), 7, 2), 9.0, np.float32)], axis=1)
    with torch.no_grad():
        padded = model(torch.from_numpy(longer), torch.from_numpy(lengths)).softmax(1).numpy()
    np.testing.assert_allclose(padded, answers, atol=1e-5)


def test_training_repeats_itself():
    network, _ = baselines.NETWORKS["BiGRU"]
    x, lengths, labels = sequences(32)
    first, second = (
        baselines.predict_sequences(
            baselines.fit_sequences(network, x, lengths, labels, 2, seed=3, epochs=2), x, lengths
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
