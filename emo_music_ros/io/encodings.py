# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What encoders said, out of messages: those of the running graph, and those of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.mcap_messages import Messages, seconds, stamp_of
from emo_music_ros.resources import PACKAGE
from emo_music_ros.streams import Encoding, Estimate

#: Topic -> type.
TOPICS = {"encoding/*": f"{PACKAGE}/msg/ModalityEncoding"}


def estimate(message: Any) -> Estimate:
    """Return an estimate message as plain data, values outside their range made unknown."""

    def axis(value: float) -> float:
        return value if -1.0 <= value <= 1.0 else float("nan")

    def share(value: float) -> float:
        return min(max(value, 0.0), 1.0) if np.isfinite(value) else 0.0

    probabilities: NDArray[np.float32] = np.frombuffer(message.probabilities, np.float32)
    total = float(probabilities.sum()) if probabilities.size else 0.0
    sound = (
        probabilities.size == len(message.labels)
        and bool(np.isfinite(probabilities).all())
        and bool((probabilities >= 0).all())
        and total > 0
    )
    return Estimate(
        tuple(message.labels),
        probabilities / total if sound else np.empty(0, np.float32),
        axis(message.valence),
        axis(message.arousal),
        axis(message.dominance),
        share(message.confidence),
        share(message.quality),
        tuple(label for label in message.credible if label in message.labels),
    )


def encoding(message: Any) -> Encoding:
    """Return an encoding message as plain data."""
    return Encoding(
        modality=message.modality,
        time=seconds(message.header.stamp),
        window_start=seconds(message.window_start),
        estimate=estimate(message.estimate),
        embedding=np.frombuffer(message.embedding, np.float32),
        features=dict(zip(message.feature_names, message.features)),
        source=message.source,
        person_id=message.person_id,
    )


def read_encodings(files: Sequence[Path]) -> Iterator[Encoding]:
    """Yield what the encoders said in a recording of ``emo-music record``, in order of arrival.

    Times [s] count from the first message.

    Parameters
    ----------
    files : sequence of pathlib.Path
        MCAP, in the order of time.

    Raises
    ------
    InputError
        After the last encoding, if a file is damaged or something in it cannot be read.
    """
    messages = Messages(TOPICS)
    problems = []
    for file in files:
        try:
            for topic, _, message, logged in messages.read(file):
                try:
                    found = encoding(message)
                except Exception as error:  # what is in a message is foreign
                    messages.unusable(topic, error)
                    continue
                time = messages.time(stamp_of(message), logged)
                start = time - max(found.time - found.window_start, 0.0)
                yield replace(found, time=time, window_start=start)
        except Exception as error:  # a damaged file fails in many ways
            problems.append(f"recording {file} is damaged: {error!r}")
    if messages.others is not None:
        problems.append(f"no encoder said anything in {', '.join(file.name for file in files)}")
    problems += messages.problems()
    if problems:
        raise InputError("; ".join(problems), "The rest was read; copy or record it again")
