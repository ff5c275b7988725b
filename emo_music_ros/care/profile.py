# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was entered for one person: songs, risk, and what follows from health and life."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from emo_music_ros.errors import InputError
from emo_music_ros.names import LONGEST, printable

RISKS = ("", "low", "medium", "high")
#: What music may be for; each has a tempo in :mod:`emo_music_ros.recommendation.policy.rules`.
GOALS = ("", "agitation", "apathy", "company", "sleep")
#: What makes the heart rate say nothing about music.
HEART = ("pacemaker", "atrial_fibrillation", "beta_blocker")
#: Kinds of music that are played only if somebody asked for them.
OPT_IN = ("religious", "hymn", "gospel", "patriotic", "anthem", "march", "war")
#: Sessions in which a risk nobody knows counts as high (ours).
CAREFUL_SESSIONS = 3
#: Most songs of a list, and most hard times of a day.
MOST_SONGS, MOST_TIMES = 500, 12
#: Minutes of a day.
DAY = 1440
#: First and last year of birth that can be.
YEARS = (1890, 2030)


@dataclass(frozen=True)
class Song:
    """A song as the family knows it; the artist may be left open."""

    title: str
    artist: str = ""


@dataclass(frozen=True)
class HardTime:
    """A time of the day that is hard for a person; `minute` counts from midnight."""

    name: str
    minute: int


@dataclass(frozen=True)
class Profile:
    """What was entered for one person.

    Parameters
    ----------
    risk : str
        Of bad reactions to music: one of :data:`RISKS`, empty = not known.
    own, favourites, never : sequence of Song
        Songs of the person's life, those liked best, and those never to be played again.
    comfort : Song
        The song that comforts; without a title there is none.
    birth_year : int
        0 = not known.
    language : str
        First language or dialect, as the tracks name it.
    same_songs : bool
        Whether it is right to play the same songs again and again.
    opt_in : sequence of str
        Which of :data:`OPT_IN` are welcome.
    goal : str
        One of :data:`GOALS`, empty = none.
    heart : sequence of str
        Which of :data:`HEART` there are: then the heart rate earns no reward.
    hearing_aids : bool
        Whether the person has some: then somebody asks whether they are in.
    hard_times : sequence of HardTime
        The day plan.
    sessions : int
        How many were held; counted, not entered.
    planned, scheduled : bool
        Whether a therapist planned something, and whether anything begins by the clock; known to
        the store.
    stopped : bool
        Whether distress stopped music twice in a day and no carer has looked since: nothing begins
        by itself.
    """

    risk: str = ""
    own: tuple[Song, ...] = ()
    favourites: tuple[Song, ...] = ()
    never: tuple[Song, ...] = ()
    comfort: Song = Song("")
    birth_year: int = 0
    language: str = ""
    same_songs: bool = False
    opt_in: tuple[str, ...] = ()
    goal: str = ""
    heart: tuple[str, ...] = ()
    hearing_aids: bool = False
    hard_times: tuple[HardTime, ...] = ()
    sessions: int = 0
    planned: bool = False
    scheduled: bool = False
    stopped: bool = False

    @property
    def entered(self) -> bool:
        """Whether the rules for choice bind: a risk, own songs or a plan was entered."""
        songs = self.own or self.favourites or self.comfort.title
        return bool(self.risk or songs or self.hard_times or self.planned)

    @property
    def high_risk(self) -> bool:
        """Whether risk counts as high: entered so, or not known in the first sessions."""
        unknown = not self.risk and self.sessions < CAREFUL_SESSIONS
        return self.entered and (self.risk == "high" or unknown)


#: Of somebody nothing was entered for: no rule binds.
NOBODY = Profile()
#: What is counted or found, not entered.
COUNTED = ("sessions", "planned", "scheduled", "stopped")
ENTERED = tuple(each.name for each in fields(Profile) if each.name not in COUNTED)
_SONGS = ("own", "favourites", "never")


def written(profile: Profile) -> dict[str, Any]:
    """Return what was entered, as what JSON can hold."""
    return {name: value for name, value in asdict(profile).items() if name in ENTERED}


def read(entry: Mapping[str, Any]) -> Profile:
    """Return a profile out of JSON; songs are objects or titles.

    Raises
    ------
    InputError
        If a field is unknown, of a wrong kind, or cannot be.
    """
    try:
        return checked(_read(entry))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise InputError(
            f"the profile cannot be used: {error}", f"Give {', '.join((*ENTERED, 'sessions'))}"
        ) from error


def _read(entry: Mapping[str, Any]) -> Profile:
    known = {one.name: one.default for one in fields(Profile)}
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in known:
            raise ValueError(f"unknown: {name}")
        if name in _SONGS:
            value = tuple(_song(song) for song in value)
        elif name == "comfort":
            value = _song(value)
        elif name == "hard_times":
            value = tuple(HardTime(**each) for each in value)
        elif isinstance(known[name], tuple):
            value = tuple(value)
        values[name] = value
    return Profile(**values)


def _song(entry: Any) -> Song:
    return Song(entry) if isinstance(entry, str) else Song(**entry)


def checked(profile: Profile) -> Profile:
    """Return a profile as it can be stored, sent and shown.

    Raises
    ------
    InputError
        If a field cannot be.
    """
    for one in fields(Profile):
        value = getattr(profile, one.name)
        if type(value) is not type(one.default):
            raise _wrong(f"{one.name} is {value!r}", f"a {type(one.default).__name__}")
    _choice("risk", profile.risk, RISKS)
    _choice("goal", profile.goal, GOALS)
    for name, allowed in (("heart", HEART), ("opt_in", OPT_IN)):
        for each in getattr(profile, name):
            _choice(name, each, allowed)
    if profile.birth_year and not YEARS[0] <= profile.birth_year <= YEARS[1]:
        raise _wrong(f"birth year {profile.birth_year}", f"{YEARS[0]} to {YEARS[1]}, or 0")
    if profile.sessions < 0:
        raise _wrong(f"{profile.sessions} sessions", "0 or more")
    _text("language", profile.language)
    for name in _SONGS:
        songs = getattr(profile, name)
        if len(songs) > MOST_SONGS:
            raise _wrong(f"{len(songs)} songs in {name}", f"at most {MOST_SONGS}")
        for song in songs:
            if not plain(_text(name, song.title)):
                raise _wrong(f"a song without a title in {name}", "its title")
            _text(name, song.artist)
    _text("comfort", profile.comfort.title)
    _text("comfort", profile.comfort.artist)
    if len(profile.hard_times) > MOST_TIMES:
        raise _wrong(f"{len(profile.hard_times)} hard times", f"at most {MOST_TIMES}")
    for time in profile.hard_times:
        if not _text("hard_times", time.name).strip():
            raise _wrong("a hard time without a name", "what is hard then, such as washing")
        minute(time.minute)
    return profile


def minute(value: int) -> int:
    """Return a minute of the day.

    Raises
    ------
    InputError
        If it is none.
    """
    if type(value) is not int or not 0 <= value < DAY:
        raise _wrong(f"minute {value!r} of the day", f"0 to {DAY - 1}")
    return value


def _choice(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise _wrong(f"{name} {value!r:.60}", " or ".join(each or "nothing" for each in allowed))


def _text(name: str, text: str) -> str:
    if not isinstance(text, str) or text != printable(text, LONGEST):
        raise _wrong(f"{name} {text!r:.60}", f"one line of at most {LONGEST} printable characters")
    return text


def _wrong(what: str, remedy: str) -> InputError:
    return InputError(f"{what} cannot be entered", f"Give {remedy}")


def plain(text: str) -> str:
    """Return a title or name without case, accents, signs and doubled spaces.

    A name of nothing but signs stays as it is.
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one if one.isalnum() else " " for one in letters if not _accent(one))
    return " ".join(kept.split()) or text.casefold().strip()


def _accent(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"
