# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the response model expects of the tracks of a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emo_music_ros.recommendation.response.listens import CONTENT, GENRES, Tracks, nothing
from emo_music_ros.recommendation.response.model import Answers, ResponseModel, Responses
from emo_music_ros.streams import Estimate, Track

#: Measures of this project's tracks that the model knows by the same name.
_SHARED = ("valence", "energy", "tempo")


def described(tracks: Sequence[Track]) -> Tracks:
    """Return tracks as the response model knows them; what this project does not take is NaN.

    Valence of music is -1..1 here and 0..1 there. The two were not measured in the same way, so
    that the model sees no more than bright and dark, fast and slow, loud and soft.
    """
    content = np.full((len(tracks), len(CONTENT)), np.nan)
    for row, track in enumerate(tracks):
        values = {
            "valence": 0.5 + 0.5 * track.valence,
            "energy": track.energy if track.energy > 0 else np.nan,
            "tempo": track.tempo if track.tempo > 0 else np.nan,
        }
        for name in _SHARED:
            content[row, CONTENT.index(name)] = values[name]
    genre = np.array([[float(name in track.genre.lower()) for name in GENRES] for track in tracks])
    return Tracks(
        tuple(track.track_id for track in tracks),
        content,
        genre.reshape(len(tracks), len(GENRES)),
    )


class Effects:
    """Expected effects for a library, whose description is made once."""

    def __init__(self, model: ResponseModel) -> None:
        self._model = model
        self._responses: Responses | None = None
        self._ids: tuple[str, ...] = ()

    def __call__(self, tracks: Sequence[Track], estimate: Estimate) -> Answers:
        """Return what is expected of every track for somebody who feels as the estimate says."""
        ids = tuple(track.track_id for track in tracks)
        if self._responses is None or ids != self._ids:
            self._responses, self._ids = self._model.with_history(described(tracks)), ids
        before = np.array([[estimate.valence, estimate.arousal]], float)
        moment = self._responses.moment(replace(nothing(1), before=before))
        return moment.answer(self._responses.table.astype(np.float32))
