# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Rules of practice for what may be played to whom, from what a carer or the family entered.

They bind once a risk, own songs or anything else was entered for a person; without an entry risk
counts as low. The numbers are those of music in dementia care (Garrido) where not said otherwise.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.streams import FloatArray, Track

RISKS = ("", "low", "medium", "high")
#: Goal of music -> slowest and fastest tempo [beats per minute].
TEMPI = {"agitation": (0, 80), "apathy": (80, 120), "company": (0, 120), "sleep": (0, 60)}
#: Sessions in which a risk nobody knows counts as high (ours).
CAREFUL_SESSIONS = 3
#: Fastest music that may meet a mood.
MATCHING = 120.0
#: Age of the strongest memories of songs, of weaker ones, and rated songs after which it ends.
PEAK, BROAD, RATED = (13, 19), (10, 30), 10
#: Weight of the language in the prior, above that of the time.
LANGUAGE, ERA = 0.06, 0.04
#: Kinds of music that are played only if somebody asked for them.
OPT_IN = ("religious", "hymn", "gospel", "patriotic", "anthem", "march", "war")


@dataclass(frozen=True)
class Song:
    """A song as the family knows it; the artist may be left open."""

    title: str
    artist: str = ""


@dataclass(frozen=True)
class Profile:
    """What was entered for one person.

    Parameters
    ----------
    risk : str
        Of bad reactions to music: one of :data:`RISKS`, empty = not known.
    own, favourites, never : sequence of Song
        Songs of the person's life, those liked best, and those never to be played again.
    birth_year : int
        0 = not known.
    language : str
        First language or dialect, as the tracks name it.
    same_songs : bool
        Whether it is right to play the same songs again and again.
    opt_in : sequence of str
        Which of :data:`OPT_IN` are welcome.
    goal : str
        One of :data:`TEMPI`, empty = none.
    sessions : int
        How many there were before.
    """

    risk: str = ""
    own: tuple[Song, ...] = ()
    favourites: tuple[Song, ...] = ()
    never: tuple[Song, ...] = ()
    birth_year: int = 0
    language: str = ""
    same_songs: bool = False
    opt_in: tuple[str, ...] = ()
    goal: str = ""
    sessions: int = 0
    entered: bool = field(default=True, compare=False)

    @property
    def high_risk(self) -> bool:
        """Whether risk counts as high: entered so, or not known in the first sessions."""
        if not self.entered:
            return False
        return self.risk == "high" or (not self.risk and self.sessions < CAREFUL_SESSIONS)


#: Of somebody nothing was entered for: no rule binds.
NOBODY = Profile(entered=False)


def read_profiles(path: Path) -> dict[str, Profile]:
    """Read profiles by person: a JSON object of objects with the fields of :class:`Profile`.

    Songs are objects with ``title`` and ``artist``, or titles.

    Raises
    ------
    InputError
        If the file cannot be read, or a field is unknown or of a wrong kind.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        return {str(person): _profile(entry) for person, entry in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(
            f"the profiles in {path} cannot be used: {error}",
            f"Write a JSON object: person -> {', '.join(one.name for one in fields(Profile)[:-1])}",
        ) from error


def _profile(entry: Mapping[str, Any]) -> Profile:
    known = {one.name: one for one in fields(Profile) if one.name != "entered"}
    unknown = sorted(set(entry) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    values: dict[str, Any] = {}
    for name, value in entry.items():
        default = known[name].default
        if name in ("own", "favourites", "never"):
            value = tuple(Song(song) if isinstance(song, str) else Song(**song) for song in value)
        elif isinstance(default, tuple):
            value = tuple(map(str, value))
        elif type(value) is not type(default):
            raise ValueError(f"{name} is {value!r}")
        values[name] = value
    profile = Profile(**values)
    if profile.risk not in RISKS or profile.goal not in ("", *TEMPI):
        raise ValueError(f"risk is one of {RISKS}, goal one of {('', *TEMPI)}")
    return profile


def plain(text: str) -> str:
    """Return a title or name without case, accents, signs and doubled spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one if one.isalnum() else " " for one in letters if not _accent(one))
    return " ".join(kept.split())


def _accent(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"


def among(track: Track, songs: Sequence[Song]) -> bool:
    """Return whether a track is one of the songs, by title and, where it is named, artist."""
    title, artist = plain(track.title), plain(track.artist)
    return any(
        plain(song.title) == title and (not song.artist or plain(song.artist) == artist)
        for song in songs
        if plain(song.title)
    )


def marked(tracks: Sequence[Track], profile: Profile) -> list[Track]:
    """Return the tracks, those of the person's own songs and favourites marked as own."""
    songs = (*profile.own, *profile.favourites)
    return [
        replace(track, own=True) if not track.own and among(track, songs) else track
        for track in tracks
    ]


def welcome(track: Track, profile: Profile) -> bool:
    """Return whether a track is neither on the never-again list nor of a kind to be asked for."""
    if among(track, profile.never):
        return False
    if not profile.entered or track.own:
        return True
    genre = plain(track.genre)
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
    left = max(0.0, 1.0 - rated / RATED) if profile.entered else 0.0

    def weight(track: Track) -> float:
        age = track.year - profile.birth_year if track.year and profile.birth_year else -1
        era = 1.0 if PEAK[0] <= age <= PEAK[1] else 0.5 if BROAD[0] <= age <= BROAD[1] else 0.0
        spoken = bool(profile.language) and track.language == profile.language
        return LANGUAGE * spoken + ERA * era

    return left * np.array([weight(track) for track in tracks], float)


def least_misery(values: Sequence[FloatArray]) -> FloatArray:
    """Return what a group gets of each track [tracks]: what the worst served member gets."""
    return np.min(np.stack(values), axis=0)


def for_all(tracks: Sequence[Track], profiles: Sequence[Profile]) -> list[Track]:
    """Return the tracks that are welcome to every member of a group: anybody has a veto."""
    return [track for track in tracks if all(welcome(track, one) for one in profiles)]
