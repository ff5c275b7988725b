# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the response model sees of a listen: columns of bounded numbers, 0 where nothing is known.

Tracks are seen as themselves, by their measures, their genre and random waves of their measures
(Rahimi & Recht 2007, random Fourier features: an inner product of waves is a Gaussian of the
distance). Moments are seen by the emotion before (with its products) and the situation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emo_music_ros.recommendation.response.listens import (
    CONTENT,
    GENRES,
    SITUATION,
    Floats,
    Listens,
    Numbers,
    Tracks,
)

WAVES = 64
#: Distance of two tracks, in spreads of all measures together, at which they have little in common.
WIDTH = 4.0
#: Largest value of a measure, in spreads.
LARGEST = 3.0
#: A listen counts for the mood of those that follow, less the longer ago it is [s].
LATELY = 86_400.0


@dataclass(frozen=True)
class Scale:
    """Middle and spread of measures of tracks and situation."""

    content: Floats
    situation: Floats

    def of_content(self, values: Floats) -> Floats:
        """Return measures of tracks [n, CONTENT] in spreads, 0 where not known."""
        return _standardised(values, self.content)

    def of_situation(self, values: Floats) -> Floats:
        """Return a situation [n, SITUATION] in spreads, 0 where not known."""
        return _standardised(values, self.situation)


def scale(tracks: Tracks, listens: Listens) -> Scale:
    """Return middle and spread of the tracks there are and of the situations met."""
    return Scale(_middle_and_spread(tracks.content), _middle_and_spread(listens.situation))


def _middle_and_spread(values: Floats) -> Floats:
    """Return [2, columns]; 0 and 1 for a column that is never known or never changes."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, values - middle, 0.0) ** 2).sum(axis=0) / count)
    return np.stack([middle, np.where(spread > 1e-9, spread, 1.0)])


def _standardised(values: Floats, of: Floats) -> Floats:
    table = np.clip((values - of[0]) / of[1], -LARGEST, LARGEST)
    return np.nan_to_num(table, nan=0.0)


def _waves() -> tuple[Floats, Floats]:
    """Return frequencies [CONTENT, WAVES] and phases [WAVES], the same in every program."""
    draw = np.random.Generator(np.random.PCG64(20240310))
    frequency = draw.normal(size=(len(CONTENT), WAVES)) / WIDTH
    return frequency, draw.uniform(0.0, 2.0 * np.pi, WAVES)


FREQUENCY, PHASE = _waves()

#: Columns of a track and where they begin: a constant, measures, waves, genre.
TRACK_PARTS = {
    "one": slice(0, 1),
    "content": slice(1, 1 + len(CONTENT)),
    "waves": slice(1 + len(CONTENT), 1 + len(CONTENT) + WAVES),
    "genre": slice(1 + len(CONTENT) + WAVES, 1 + len(CONTENT) + WAVES + len(GENRES)),
}
TRACK_WIDTH = TRACK_PARTS["genre"].stop


def track_table(tracks: Tracks, of: Scale) -> Floats:
    """Return the columns of tracks [tracks, TRACK_WIDTH]; of one nothing is known of, (1, 0, ...).

    Every part has a squared length of about 1, so that the strengths of the terms compare.
    """
    content = of.of_content(tracks.content)
    table = np.zeros((len(tracks.ids), TRACK_WIDTH))
    table[:, 0] = 1.0
    table[:, TRACK_PARTS["content"]] = content * np.sqrt(2.0) / len(CONTENT) ** 0.5
    known = np.isfinite(tracks.content).any(axis=1, keepdims=True)
    waves = np.cos(content @ FREQUENCY + PHASE) * np.sqrt(2.0 / WAVES)
    table[:, TRACK_PARTS["waves"]] = np.where(known, waves, 0.0)
    table[:, TRACK_PARTS["genre"]] = tracks.genre
    return table


@dataclass(frozen=True)
class Rows:
    """Listens as the model sees them; `person` and `track` are numbers, -1 = not known."""

    person: Numbers
    track: Numbers
    time: Floats
    field: Floats
    before: Floats
    situation: Floats
    idle: Floats
    table: Floats

    def __len__(self) -> int:
        return len(self.person)

    def subset(self, rows: Numbers) -> Rows:
        """Return some rows."""
        return Rows(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def moment(before: Floats) -> Floats:
    """Return valence, arousal and their products [n, 5] of an emotion before [n, 2]."""
    known = np.nan_to_num(before, nan=0.0)
    valence, arousal = known.T
    return np.column_stack([valence, arousal, valence**2, arousal**2, valence * arousal])


def rows_of(
    listens: Listens,
    ids: Mapping[str, int],
    table: Floats,
    people: Mapping[str, int],
    of: Scale,
) -> Rows:
    """Return listens as the model sees them.

    Parameters
    ----------
    listens : Listens
        The rows.
    ids : mapping of str to int
        Track -> its row of `table`.
    table : array [tracks, TRACK_WIDTH]
        Their columns.
    people : mapping of str to int
        Person -> number.
    of : Scale
        What measures are told in.
    """
    track = _numbers(listens.tracks, ids)
    columns = np.zeros((len(listens), TRACK_WIDTH))
    columns[:, 0] = 1.0
    columns[track >= 0] = table[track[track >= 0]]
    return Rows(
        _numbers(listens.people, people),
        track,
        np.nan_to_num(listens.time, nan=-1e12),
        listens.in_daily_life,
        moment(np.where(listens.in_daily_life[:, None] > 0, listens.before, 0.0)),
        of.of_situation(listens.situation) / len(SITUATION) ** 0.5,
        listens.idle_walk,
        columns,
    )


def _numbers(names: Sequence[str], known: Mapping[str, int]) -> Numbers:
    return np.array([known.get(name, -1) for name in names], np.int64)
