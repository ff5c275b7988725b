# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Exported networks answer as in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.training.shared.onnx_export import export_onnx
from emo_music_ros.training.shared.seeding import seed_everything


def test_export_keeps_the_batch_free(tmp_path):
    torch = pytest.importorskip("torch")
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    seed_everything(0)

    class Toy(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(6, 3)

        def forward(self, x):
            hidden = self.first(x).relu()
            return hidden.sum(dim=1), hidden

    path = export_onnx(
        Toy(), tmp_path / "deep" / "toy.onnx", [torch.randn(2, 6)], ["x"], ["sum", "hidden"]
    )
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    total, hidden = session.run(["sum", "hidden"], {"x": np.ones((5, 6), np.float32)})
    assert hidden.shape == (5, 3)
    np.testing.assert_allclose(total, hidden.sum(axis=1), rtol=1e-5)
    assert str(Path(__file__).parent).encode() not in path.read_bytes()
