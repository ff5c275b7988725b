# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""EEGNet is as published."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.training.eeg import eegnet  # noqa: E402


def test_eegnet_has_the_published_size_and_bounds():
    network = eegnet.EegNet(4, 512, 3)
    count = {name: value.numel() for name, value in network.named_parameters()}
    # F1 = 8, D = 2, F2 = 16: temporal 8 x 63, spatial 16 x 4, separable 16 x 15 + 16 x 16
    assert count["temporal.weight"] == 504
    assert count["spatial.weight"] == 64
    assert count["separable.0.weight"] + count["separable.1.weight"] == 496
    assert count["answer.weight"] == 16 * 16 * 3
    with torch.no_grad():
        network.spatial.weight.mul_(100)
        network.answer.weight.mul_(100)
    network.limit()
    assert network.spatial.weight.flatten(1).norm(dim=1).max() <= 1.0 + 1e-5
    assert network.answer.weight.norm(dim=1).max() <= 0.25 + 1e-5
