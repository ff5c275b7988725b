# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of sessions: start one, and what became of those that were recorded."""

from __future__ import annotations

import time
from collections.abc import Sequence

from emo_music_ros.dashboard.forms import button, entry, form, hidden
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.records import Record
from emo_music_ros.dashboard.sections import SECTIONS
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.situations import GOALS, LONGEST, SCENARIOS
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words

#: Sections of the carer's view that follow a session that runs.
_FOLLOWED = ("session", "feels", "music")
#: Length that is offered [min].
_USUAL = 30
#: Most sessions that are listed.
_MOST = 100


def recordings(
    words: Words, session: Session, now: Snapshot, records: Sequence[Record], told: str
) -> Markup:
    """Return the page of sessions."""
    following = [
        element(
            "section",
            element("h2", words(each)),
            element("div", SECTIONS[each](now, words), id=f"now-{each}"),
            class_=each,
        )
        for each in _FOLLOWED
    ]
    return document(
        "recordings",
        words,
        _start(words, session) if may(session.role, "POST", "/control/session") else "",
        element("div", *following, class_="sections"),
        element("h2", words("recorded")),
        _list(words, session, records),
        element("div", id="events", data_events="/events/carer", hidden=True),
        session=session,
        told=told,
    )


def _start(words: Words, session: Session) -> Markup:
    scenarios = [element("option", words(f"scenario_{each}"), value=each) for each in SCENARIOS]
    goals = [element("option", words(each), value=each) for each in GOALS]
    length = element(
        "input", type="number", name="minutes", min=1, max=LONGEST, value=_USUAL, required=True
    )
    return element(
        "section",
        element("h2", words("start_session")),
        form(
            "/control/session",
            session.token,
            hidden("page", "recordings"),
            element("label", words("scenario"), element("select", *scenarios, name="scenario")),
            element("label", words("goal"), element("select", *goals, name="goal")),
            element("label", words("length"), length),
            entry(words("group_members"), "members", ""),
            button(words("start_now")),
        ),
        class_="start",
    )


def _list(words: Words, session: Session, records: Sequence[Record]) -> Markup:
    if not records:
        return element("p", words("none_recorded"))
    rows = [
        element(
            "tr",
            element("td", time.strftime("%Y-%m-%d %H:%M", time.localtime(each.began))),
            element("td", f"{each.size / 1e6:.1f} MB"),
            element("td", *_links(words, session, each.name)),
        )
        for each in records[:_MOST]
    ]
    head = (element("th", words(key)) for key in ("began", "size", "report_of"))
    every = element("p", element("strong", words("all_sessions")), " ", *_links(words, session, ""))
    table = element("table", element("tr", *head), *rows)
    return element("div", every, table, class_="reports")


def _links(words: Words, session: Session, name: str) -> list[str]:
    found: list[str] = []
    for key, path in (("report_read", ""), ("report_pdf", ".pdf"), ("report_csv", ".csv")):
        if may(session.role, "GET", f"/recordings/report{path}"):
            address = f"/recordings/report{path}?session={name}"
            found += [element("a", words(key), href=address, class_="button"), " "]
    return found
