# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages by which a piece is picked, a person chosen, and something noted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlencode

from emo_music_ros.care.notes import LONGEST_NOTE, RATERS, Note
from emo_music_ros.care.plans import Plan
from emo_music_ros.dashboard.care_forms import LONGEST_AGO
from emo_music_ros.dashboard.forms import area, button, choice, entry, form, hidden
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.records import Record
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.telling import minutes
from emo_music_ros.dashboard.words import Words
from emo_music_ros.streams import Track

#: Pieces on one page.
SHOWN = 50
#: Recorded sessions a note can be about.
_MOST_SESSIONS = 30
_EVERY = "%Y-%m-%d %H:%M"


def about(words: Words, person: str) -> Markup:
    """Return whom a page is about."""
    return element("p", words("about", person=person), class_="whose")


def pick(
    words: Words,
    session: Session,
    person: str,
    query: str,
    first: int,
    found: tuple[Sequence[Track], int],
    plans: Sequence[Plan],
    told: str,
) -> Markup:
    """Return the page to pick a piece by hand, or to put it into a plan."""
    tracks, count = found
    rows = [_track(words, session, each, plans) for each in tracks]
    last = first + len(tracks)
    search = element(
        "form",
        entry(words("search"), "q", query, kind="search"),
        button(words("find")),
        method="get",
        action="/pick",
        role="search",
        class_="search",
    )
    more = ""
    if last < count:
        address = "/pick?" + urlencode({"q": query, "first": last})
        more = element("p", element("a", words("more"), href=address, class_="button"))
    return document(
        "pick",
        words,
        about(words, person),
        search,
        element("p", words("found_tracks", shown=len(tracks), found=count), class_="note"),
        element("ul", *rows, class_="cards"),
        more,
        session=session,
        told=told,
    )


def _track(words: Words, session: Session, track: Track, plans: Sequence[Plan]) -> Markup:
    adding: list[str] = []
    if plans and may(session.role, "POST", "/plans/append"):
        adding = [
            form(
                "/plans/append",
                session.token,
                hidden("plan", plan.plan_id),
                hidden("track", track.track_id),
                button(words("add_to", name=plan.name), "small"),
            )
            for plan in plans
        ]
        adding = [element("details", element("summary", words("add_to_plan")), *adding)]
    return element(
        "li",
        element("p", element("strong", track.title or track.track_id), f" {track.artist}"),
        element("p", minutes(track.duration), class_="note"),
        form(
            "/pick",
            session.token,
            hidden("track", track.track_id),
            button(words("play_this")),
        ),
        *adding,
    )


def person(words: Words, session: Session, now: str, known: Sequence[str], told: str) -> Markup:
    """Return the page to turn to another person."""
    others = [
        form(
            "/person",
            session.token,
            hidden("person", name),
            button(words("turn_to", person=name), "large"),
        )
        for name in known
        if name != now
    ]
    return document(
        "person",
        words,
        element("p", words("about", person=now), class_="state"),
        *others,
        element("h2", words("turn_other")),
        form(
            "/person",
            session.token,
            entry(words("name"), "person", "", required=True),
            button(words("turn")),
        ),
        session=session,
        told=told,
    )


def notes(
    words: Words,
    session: Session,
    person: str,
    known: Sequence[Note],
    records: Sequence[Record],
    told: str,
) -> Markup:
    """Return the page of notes: each role's apart, for two raters are never pooled."""
    sessions = [("", words("note_moment"))]
    sessions += [(each.name, _when(each.began)) for each in records[:_MOST_SESSIONS]]
    lists = []
    for rater in RATERS:
        own = [_note(words, session, each) for each in known if each.rater == rater]
        if own:
            lists += [
                element("h2", words(f"role_{rater}")), element("ul", *own, class_="cards")
            ]  # fmt: skip
    return document(
        "notes",
        words,
        about(words, person),
        form(
            "/notes",
            session.token,
            area(words("note_text"), "text", (), rows=3, longest=LONGEST_NOTE, required=True),
            choice(words("note_session"), "session", sessions, ""),
            entry(words("note_ago"), "ago", "0", kind="number", low=0, high=LONGEST_AGO),
            button(words("save")),
            class_="wide",
        ),
        *(lists or [element("p", words("no_notes"))]),
        session=session,
        told=told,
    )


def _note(words: Words, session: Session, note: Note) -> Markup:
    removing = ""
    if note.author == session.account:
        removing = form(
            "/notes/remove", session.token, hidden("note", note.note_id), button(words("remove"))
        )
    return element(
        "li",
        element("p", note.text),
        element("p", f"{_when(note.time)} · {note.author}", class_="note"),
        removing,
    )


def _when(moment: float) -> str:
    return time.strftime(_EVERY, time.localtime(moment))
