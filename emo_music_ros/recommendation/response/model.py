# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The response model: what music is expected to do to one person in one moment.

Four Gaussian processes (:mod:`hierarchy`): rating, liking (rating >= 3), valence and arousal
afterwards. What is shipped are the strengths of their terms, what holds for everybody, and how far
they are off; everything about single people comes from the listens that are handed in.

**It learned from young adults (SiTunes), and every report says so.**
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import how_to_have
from emo_music_ros.recommendation.response.calibration import Calibration
from emo_music_ros.recommendation.response.features import (
    TRACK_WIDTH,
    Rows,
    Scale,
    rows_of,
    track_table,
)
from emo_music_ros.recommendation.response.hierarchy import (
    STRENGTHS,
    Process,
    learn,
    tastes,
)
from emo_music_ros.recommendation.response.listens import (
    CONTENT,
    GENRES,
    SITUATION,
    Floats,
    Listens,
    Tracks,
    nothing,
)
from emo_music_ros.resources import share
from emo_music_ros.streams import FloatArray

NAME = "response"
LEARNED_FROM = "learned from young adults"
TARGETS = ("rating", "like", "valence", "arousal")
RANGES = {"rating": (1.0, 5.0), "like": (0.0, 1.0), "valence": (-1.0, 1.0), "arousal": (-1.0, 1.0)}
#: People from whom on what holds for everybody is learned from them alone.
ENOUGH_PEOPLE = 10
#: Columns of what holds for everybody: those of a track, then of the moment, then their products.
_MOMENT = 5 + len(SITUATION) + 2


def targets(listens: Listens) -> dict[str, Floats]:
    """Return what came of listens, NaN where not known, by target."""
    like = np.where(np.isfinite(listens.rating), listens.rating >= 3, np.nan)
    valence, arousal = listens.after.T
    return {"rating": listens.rating, "like": like, "valence": valence, "arousal": arousal}


def everybody(rows: Rows) -> Floats:
    """Return the columns of what holds for everybody [n, columns]: track, moment, products."""
    moment = np.column_stack([rows.field, rows.idle, rows.before, rows.situation])
    content = rows.table[:, 1 : 1 + len(CONTENT)]
    products = moment[:, 2:, None] * content[:, None, :]
    return np.column_stack(
        [rows.table, moment, products.reshape(len(rows), (_MOMENT - 2) * len(CONTENT))]
    )


EVERYBODY_WIDTH = TRACK_WIDTH + _MOMENT + (_MOMENT - 2) * len(CONTENT)


@dataclass(frozen=True)
class Answers:
    """What is expected of listens, a row each.

    Parameters
    ----------
    rating : array [n]
        1..5.
    like, like_much : array [n]
        P(rating >= 3), P(rating >= 4).
    after, deviation : array [n, 2]
        Valence and arousal afterwards and their standard deviations, -1..1.
    chances : array [n, 3]
        That valence drops, keeps or lifts.
    """

    rating: FloatArray
    like: FloatArray
    like_much: FloatArray
    after: FloatArray
    deviation: FloatArray
    chances: FloatArray


class Moment:
    """One person in one situation, ready to answer for many tracks at once.

    Parameters
    ----------
    weights : array [TRACK_WIDTH, targets]
        What the columns of a track count.
    added : mapping of int to array [targets]
        What is known of single tracks.
    before : array [2]
        Valence and arousal now.
    deviation : float
        Standard deviation of valence afterwards.
    calibration : Calibration
        From values to chances.
    """

    def __init__(
        self,
        weights: Floats,
        added: Mapping[int, Floats],
        before: Floats,
        deviation: float,
        calibration: Calibration,
    ) -> None:
        self.weights = weights.astype(np.float32)
        self.rows = np.array(sorted(added), np.int64)
        self.extra = np.array([added[row] for row in self.rows.tolist()], np.float32)
        self.before, self.deviation, self.calibration = before, deviation, calibration

    def answer(self, table: FloatArray) -> Answers:
        """Return what is expected of every track of a library.

        Parameters
        ----------
        table : array float32 [tracks, TRACK_WIDTH]
            The library that the model was made for.
        """
        values = table @ self.weights
        if len(self.rows):
            values[self.rows] += self.extra
        columns = np.ascontiguousarray(values.T)
        for name, column in zip(TARGETS, columns):
            np.minimum(np.maximum(column, RANGES[name][0], out=column), RANGES[name][1], out=column)
        first, second = self.calibration.liking(columns[0], columns[1])
        chances = self.calibration.moods(columns[2] - np.float32(self.before[0]), self.deviation)
        deviation = np.broadcast_to(np.float32(self.deviation), (len(table), 2))
        return Answers(columns[0], first, second, columns[2:].T, deviation, chances)


class Responses:
    """The response model together with the listens that were handed in.

    Parameters
    ----------
    model : ResponseModel
        What was shipped.
    tracks : Tracks
        The library.
    history : Listens
        Earlier listens of anybody.
    people : sequence of str
        Who will be asked about, beside those of the history.
    """

    def __init__(
        self, model: ResponseModel, tracks: Tracks, history: Listens, people: Sequence[str] = ()
    ) -> None:
        self.model = model
        self.ids = {name: row for row, name in enumerate(tracks.ids)}
        self.table = track_table(tracks, model.scale)
        names = sorted({*history.people, *people} - {""})
        self.people = {name: number for number, name in enumerate(names)}
        rows = self.rows(history)
        taste = tastes(rows, history.rating, len(names))
        #: Whether everybody is learned from the history, and not what was shipped.
        self.own = len(set(history.people)) >= ENOUGH_PEOPLE
        columns = everybody(rows)
        self.processes: dict[str, Process] = {}
        for name, values in targets(history).items():
            strengths, shared = model.strengths[name], model.shared[name]
            if self.own:
                mean = float(np.nanmean(values)) if np.isfinite(values).any() else shared[0]
                self.processes[name] = learn(rows, values, strengths, taste, mean)
            else:
                # What differs from everybody is all that a few people can teach.
                left = {key: value for key, value in strengths.items() if _of_person(key)}
                left = dict.fromkeys(STRENGTHS, 0.0) | left
                self.processes[name] = learn(rows, values - columns @ shared, left, taste, 0.0)

    def rows(self, listens: Listens) -> Rows:
        """Return listens as the model sees them."""
        return rows_of(listens, self.ids, self.table, self.people, self.model.scale)

    def answer(self, listens: Listens) -> Answers:
        """Return what is expected of listens; what came of them is not looked at."""
        rows = self.rows(listens)
        columns = everybody(rows)
        means, spreads = {}, {}
        for name, process in self.processes.items():
            value, spread = process.answer(rows)
            value = value if self.own else value + columns @ self.model.shared[name]
            means[name], spreads[name] = np.clip(value, *RANGES[name]), spread
        calibration = self.model.calibration
        like, like_much = calibration.liking(means["rating"], means["like"])
        before = np.where(rows.field > 0, listens.before[:, 0], self.model.usual)
        chances = calibration.moods(means["valence"] - before, spreads["valence"])
        return Answers(
            means["rating"],
            like,
            like_much,
            np.stack([means["valence"], means["arousal"]], axis=1),
            np.stack([spreads["valence"], spreads["arousal"]], axis=1),
            chances,
        )

    def moment(self, listen: Listens) -> Moment:
        """Return a person in a situation, ready for all tracks; `listen` has one row.

        The uncertainty is that of a track of which nothing is known.
        """
        row = self.rows(replace(listen, tracks=("",)))
        weights = np.zeros((TRACK_WIDTH, len(TARGETS)))
        added: dict[int, Floats] = {}
        for place, name in enumerate(TARGETS):
            column, of_track = self.processes[name].of_moment(row)
            if not self.own:
                column = column + _collapsed(self.model.shared[name], row)
            weights[:, place] = column
            for track, value in of_track.items():
                added.setdefault(track, np.zeros(len(TARGETS)))[place] = value
        _, spread = self.processes["valence"].answer(row)
        before = np.where(row.field[0] > 0, listen.before[0], (self.model.usual, 0.0))
        return Moment(weights, added, before, float(spread[0]), self.model.calibration)


def _of_person(term: str) -> bool:
    return term.startswith(("person", "noise"))


def _collapsed(shared: Floats, row: Rows) -> Floats:
    """Return what the columns of a track count in one moment, of what holds for everybody."""
    weights = shared[:TRACK_WIDTH].copy()
    moment = np.concatenate([row.field, row.idle, row.before[0], row.situation[0]])
    weights[0] += moment @ shared[TRACK_WIDTH : TRACK_WIDTH + _MOMENT]
    products = shared[TRACK_WIDTH + _MOMENT :].reshape(_MOMENT - 2, len(CONTENT))
    weights[1 : 1 + len(CONTENT)] += moment[2:] @ products
    return weights


@dataclass(frozen=True)
class ResponseModel:
    """What training leaves: no listen of anybody is in it.

    Parameters
    ----------
    scale : Scale
        Middle and spread of measures.
    strengths : mapping
        Target -> variance of every term and of the noise.
    shared : mapping of str to array [EVERYBODY_WIDTH]
        Target -> what holds for everybody.
    calibration : Calibration
        From values to chances.
    usual : float
        Valence before where it is not known.
    """

    scale: Scale
    strengths: Mapping[str, Mapping[str, float]]
    shared: Mapping[str, Floats]
    calibration: Calibration
    usual: float
    version: str = "1.0.0"

    def with_history(
        self, tracks: Tracks, history: Listens | None = None, people: Sequence[str] = ()
    ) -> Responses:
        """Return the model with what is known of people, see :class:`Responses`."""
        return Responses(self, tracks, nothing(0) if history is None else history, people)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it, six digits."""
        return {
            "version": self.version,
            "learned": LEARNED_FROM,
            "columns": {"content": CONTENT, "genres": GENRES, "situation": SITUATION},
            "scale": {
                "content": _digits(self.scale.content),
                "situation": _digits(self.scale.situation),
            },
            "strengths": {
                target: {name: float(f"{value:.6g}") for name, value in entry.items()}
                for target, entry in self.strengths.items()
            },
            "shared": {target: _digits(entry) for target, entry in self.shared.items()},
            "calibration": {
                "like": _digits(self.calibration.like),
                "errors": _digits(self.calibration.errors),
                "keep": self.calibration.keep,
            },
            "usual": float(f"{self.usual:.6g}"),
        }


def _digits(values: Floats) -> Any:
    return json.loads(json.dumps(np.round(values, 6).tolist()))


def load(path: Path | None = None) -> ResponseModel:
    """Return the shipped model, or the one in a file.

    Raises
    ------
    ModelError
        If it is missing, damaged, or made for other columns.
    """
    where = share("models") / f"{NAME}.json" if path is None else path
    try:
        found = json.loads(where.read_text("utf-8"))
        columns = found["columns"]
        if columns != {
            "content": list(CONTENT),
            "genres": list(GENRES),
            "situation": list(SITUATION),
        }:
            raise ValueError("it was made for other columns")
        model = ResponseModel(
            Scale(*(np.array(found["scale"][name]) for name in ("content", "situation"))),
            {target: {name: float(found["strengths"][target][name]) for name in STRENGTHS}
             for target in TARGETS},
            {target: np.array(found["shared"][target], float) for target in TARGETS},
            Calibration(
                np.array(found["calibration"]["like"], float),
                np.array(found["calibration"]["errors"], float),
                float(found["calibration"]["keep"]),
            ),
            float(found["usual"]),
            str(found["version"]),
        )  # fmt: skip
        if any(entry.shape != (EVERYBODY_WIDTH,) for entry in model.shared.values()):
            raise ValueError("what holds for everybody has another length")
        return model
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{where} is no usable response model: {error}",
            how_to_have(NAME, where.parent),
        ) from error
