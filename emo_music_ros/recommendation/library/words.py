# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The place of a piece on the circumplex by the words its source has for it, heard by nobody.

Moods are the words of :mod:`emo_music_ros.emotion`, with the forms in which music is tagged with
them; genres are those that paper D, section 4, pairs with an emotion. Its row for fear is left
out: ambient and chill answer fear there and do not express it. Whatever has no such word has no
place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from emo_music_ros.emotion import PAD, canonical
from emo_music_ros.recommendation.library.analysis import FEATURES
from emo_music_ros.streams import FloatArray, Track

#: How music is tagged -> word of :mod:`emo_music_ros.emotion`.
MOODS = {
    "angst": "anxiety",
    "calming": "calm",
    "cheerful": "happiness",
    "joyful": "joy",
    "loving": "love",
    "melancholic": "sadness",
    "melancholy": "sadness",
    "mournful": "sadness",
    "peaceful": "calm",
    "relaxing": "relaxed",
    "romantic": "love",
    "soothing": "calm",
    "tense": "anxiety",
    "upbeat": "happiness",
}
#: Genre -> emotion, by the table of paper D.
GENRES = {
    **dict.fromkeys(("pop", "dance"), "happiness"),
    **dict.fromkeys(("acoustic", "piano"), "sadness"),
    **dict.fromkeys(("rock", "metal"), "anger"),
    **dict.fromkeys(("alternative", "punk"), "disgust"),
    **dict.fromkeys(("indie", "electronic"), "surprise"),
    **dict.fromkeys(("classical", "jazz"), "neutral"),
}
_SPLIT = re.compile(r"[^\w]+")


def place(words: Iterable[str]) -> tuple[float, float, float] | None:
    """Return (valence, arousal, dominance), -1..1, of what a source calls a piece; None = unknown.

    Parameters
    ----------
    words : iterable of str
        Moods and genres, such as ``("Smooth Jazz", "calm")``. A mood counts before any genre;
        several have their middle.
    """
    parts = [part for word in words for part in _SPLIT.split(word.lower()) if part]
    moods = [found for part in parts if (found := _mood(part)) is not None]
    places = moods or [PAD[canonical(GENRES[part])] for part in parts if part in GENRES]
    if not places:
        return None
    valence, arousal, dominance = np.mean(places, axis=0).tolist()
    return valence, arousal, dominance


def _mood(word: str) -> tuple[float, float, float] | None:
    try:
        return PAD[canonical(MOODS.get(word, word))]
    except KeyError:
        return None


def derived(
    track_id: str,
    path: str,
    words: Iterable[str],
    *,
    title: str = "",
    artist: str = "",
    genre: str = "",
    duration: float = 0.0,
) -> Track | None:
    """Return a piece that nobody listened to, marked as such; None if no word tells its place."""
    point = place(words)
    if point is None:
        return None
    return Track(
        track_id,
        path,
        title,
        artist,
        genre,
        duration,
        valence=point[0],
        arousal=point[1],
        dominance=point[2],
        features=features(point),
        derived=True,
    )


def features(point: tuple[float, float, float]) -> FloatArray:
    """Return the content vector float32 [features] of which only the place is known, else NaN."""
    vector = np.full(len(FEATURES), np.nan, np.float32)
    for name, value in zip(("valence", "arousal", "dominance"), point):
        vector[FEATURES.index(name)] = value
    return vector
