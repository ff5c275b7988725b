# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages that follow what happens: to watch, to start music, and three large buttons."""

from __future__ import annotations

import math
from collections.abc import Iterable

from emo_music_ros.dashboard.forms import button, form, hidden
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.sections import FIRST, VIEWS, rendered
from emo_music_ros.dashboard.sensing_section import sensing_forms
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words
from emo_music_ros.emotion import STATES

#: Sections without a heading.
_BARE = ("title", *FIRST)


def view(
    name: str,
    words: Words,
    session: Session,
    now: Snapshot,
    situations: Iterable[Situation],
    told: str,
) -> Markup:
    """Return a page that follows what happens; `name` is one of the views."""
    pieces = rendered(name, now, words)
    first, shown = (
        [
            element(
                "section",
                element("h2", words(each)) if each not in _BARE else "",
                element("div", pieces[each], id=f"now-{each}"),
                *(sensing_forms(words, session, name) if each == "notice" else ()),
                class_=each,
            )
            for each in VIEWS[name]
            if (each in FIRST) == urgent
        ]
        for urgent in (True, False)
    )
    steer = {
        "live": lambda: join(_steering(words, session, name, now), _confirming(words, session)),
        "carer": lambda: _starting(words, session, situations),
        "resident": lambda: _large(words, session),
    }[name]()
    # Whose session it is comes before what is pressed, on the resident's page all that is shown.
    count = len(shown) if name == "resident" else 1
    before, after = shown[:count], shown[count:]
    if name == "resident":  # what is pressed comes first
        first, after = [], [*first]
    return document(
        name,
        words,
        *first,
        *before,
        steer,
        element("div", *after, class_="sections"),
        element("div", id="events", data_events=f"/events/{name}", hidden=True),
        session=session,
        told=told,
    )


def _steering(words: Words, session: Session, page: str, now: Snapshot) -> Markup:
    """Return the controls that the role may use."""
    names = (
        "play", "pause", "skip", "stop", "calmer", "livelier", "like", "dislike", "never",
        "comfort", "looked", "end",
    )  # fmt: skip
    found = [
        _control(words, session, name, page)
        for name in names
        if may(session.role, "POST", f"/control/{name}")
    ]
    if may(session.role, "POST", "/control/volume"):
        volume = now.playing.volume if now.playing is not None else math.nan
        percent = round(100 * volume) if 0 <= volume <= 1 else 50
        slider = element("input", type="range", name="value", min=0, max=100, value=percent)
        found.append(
            form(
                "/control/volume",
                session.token,
                hidden("page", page),
                element("label", words("volume"), slider),
                button(words("set")),
                class_="volume",
            )
        )
    if not found:
        return Markup()
    return element("section", element("h2", words("controls")), *found, class_="controls")


def _confirming(words: Words, session: Session) -> Markup:
    """Return by what somebody tells how the person feels; what is learned can be undone."""
    if not may(session.role, "POST", "/confirm"):
        return Markup()
    asked = [
        form(
            "/confirm",
            session.token,
            hidden("page", "live"),
            hidden("value", state),
            button(words(state)),
        )
        for state in STATES
    ]
    if may(session.role, "POST", "/unlearn"):
        undo = button(words("unlearn"), "danger")
        asked.append(form("/unlearn", session.token, hidden("page", "live"), undo))
    heading, note = element("h2", words("how_really")), element("p", words("learns"), class_="note")
    return element("section", heading, *asked, note, class_="controls")


def _starting(words: Words, session: Session, situations: Iterable[Situation]) -> Markup:
    """Return the situations: one tap opens, the second starts."""
    found = [
        element(
            "details",
            element(
                "summary",
                words.named(each.name),
                " ",
                element("span", words("minutes", minutes=round(each.duration / 60)), class_="note"),
            ),
            form(
                "/control/situation",
                session.token,
                hidden("page", "carer"),
                hidden("value", each.name),
                button(f"{words('start_now')}: {words.named(each.name)}", "large"),
            ),
            name="situation",
        )
        for each in situations
    ]
    names = ("pause", "skip", "stop", "never", "comfort", "looked")
    steer = [_control(words, session, name, "carer") for name in names]
    return join(
        element("section", element("h2", words("situations")), *found, class_="situations"),
        element("section", *steer, class_="controls"),
    )


def _large(words: Words, session: Session) -> Markup:
    names = ("play", "skip", "stop")
    return element(
        "section",
        *(_control(words, session, name, "resident", "large") for name in names),
        class_="controls",
    )


def _control(words: Words, session: Session, name: str, page: str, kind: str = "") -> Markup:
    return form(
        f"/control/{name}",
        session.token,
        hidden("page", page),
        button(words(name), f"{kind} {name}".strip()),
    )
