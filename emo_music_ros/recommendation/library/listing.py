# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a source listed last, in a file: known at once, without it, and to other programs."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emo_music_ros.names import printable
from emo_music_ros.recommendation.library.words import features
from emo_music_ros.resources import private_folder
from emo_music_ros.streams import Track

log = logging.getLogger(__name__)

#: How many of those that are left out for the same reason are named.
SHOWN = 5
_TEXTS = ("track_id", "path", "title", "artist", "genre")
_PLACE = ("valence", "arousal", "dominance")


@dataclass(frozen=True)
class Listing:
    """What a source has: files that are here, and pieces that are only with it."""

    files: Sequence[Path] = ()
    tracks: Sequence[Track] = ()
    #: Name -> why it is left out.
    left_out: dict[str, str] = field(default_factory=dict)


def unplaced(source: str, names: Sequence[str]) -> dict[str, str]:
    """Return the entry of `left_out` for pieces whose words tell no place."""
    if not names:
        return {}
    some = ", ".join(map(printable, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")
    return {
        f"{len(names)} pieces of {source}": "neither their files nor a mood or genre that is known"
        f" tell how they feel: {some}"
    }


def save(listing: Listing, file: Path) -> None:
    """Write it in place of the last one; what cannot be written is only told.

    It can be had again: the next program has to ask the source first.
    """
    content = {
        "files": [str(path) for path in listing.files],
        "tracks": [
            {name: getattr(track, name) for name in (*_TEXTS, "duration", *_PLACE)}
            for track in listing.tracks
        ],
    }
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        private_folder(file.parent)
        partial.write_text(json.dumps(content), "utf-8")
        partial.replace(file)
    except (OSError, UnicodeEncodeError) as error:
        log.warning("'%s' cannot be written: %s", file, error)


def load(file: Path) -> Listing:
    """Return what was written last; empty if there is nothing that can be read."""
    try:
        content = json.loads(file.read_text("utf-8"))
        return Listing(
            [Path(str(path)) for path in content["files"]],
            [_track(entry) for entry in content["tracks"]],
        )
    except FileNotFoundError:
        return Listing()
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("'%s' is made anew, as it cannot be read: %r", file, error)
        return Listing()


def _track(entry: dict[str, Any]) -> Track:
    point = tuple(float(entry[name]) for name in _PLACE)
    duration = float(entry["duration"])
    if not all(-1.0 <= value <= 1.0 for value in point) or not 0.0 <= duration < math.inf:
        raise ValueError(f"out of range: {entry!r:.200}")
    valence, arousal, dominance = point
    track_id, path, title, artist, genre = (str(entry[name]) for name in _TEXTS)
    return Track(
        track_id,
        path,
        title,
        artist,
        genre,
        duration,
        valence=valence,
        arousal=arousal,
        dominance=dominance,
        features=features((valence, arousal, dominance)),
        derived=True,
    )
