# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue plugin ``spotify``: pieces found by mood and genre, for the person's own player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emo_music_ros.io.spotify import ACCOUNTS, API, SpotifyWeb, senseless
from emo_music_ros.names import printable
from emo_music_ros.options import option
from emo_music_ros.recommendation.library.analysed import Progress
from emo_music_ros.recommendation.library.analysis import Analyser
from emo_music_ros.recommendation.library.listing import Listing, unplaced
from emo_music_ros.recommendation.library.source import SourceCatalogue, SourceOptions
from emo_music_ros.recommendation.library.words import derived

#: Pieces asked for at a time: the most the API allows.
WINDOW = 50


class SpotifyCatalogue(SourceCatalogue):
    """What Spotify finds by moods and genres; each piece has the place of the words it came by."""

    name = "spotify"

    @dataclass(frozen=True)
    class Options(SourceOptions):
        """What can be set."""

        genres: list[str] = option(["classical", "jazz", "pop"], "genres to search in")
        moods: list[str] = option(["calm", "happy", "relaxing"], "moods to search for")
        each: int = option(50, "pieces of each genre and mood", low=1, high=1000)
        market: str = option("", "country, such as AT; empty = any")
        client_id: str = option("", "of the app; empty = that of SPOTIPY_CLIENT_ID")
        client_secret: str = option("", "of the app; empty = that of SPOTIPY_CLIENT_SECRET")
        timeout: float = option(5.0, "longest wait for an answer [s]", low=0.1, high=60.0)
        api: str = option(API, "address of the Web API")
        accounts: str = option(ACCOUNTS, "address of the accounts")

    def __init__(self, options: Options | None = None, analyser: Analyser | None = None) -> None:
        options = options or self.Options()
        self._web = SpotifyWeb(
            options.client_id,
            options.client_secret,
            "",
            options.timeout,
            options.api,
            options.accounts,
        )
        super().__init__(options, analyser)

    def fetch(self, progress: Progress) -> Listing:
        """Search for every mood in every genre.

        Raises
        ------
        InputError
            If Spotify is away or refuses.
        """
        found: dict[str, dict[str, Any]] = {}
        moods: dict[str, list[str]] = defaultdict(list)
        genres: dict[str, list[str]] = defaultdict(list)
        searches = [(genre, mood) for genre in self.options.genres for mood in self.options.moods]
        for done, (genre, mood) in enumerate(searches, start=1):
            for item in self._search(f'{mood} genre:"{genre}"'):
                found.setdefault(item["uri"], item)
                moods[item["uri"]].append(mood)
                genres[item["uri"]].append(genre)
            progress(done, len(searches), f"{genre}, {mood}")
        tracks, without = [], []
        for uri, item in found.items():
            title = printable(str(item["name"]))
            track = derived(
                uri,
                uri,
                [*moods[uri], *genres[uri]],
                title=title,
                artist=printable(", ".join(str(each["name"]) for each in item["artists"])),
                genre=printable(", ".join(dict.fromkeys(genres[uri]))),
                duration=max(float(item["duration_ms"]) / 1000, 0.0),
            )
            if track is None:
                without.append(title)
            else:
                tracks.append(track)
        return Listing(tracks=tracks, left_out=unplaced(self.name, without))

    def _search(self, query: str) -> Iterator[dict[str, Any]]:
        market = self.options.market or None
        for start in range(0, self.options.each, WINDOW):
            count = min(WINDOW, self.options.each - start)
            answer = self._web.ask("search", query, count, start, "track", market)
            try:
                items = answer["tracks"]["items"]
            except (KeyError, TypeError):
                raise senseless("search") from None
            for item in items:  # some are null
                if item and item["uri"].startswith("spotify:track:") and item.get("is_playable", 1):
                    yield item
            if len(items) < count:
                return
