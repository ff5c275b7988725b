# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The library as the session needs it: found by id, described about its own middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from emo_music_ros.care.profile import Song
from emo_music_ros.recommendation.library.large import LargeLibrary
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.recommendation.policy.rules import among
from emo_music_ros.streams import FloatArray, Track

#: Lists of songs whose tracks are kept.
KEPT = 8


class Shelf:
    """Keeps the tracks of a library with content vectors that mean the same for any part of it.

    Parameters
    ----------
    tracks : callable
        Returns the library as it is now. The same list object means that nothing changed.
    """

    def __init__(self, tracks: Callable[[], Sequence[Track]]) -> None:
        self._source = tracks
        self._seen: Sequence[Track] | None = None
        self._count = 0
        self._tracks: Sequence[Track] = []
        self._by_id: dict[str, Track] = {}
        self._entered: dict[tuple[Song, ...], list[Track]] = {}

    def tracks(self) -> Sequence[Track]:
        """Return the library; `features` are unit vectors about its middle."""
        now = self._source()
        if isinstance(now, LargeLibrary):
            return now
        if now is not self._seen or len(now) != self._count:
            self._seen, self._count = now, len(now)
            self._tracks = [
                replace(track, features=vector) for track, vector in zip(now, scoring.content(now))
            ]
            self._by_id = {track.track_id: track for track in self._tracks}
        return self._tracks

    def around(
        self,
        begin: FloatArray,
        end: FloatArray,
        preference: FloatArray,
        songs: tuple[Song, ...] = (),
    ) -> Sequence[Track]:
        """Return the tracks that are worth scoring: all, or of a large library candidates.

        Parameters
        ----------
        begin, end : array [3]
            Where the person is and is led to: valence, arousal, dominance, -1..1. Candidates lie
            at both and half way; own songs always are among them.
        preference : array [features]
            Of the person.
        songs : tuple of Song
            What was entered; always among the candidates.
        """
        tracks = self.tracks()
        if not isinstance(tracks, LargeLibrary):
            return tracks
        places = np.stack([begin, (begin + end) / 2, end])
        near = [*tracks.candidates(places, preference), *tracks.own, *self.entered(songs)]
        return list({track.track_id: track for track in near}.values())

    def entered(self, songs: tuple[Song, ...]) -> list[Track]:
        """Return the tracks that are among some songs; those of a large library are kept."""
        tracks = self.tracks()
        if not isinstance(tracks, LargeLibrary):
            return [track for track in tracks if among(track, songs)]
        if songs not in self._entered:
            if len(self._entered) >= KEPT:
                self._entered.clear()

            def wanted(name: str, title: str, artist: str) -> bool:
                return among(Track(name, "", title=title, artist=artist), songs)

            self._entered[songs] = tracks.named(wanted)
        return self._entered[songs]

    def find(self, track_id: str) -> Track | None:
        """Return a track of the library, None if it is not there."""
        tracks = self.tracks()
        if isinstance(tracks, LargeLibrary):
            found = tracks.find(track_id)
            return found if found is not None and found.track_id == track_id else None
        return self._by_id.get(track_id)

    def content(self, track: Track) -> FloatArray:
        """Return the content vector of a track; empty if it is not in the library."""
        found = self.find(track.track_id)
        return found.features if found is not None else np.zeros(0)
