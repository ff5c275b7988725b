# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Gaussian process whose covariance is a sum of terms: everybody, people alike, this person.

Every term is a product of what two listens have in common: the person, the track or its measures,
the emotion before, the situation (Duvenaud et al. 2011, "Additive Gaussian processes"). A term
with the person is what one person differs by from all others; where somebody was never heard it
is 0, and what remains is what holds for everybody. In a track every term is linear, hence for one
person in one moment the whole model is one weight for each column of a track.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from emo_music_ros.recommendation.response.features import (
    LATELY,
    TRACK_PARTS,
    TRACK_WIDTH,
    Rows,
)
from emo_music_ros.recommendation.response.listens import CONTENT, GENRES, Floats, Numbers

#: Term -> (what the moments have in common, what the tracks have in common).
TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "field": (("field",), "one"),
    "track": ((), "track"),
    "content": ((), "content"),
    "waves": ((), "waves"),
    "genre": ((), "genre"),
    "before": (("before",), "one"),
    "before content": (("before",), "content"),
    "situation": (("situation",), "one"),
    "situation content": (("situation",), "content"),
    "idle walk": (("idle",), "one"),
    "alike track": (("alike", "field"), "track"),
    "alike content": (("alike", "field"), "content"),
    "person": (("person",), "one"),
    "person in the field": (("person", "field"), "one"),
    "person content": (("person",), "content"),
    "person genre": (("person",), "genre"),
    "person before": (("person", "before"), "one"),
    "person situation": (("person", "situation"), "one"),
    "person lately": (("person", "lately"), "one"),
}
#: Strengths follow the terms: noise in the laboratory and in daily life.
STRENGTHS = (*TERMS, "noise in the laboratory", "noise in daily life")
#: Imagined listens that temper what people have in common.
PRIOR_LISTENS = 5.0


def tastes(rows: Rows, rating: Floats, people: int) -> Floats:
    """Return what every person likes [people, measures and genres], of length 0 or below 1.

    The mean of rating, from the person's own mean, times the columns of the track. Its inner
    product tells how alike two people are; somebody never asked is like nobody. Only what was
    said in the laboratory, where all hear the same pieces, counts: it tells of daily life without
    having seen it, so that the evidence for likeness is not made of the answers themselves.
    """
    columns = np.column_stack(
        [rows.table[:, TRACK_PARTS["content"]], rows.table[:, TRACK_PARTS["genre"]]]
    )
    found = np.zeros((people, len(CONTENT) + len(GENRES)))
    known = np.isfinite(rating) & (rows.person >= 0) & (rows.field == 0)
    for person in np.unique(rows.person[known]):
        mine = known & (rows.person == person)
        away = rating[mine] - rating[mine].mean()
        found[person] = away @ columns[mine] / (mine.sum() + PRIOR_LISTENS)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    heard = np.bincount(rows.person[known], minlength=people)[:, None]
    trust = np.sqrt(heard / (heard + PRIOR_LISTENS))
    return np.where(length > 1e-9, found / np.maximum(length, 1e-9) * trust, 0.0)


def common(kind: str, one: Rows, other: Rows, taste: Floats) -> Floats:
    """Return what the listens of two tables have in common in one respect [one, other]."""
    if kind == "person":
        return _same(one.person, other.person)
    if kind == "track":
        return _same(one.track, other.track)
    if kind == "lately":
        return np.asarray(np.exp(-np.abs(one.time[:, None] - other.time[None]) / LATELY))
    if kind == "alike":
        return np.asarray(_taste(one, taste) @ _taste(other, taste).T)
    if kind == "field":
        return one.field[:, None] * other.field[None]
    if kind == "idle":
        return one.idle[:, None] * other.idle[None]
    if kind in ("before", "situation"):
        return np.asarray(getattr(one, kind) @ getattr(other, kind).T)
    part = TRACK_PARTS[kind]
    return np.asarray(one.table[:, part] @ other.table[:, part].T)


def _same(one: Numbers, other: Numbers) -> Floats:
    return ((one[:, None] == other[None]) & (one[:, None] >= 0)).astype(float)


def _taste(rows: Rows, taste: Floats) -> Floats:
    padded = np.vstack([taste, np.zeros((1, taste.shape[1]))])
    return padded[rows.person]  # somebody unknown, -1, likes nothing


def grams(one: Rows, other: Rows, taste: Floats) -> dict[str, Floats]:
    """Return every term of two tables, float64 [one, other]."""
    kinds = {kind for moments, track in TERMS.values() for kind in (*moments, track)}
    shared = {kind: common(kind, one, other, taste) for kind in kinds}
    found = {}
    for name, (moments, track) in TERMS.items():
        product = shared[track]
        for kind in moments:
            product = product * shared[kind]
        found[name] = product
    return found


@dataclass(frozen=True)
class Process:
    """What was learned of one target.

    Parameters
    ----------
    strengths : mapping of str to float
        Variance of every term and of the noise.
    mean : float
        Mean of the target.
    rows : Rows
        What was learned from.
    taste : array [people, columns]
        Of the people of these rows and of those asked about.
    weight : array [rows]
        What every row counts.
    root : array [rows, rows]
        Lower triangle of the covariance.
    offset : array
        Target of the rows minus what was known before them.
    """

    strengths: Mapping[str, float]
    mean: float
    rows: Rows
    taste: Floats
    weight: Floats
    root: Floats = field(repr=False)
    offset: Floats = field(repr=False)

    def _terms(self, rows: Rows) -> Floats:
        total = np.zeros((len(rows), len(self.rows)))
        for name, gram in grams(rows, self.rows, self.taste).items():
            total += self.strengths[name] * gram
        return total

    def answer(self, rows: Rows) -> tuple[Floats, Floats]:
        """Return the expected target and its standard deviation, noise included, [n] each."""
        between = self._terms(rows)
        own = np.zeros(len(rows))
        for start in range(0, len(rows), 500):  # pairs within a block only
            block = rows.subset(np.arange(start, min(start + 500, len(rows))))
            for name, gram in grams(block, block, self.taste).items():
                own[start : start + 500] += self.strengths[name] * np.diag(gram)
        explained = (solve_triangular(self.root, between.T, lower=True) ** 2).sum(axis=0)
        noise = np.where(rows.field > 0, *(self.strengths[name] for name in STRENGTHS[:-3:-1]))
        variance = np.maximum(own - explained, 0.0) + noise
        return self.mean + between @ self.weight, np.sqrt(variance)

    def left_out(self) -> tuple[Floats, Floats]:
        """Return what each row would be answered by all others: expected target and deviation.

        Sundararajan & Keerthi 2001, "Predictive approaches for choosing hyperparameters in
        Gaussian processes".
        """
        inverse = cho_solve((self.root, True), np.eye(len(self.rows)))
        precision = np.diag(inverse)
        return self.mean + self.offset - self.weight / precision, 1.0 / np.sqrt(precision)

    def of_moment(self, moment: Rows) -> tuple[Floats, dict[int, float]]:
        """Return what the columns of a track count in one moment, and what known tracks add.

        Parameters
        ----------
        moment : Rows
            One row; its track does not matter.

        Returns
        -------
        tuple
            Weights [TRACK_WIDTH], and track number -> what it adds.
        """
        kinds = {kind for moments, _ in TERMS.values() for kind in moments}
        shared = {kind: common(kind, moment, self.rows, self.taste)[0] for kind in kinds}
        weights = np.zeros(TRACK_WIDTH)
        weights[0] = self.mean
        of_track = np.zeros(len(self.rows))
        for name, (moments, track) in TERMS.items():
            share = self.strengths[name] * self.weight
            for kind in moments:
                share = share * shared[kind]
            if track == "track":
                of_track += share
            else:
                part = TRACK_PARTS[track]
                weights[part] += share @ self.rows.table[:, part]
        known = np.unique(self.rows.track[self.rows.track >= 0])
        return weights, {
            int(track): float(of_track[self.rows.track == track].sum()) for track in known
        }


def covariance(rows: Rows, strengths: Mapping[str, float], taste: Floats) -> Floats:
    """Return the covariance of what is told of rows, noise included [rows, rows]."""
    total = np.diag(np.where(rows.field > 0, strengths[STRENGTHS[-1]], strengths[STRENGTHS[-2]]))
    for name, gram in grams(rows, rows, taste).items():
        total += strengths[name] * gram
    return total


def learn(
    rows: Rows, target: Floats, strengths: Mapping[str, float], taste: Floats, mean: float
) -> Process:
    """Return what rows tell of a target; rows without it, NaN, do not count.

    Parameters
    ----------
    rows : Rows
        Listens; there may be none.
    target : array [rows]
        What came of them.
    strengths : mapping
        Variance of every term of :data:`STRENGTHS`.
    taste : array
        As of :func:`tastes`.
    mean : float
        Of the target where nothing is known.
    """
    known = np.flatnonzero(np.isfinite(target))
    rows, offset = rows.subset(known), target[known] - mean
    if not len(known):
        return Process(strengths, mean, rows, taste, offset, np.zeros((0, 0)), offset)
    root = cholesky(covariance(rows, strengths, taste), lower=True)
    weight = cho_solve((root, True), offset)
    return Process(strengths, mean, rows, taste, weight, root, offset)
