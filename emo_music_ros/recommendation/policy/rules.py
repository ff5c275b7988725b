# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Rules of practice for what may be played to whom, from what a carer or the family entered.

They bind once a risk, own songs or a plan was entered for a person; without an entry risk counts as
low. What is never to be played again binds at once. The numbers are those of music in dementia
care (Garrido) where not said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from emo_music_ros.care.profile import OPT_IN, Profile, Song, plain
from emo_music_ros.streams import FloatArray, Track

#: Goal of music -> slowest and fastest tempo [beats per minute].
TEMPI = {"agitation": (0, 80), "apathy": (80, 120), "company": (0, 120), "sleep": (0, 60)}
#: Fastest music that may meet a mood.
MATCHING = 120.0
#: Age of the strongest memories of songs, of weaker ones, and rated songs after which it ends.
PEAK, BROAD, RATED = (13, 19), (10, 30), 10
#: Weight of the language in the prior, above that of the time.
LANGUAGE, ERA = 0.06, 0.04


def among(track: Track, songs: tuple[Song, ...]) -> bool:
    """Return whether a track is one of the songs, by title and, where it is named, artist."""
    known = _artists(songs).get(_plain(track.title or track.track_id))
    return known is not None and ("" in known or _plain(track.artist) in known)


@lru_cache(maxsize=256)
def _artists(songs: tuple[Song, ...]) -> dict[str, frozenset[str]]:
    """Return the artists by title; an empty one stands for anybody."""
    found: dict[str, set[str]] = {}
    for song in songs:
        if plain(song.title):
            found.setdefault(plain(song.title), set()).add(plain(song.artist))
    return {title: frozenset(artists) for title, artists in found.items()}


_plain = lru_cache(maxsize=50_000)(plain)


def banned(track: Track, profile: Profile) -> bool:
    """Return whether a track is on the never-again list."""
    return bool(profile.never) and among(track, profile.never)


def marked(tracks: Sequence[Track], profile: Profile) -> list[Track]:
    """Return the tracks, those of the person's own songs and favourites marked as own."""
    songs = (*profile.own, *profile.favourites, profile.comfort)
    if not any(song.title for song in songs):
        return list(tracks)
    return [
        replace(track, own=True) if not track.own and among(track, songs) else track
        for track in tracks
    ]


def welcome(track: Track, profile: Profile) -> bool:
    """Return whether a track is neither on the never-again list nor of a kind to be asked for."""
    if banned(track, profile):
        return False
    if not profile.entered or track.own:
        return True
    genre = _plain(track.genre)
    return not any(kind in genre and kind not in profile.opt_in for kind in OPT_IN)


def allowed(
    tracks: Sequence[Track], profile: Profile, careful: bool, agitated: bool
) -> tuple[list[Track], str]:
    """Return the tracks that the rules leave and a sentence why.

    Parameters
    ----------
    tracks : sequence of Track
        The library, own songs marked.
    profile : Profile
        What was entered for the person.
    careful : bool
        Whether arousal is high or distress was recent.
    agitated : bool
        Whether the person is anxious with raised arousal.
    """
    if not profile.entered and not profile.never:
        return list(tracks), ""
    left = [track for track in tracks if welcome(track, profile)]
    if not profile.entered:
        return left, ""
    note = ""
    if careful or profile.high_risk:
        left = [track for track in left if track.own]
        note = "Own songs only, as the risk of a bad reaction counts as high or somebody is tense."
    if profile.high_risk:
        left = [track for track in left if track.mode >= 0 and not track.derived]
        note += " Songs in minor keys are left out."
    if agitated:
        slow = [track for track in left if 0 < track.tempo < TEMPI["agitation"][1]]
        left, note = (slow, note) if slow else (left, note + " None of them is below 80 a minute.")
    elif profile.goal:
        low, high = TEMPI[profile.goal]
        # Songs that mean something to a person may break the tempo of the goal.
        left = [track for track in left if track.own or _fits(track.tempo, low, high)]
    if not left:
        note = "No own song fits and nothing else may be played now: no music."
    return left, note.strip()


def _fits(tempo: float, low: float, high: float) -> bool:
    return tempo <= 0 or low <= tempo <= high


def may_match(track: Track) -> bool:
    """Return whether a track may meet a mood at the beginning: not above 120 beats a minute."""
    return not track.tempo > MATCHING


def prior(tracks: Sequence[Track], profile: Profile, rated: int) -> FloatArray:
    """Return what time and language speak for [tracks], 0..0.1; nothing after `RATED` songs.

    First language weighs more than time: the peak of memories is no law (Yeung 2014).
    """
    left = max(0.0, 1.0 - rated / RATED)
    if not left or not (profile.birth_year or profile.language):
        return np.zeros(len(tracks))

    def weight(track: Track) -> float:
        age = track.year - profile.birth_year if track.year and profile.birth_year else -1
        era = 1.0 if PEAK[0] <= age <= PEAK[1] else 0.5 if BROAD[0] <= age <= BROAD[1] else 0.0
        spoken = bool(profile.language) and track.language == profile.language
        return LANGUAGE * spoken + ERA * era

    return left * np.array([weight(track) for track in tracks], float)
