# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pieces of the library by words of their title and artist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emo_music_ros.care.profile import plain
from emo_music_ros.recommendation.library.large import LargeLibrary
from emo_music_ros.streams import Track

#: Most characters of what is searched for that count.
LONGEST = 200


class TrackSearch:
    """Finds pieces without case, accents and signs.

    Parameters
    ----------
    tracks : callable
        Returns the library as it is now. The same list object means that nothing changed.
    """

    def __init__(self, tracks: Callable[[], Sequence[Track]]) -> None:
        self._source = tracks
        self._seen: Sequence[Track] | None = None
        self._count = 0
        self._known: list[tuple[str, Track]] = []

    def named(self, track_ids: Sequence[str]) -> list[Track]:
        """Return the pieces of these ids that there are, in the same order."""
        now = self._source()
        if isinstance(now, LargeLibrary):
            read = map(now.find, track_ids)
            return [track for track in read if track and track.track_id in track_ids]
        wanted = set(track_ids)
        found = {each.track_id: each for each in now if each.track_id in wanted}
        return [found[each] for each in track_ids if each in found]

    def __call__(self, query: str) -> list[Track]:
        """Return the pieces whose title and artist hold every word, by title and artist."""
        words = plain(query[:LONGEST]).split()
        now = self._source()
        if isinstance(now, LargeLibrary):
            return now.named(lambda name, title, artist: _holds(f"{title or name} {artist}", words))
        if now is not self._seen or len(now) != self._count:
            self._seen, self._count = now, len(now)
            named = ((plain(f"{each.title or each.track_id} {each.artist}"), each) for each in now)
            self._known = sorted(named, key=lambda pair: (pair[0], pair[1].track_id))
        return [track for name, track in self._known if all(word in name for word in words)]


def _holds(text: str, words: Sequence[str]) -> bool:
    known = plain(text)
    return all(word in known for word in words)
