# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A library of tracks for a dry run: a list in a JSON file or a folder of music."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.simulation.events import as_float
from emo_music_ros.streams import Track

#: Largest value of a feature; what is larger is no feature, and cannot be compared.
LARGEST = 1e9
REMEDY = (
    'Give a list of {"track_id", "title", "duration", "valence", "arousal", "dominance",'
    ' "features"}, or a folder with music'
)


def read_tracks(path: Path) -> list[Track]:
    """Read a list of tracks from JSON.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, or an entry is wrong; it is named by its number.
    """
    try:
        entries = json.loads(path.read_text("utf-8-sig"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"library {path} cannot be read: {error}", REMEDY) from error
    if not isinstance(entries, list) or not entries:
        raise InputError(f"library {path} is empty or no list", REMEDY)
    tracks: list[Track] = []
    known: set[str] = set()
    length: int | None = None
    for number, entry in enumerate(entries, start=1):
        where = f"library {path}, track {number}"
        if not isinstance(entry, dict):
            raise InputError(f"{where} is no object", REMEDY)
        track = _track(entry, where)
        if track.track_id in known:
            raise InputError(f"{where}: '{track.track_id}' is there twice", "Give each its own id")
        known.add(track.track_id)
        if length is not None and len(track.features) != length:
            raise InputError(
                f"{where} has {len(track.features)} features, the others {length}",
                "Give all tracks as many",
            )
        length = len(track.features)
        tracks.append(track)
    return tracks


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _track(entry: Mapping[str, Any], where: str) -> Track:
    track_id = entry.get("track_id")
    if not isinstance(track_id, str) or not track_id:
        raise InputError(f"{where} has no track_id", REMEDY)

    def number(name: str, default: float, low: float, high: float) -> float:
        value = entry.get(name)
        if value is None:
            return default
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low <= as_float(value) <= high
        ):
            raise InputError(
                f"{where}: `{name}` is {repr(value)[:40]}", f"Give {low:g} to {high:g} or null"
            )
        return float(value)

    def text(name: str) -> str:
        value = entry.get(name)
        if value is not None and not isinstance(value, str):
            raise InputError(f"{where}: `{name}` is {value!r}", "Give a text or null")
        return value or ""

    features = entry.get("features") or []
    if not isinstance(features, list) or not all(
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(as_float(value)) <= LARGEST
        for value in features
    ):
        raise InputError(f"{where}: `features` is no list of numbers", REMEDY)
    return Track(
        track_id,
        "",
        title=text("title"),
        artist=text("artist"),
        duration=number("duration", 0.0, 0.0, 86400.0),
        tempo=number("tempo", 0.0, 0.0, 1000.0),
        mode=number("mode", 0.0, -1.0, 1.0),
        valence=number("valence", 0.0, -1.0, 1.0),
        arousal=number("arousal", 0.0, -1.0, 1.0),
        dominance=number("dominance", 0.0, -1.0, 1.0),
        features=np.array(features, np.float32),
        own=bool(entry.get("own") or False),
        year=int(number("year", 0.0, 0.0, 3000.0)),
        language=text("language"),
    )
