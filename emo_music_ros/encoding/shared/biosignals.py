# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the encoders of body and brain signals share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.encoding.shared.results import each, plain_estimate
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import Model
from emo_music_ros.streams import BiosignalBlock, Encoding


def matching_model(
    name: str, modality: str, labels: Sequence[str], measures: Sequence[str]
) -> Model:
    """Return the network `name`.

    Raises
    ------
    ModelError
        If it is missing or corrupt, or was trained for other labels or measures.
    """
    model = Model(name)
    made_for = model.description.get("measures")
    if made_for != list(measures) or model.labels != tuple(labels):
        raise ModelError(
            f"model '{name}' was made for other features or labels: {made_for}",
            f"Train it again with this version: emo-music train {modality}",
        )
    return model


def predict_recording(
    path: Path,
    encoder: Encoder,
    blocks: Iterable[BiosignalBlock],
    details: Callable[[Encoding], dict[str, Any]],
    notes: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """Yield what an encoder makes of a recording: input, time, `details`, and the estimate.

    Each has `notes` too where there are any: what was left out of the recording or assumed of it.
    One that cannot be read, or holds too little, yields one result with `input` and `error`.
    """

    def judge(_: Path) -> Iterator[dict[str, Any]]:
        for block in blocks:
            for encoding in encoder.push(block):
                yield {
                    "input": str(path),
                    "time": encoding.time,
                    **plain_estimate(encoding.estimate),
                    **details(encoding),
                    **({"notes": list(notes)} if notes else {}),
                }

    yield from each([path], judge)
