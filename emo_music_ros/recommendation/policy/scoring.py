# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How well each track answers the need: Eq. 8 and 9 of paper A.

The paper leaves the three match functions, the mapping of the query and the way attention and
score are joined open; what is chosen here is documented at each function.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.numerics import softmax
from emo_music_ros.recommendation.base import Need, PersonMemory
from emo_music_ros.streams import FloatArray, Track

#: Weight of valence, arousal and dominance in distances: that of music is hardest to tell.
AXES = np.array([1.0, 1.0, 0.25])
#: Distance on the circumplex at which a match has fallen to 61 %: the width of a state.
WIDTH = 0.5
#: Imagined listens with no effect that temper what was learned from few.
PRIOR_LISTENS = 2.0


def places(tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Return (valence, arousal, dominance) [tracks, 3]; what is not a number is 0."""
    points = np.array([[t.valence, t.arousal, t.dominance] for t in tracks], float)
    return np.nan_to_num(points.reshape(-1, 3), nan=0.0, posinf=1.0, neginf=-1.0)


def content(tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Return unit content vectors [tracks, features] about the middle of the library.

    Tracks are told apart by how they differ from the others, hence the centring. What is not known
    of one says nothing: it is in the middle of the others.
    """
    features = _rows(tracks)
    if not features.size:
        return features
    known = np.isfinite(features)
    total = np.where(known, features, 0.0).sum(axis=0)
    middle = total / np.maximum(known.sum(axis=0), 1)
    features = np.where(known, features - middle, 0.0)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.where(length > 1e-9, features / np.maximum(length, 1e-9), 0.0)
    return unit


def vectors(tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Return the features of tracks as rows [tracks, features].

    With features of different lengths, which cannot be compared, there are none. What is not known
    is 0.
    """
    return np.nan_to_num(_rows(tracks))


def _rows(tracks: Sequence[Track]) -> NDArray[np.float64]:
    if not tracks or len({len(track.features) for track in tracks}) != 1:
        return np.zeros((len(tracks), 0))
    return np.array([track.features for track in tracks], float)


def emotion_match(need: Need, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return phi [tracks], 0..1: a Gaussian of the distance between need and track."""
    away = points - np.array([need.valence, need.arousal, need.dominance])
    closeness: NDArray[np.float64] = np.exp(-(AXES * away**2).sum(axis=1) / (2 * WIDTH**2))
    return closeness


def preference_match(preference: FloatArray, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return psi [tracks], 0..1: preference . track; 0.5 = nothing is known.

    The paper leaves psi open. The cosine of both would let one reward of 0.01 move the choice as
    far as a hundred of 1; here the length of the preference, 0..1, is the evidence it rests on.

    Parameters
    ----------
    preference : ndarray
        [features], length 0..1.
    features : ndarray
        Content vectors of length 0 or 1, [tracks, features].
    """
    if not preference.size or preference.size != features.shape[1]:
        return np.full(len(features), 0.5)
    agreement: NDArray[np.float64] = features @ np.nan_to_num(np.asarray(preference, float))
    return np.clip(0.5 + 0.5 * agreement, 0.0, 1.0)


def history_match(person: PersonMemory, tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Return eta [tracks], 0..1: the mean reward, shrunk to 0.5 where it rests on few listens."""
    known = np.array([person.history(track.track_id) for track in tracks], float).reshape(-1, 2)
    mean, count = known[:, 0], known[:, 1]
    return np.clip(0.5 + 0.5 * mean * count / (count + PRIOR_LISTENS), 0.0, 1.0)


def score(
    phi: FloatArray,
    psi: FloatArray,
    eta: FloatArray,
    alpha: float,
    beta: float,
    gamma: float,
) -> FloatArray:
    """Return Eq. 8, r = alpha phi + beta psi + gamma eta; 0..1 when the weights sum to 1.

    As in the paper. What differs is what it ranks: only tracks that answer the need, as in the
    sum alone a strong taste outweighs any need.
    """
    return alpha * phi + beta * psi + gamma * eta


def attention(query: FloatArray, keys: FloatArray) -> FloatArray:
    """Return Eq. 9 [tracks]: the softmax of q.k / sqrt(d) over the candidates; sums to 1.

    As in the paper; its learned maps to q and k are replaced by :func:`query_and_keys`, as there
    are no sessions to learn them from.
    """
    logits = np.asarray(keys, float) @ np.asarray(query, float) / np.sqrt(keys.shape[1])
    return softmax(logits)


def query_and_keys(
    need: Need,
    preference: FloatArray,
    points: NDArray[np.float64],
    features: NDArray[np.float64],
    focus: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the query [d] and the keys [tracks, d] of Eq. 9.

    The key of a track is (its place m, -|m|^2/2, its unit content vector t), the query
    (focus n, focus, p) of need n and preference p, so that q.k = p.t - focus |n - m|^2/2 up to
    a constant: attention goes to tracks that are near the need and to the person's taste.
    """
    root = np.sqrt(AXES)
    near = points * root
    wanted = np.array([need.valence, need.arousal, need.dominance]) * root
    keys = np.column_stack([near, -0.5 * (near**2).sum(axis=1), features])
    taste: FloatArray = np.zeros(features.shape[1])
    if preference.size == taste.size:
        taste = np.nan_to_num(np.asarray(preference, float))
    return np.concatenate([focus * wanted, [focus], taste]), keys


def final(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Join score and attention: r (1 + a / max a) / 2.

    The track with most attention keeps its score, one with none keeps half of it: context
    decides between tracks of like score and cannot lift one whose score is bad.
    """
    joined: FloatArray = scores * (1.0 + weights / weights.max()) / 2.0
    return joined
