# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Messages of what carers and therapists enter, to plain data and back."""

from __future__ import annotations

from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Plan
from emo_music_ros.care.profile import HardTime, Profile, Song, checked
from emo_music_ros.ros.stamps import header, seconds

_SONGS = ("own", "favourites", "never")
_SAME = ("risk", "birth_year", "language", "same_songs", "goal", "hearing_aids")
_LISTS = ("opt_in", "heart")
_PLAN = ("plan_id", "name", "minutes", "scenario", "goal", "locked", "note", "author", "held")


def profile_message(profile: Profile, person_id: str) -> msg.Profile:
    """Return a profile as a message."""
    message = msg.Profile(person_id=person_id, sessions=profile.sessions)
    for name in _SAME:
        setattr(message, name, getattr(profile, name))
    for name in _LISTS:
        setattr(message, name, list(getattr(profile, name)))
    for name in _SONGS:
        setattr(message, name, [song_message(song) for song in getattr(profile, name)])
    message.comfort = song_message(profile.comfort)
    message.hard_times = [
        msg.HardTime(name=time.name, minute=time.minute) for time in profile.hard_times
    ]
    return message


def profile(message: msg.Profile) -> Profile:
    """Return a message as a profile.

    Raises
    ------
    InputError
        If it cannot be one.
    """
    values: dict[str, Any] = {name: getattr(message, name) for name in (*_SAME, "sessions")}
    values |= {name: tuple(getattr(message, name)) for name in _LISTS}
    values |= {name: tuple(map(_song, getattr(message, name))) for name in _SONGS}
    values["hard_times"] = tuple(HardTime(each.name, each.minute) for each in message.hard_times)
    return checked(Profile(**values, comfort=_song(message.comfort)))


def song_message(song: Song) -> msg.Song:
    """Return a song as a message."""
    return msg.Song(title=song.title, artist=song.artist)


def _song(message: msg.Song) -> Song:
    return Song(message.title, message.artist)


def plan_message(plan: Plan, person_id: str) -> msg.MusicPlan:
    """Return a plan as a message."""
    return msg.MusicPlan(
        person_id=person_id,
        starts=list(plan.starts),
        track_ids=list(plan.tracks),
        **{name: getattr(plan, name) for name in _PLAN},
    )


def plan(message: msg.MusicPlan) -> Plan:
    """Return a message as a plan; whether it can be held the store says."""
    return Plan(
        starts=tuple(map(int, message.starts)),
        tracks=tuple(message.track_ids),
        **{name: getattr(message, name) for name in _PLAN},
    )


def note_message(note: Note, person_id: str) -> msg.Note:
    """Return a note as a message."""
    return msg.Note(
        header=header(note.time),
        note_id=note.note_id,
        person_id=person_id,
        session=note.session,
        rater=note.rater,
        author=note.author,
        text=note.text,
    )


def note(message: msg.Note, now: float) -> Note:
    """Return a message as a note; without a stamp it is about now [unix s]."""
    return Note(
        seconds(message.header.stamp) or now,
        message.rater,
        message.author,
        message.text,
        message.session,
        message.note_id,
    )
