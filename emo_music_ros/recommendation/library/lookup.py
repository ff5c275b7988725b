# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Tracks of a library, small or large, by id or path."""

from __future__ import annotations

from collections.abc import Sequence

from emo_music_ros.recommendation.library.large import LargeLibrary
from emo_music_ros.streams import Track


class Lookup:
    """Finds tracks of a library as it is now.

    Parameters
    ----------
    tracks : sequence of Track
        The library.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._large = tracks if isinstance(tracks, LargeLibrary) else None
        few = tracks if self._large is None else ()
        self._known = {track.path: track for track in reversed(few) if track.path}
        self._known |= {track.track_id: track for track in few}

    def __call__(self, track_id: str, path: str = "") -> Track | None:
        """Return the track with an id, or else a path; None if there is none."""
        find = self._known.get if self._large is None else self._large.find
        return find(track_id) or find(path)
