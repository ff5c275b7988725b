"""What the encoders of body and brain signals share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.encoding.shared.results import plain_estimate
from emo_music_ros.errors import InputError, ModelError
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
) -> Iterator[dict[str, Any]]:
    """Yield what an encoder makes of a recording: input, time, `details`, and the estimate.

    A recording that cannot be read yields one result with `input` and `error`.
    """
    try:
        for block in blocks:
            for encoding in encoder.push(block):
                yield {
                    "input": str(path),
                    "time": encoding.time,
                    **plain_estimate(encoding.estimate),
                    **details(encoding),
                }
    except InputError as error:
        yield {"input": str(path), "error": str(error)}
