# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people typed into the forms of profile, plans and notes, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Plan, parsed, shown
from emo_music_ros.care.profile import HEART, HardTime, Profile, Song
from emo_music_ros.dashboard.permissions import THERAPIST
from emo_music_ros.errors import InputError
from emo_music_ros.streams import Track

#: What a carer may enter; a therapist enters everything.
CARER_FIELDS = ("own", "favourites", "never", "comfort", "hard_times")
THERAPIST_FIELDS = (
    "risk", "same_songs", "birth_year", "language", "goal", "heart", "hearing_aids", "opt_in",
)  # fmt: skip
#: Between title and artist; a slash within a word is none.
_BETWEEN = re.compile(r"\s+/\s+|／")
#: Longest ago a note may be about [min].
LONGEST_AGO = 7 * 24 * 60


def fields_of(role: str) -> tuple[str, ...]:
    """Return which fields of a profile a role may change."""
    return CARER_FIELDS + (THERAPIST_FIELDS if role == THERAPIST else ())


def lines(text: str) -> list[str]:
    """Return the lines of a text that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def song(line: str) -> Song:
    """Return a song out of a line."""
    title, *artist = _BETWEEN.split(line.strip(), maxsplit=1)
    return Song(title.strip(), artist[0].strip() if artist else "")


def song_line(one: Song) -> str:
    """Return a song as a line."""
    return f"{one.title} / {one.artist}" if one.artist else one.title


def track_name(track: Track) -> str:
    """Return what a piece is called."""
    return song_line(Song(track.title or track.track_id, track.artist))


def time_line(time: HardTime) -> str:
    """Return a hard time as a line."""
    return f"{shown(time.minute)} {time.name}"


def profile(form: Mapping[str, str], role: str) -> Profile:
    """Return a profile out of a form; fields the role may not change stay empty.

    Raises
    ------
    InputError
        If something in it is not understood.
    """
    songs: dict[str, Any] = {
        name: tuple(dict.fromkeys(song(line) for line in lines(form.get(name, ""))))
        for name in ("own", "favourites", "never")
    }
    times = tuple(_hard_time(line) for line in lines(form.get("hard_times", "")))
    ours = Profile(**songs, comfort=song(form.get("comfort", "")), hard_times=times)
    if role != THERAPIST:
        return ours
    return Profile(
        **songs,
        comfort=ours.comfort,
        hard_times=times,
        risk=form.get("risk", ""),
        same_songs=form.get("same_songs") == "yes",
        birth_year=_number(form.get("birth_year", "") or "0", "a year of birth"),
        language=form.get("language", "").strip(),
        goal=form.get("goal", ""),
        heart=tuple(each for each in HEART if form.get(each) == "yes"),
        hearing_aids=form.get("hearing_aids") == "yes",
        opt_in=tuple(dict.fromkeys(re.split(r"[\s,，、]+", form.get("opt_in", "").strip().lower())))
        if form.get("opt_in", "").strip()
        else (),
    )


def plan(form: Mapping[str, str], author: str) -> Plan:
    """Return a plan out of a form.

    Raises
    ------
    InputError
        If something in it is not understood.
    """
    starts = tuple(parsed(each) for each in form.get("starts", "").replace(",", " ").split())
    return Plan(
        form.get("name", "").strip(),
        starts,
        _number(form.get("minutes", ""), "a number of minutes"),
        tuple(line.split()[0] for line in lines(form.get("tracks", ""))),
        form.get("scenario", ""),
        form.get("goal", ""),
        form.get("locked") == "yes",
        " ".join(form.get("note", "").split()),
        author,
        form.get("plan", ""),
    )


def note(form: Mapping[str, str], role: str, author: str, now: float) -> Note:
    """Return a note out of a form; `now` in unix seconds.

    Raises
    ------
    InputError
        If something in it is not understood.
    """
    ago = _number(form.get("ago", "") or "0", "a number of minutes")
    if ago > LONGEST_AGO:
        raise InputError(f"{ago} minutes ago is too long", f"Give at most {LONGEST_AGO}")
    session = form.get("session", "")
    about = float(session) if re.fullmatch(r"\d{1,12}\.\d{9}", session) else now - 60.0 * ago
    text = " ".join(form.get("text", "").split())
    return Note(about, role, author, text, session, form.get("note", ""))


def members(text: str) -> tuple[str, ...]:
    """Return the names in a text with commas."""
    return tuple(dict.fromkeys(name.strip() for name in re.split("[,，、]", text) if name.strip()))


def _hard_time(line: str) -> HardTime:
    time, _, name = line.partition(" ")
    return HardTime(name.strip() or time, parsed(time))


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise InputError(f"{text[:20]!r} is not {what}", "Type digits only")
    return int(text)
