# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What all pages have around them."""

from __future__ import annotations

from emo_music_ros.dashboard.forms import button, form, hidden
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.permissions import RESIDENT, may
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.words import Words

#: Pages in the menu, and the key of their name: what is needed every day, and what is under "more".
_DAILY = ("live", "carer", "calls", "pick", "plans", "notes", "resident")
_MORE = (
    *("profile", "person", "library", "recordings", "people", "accounts", "input", "audit"),
    "password",
)


def document(
    name: str, words: Words, *content: str, session: Session | None = None, told: str = ""
) -> Markup:
    """Return a whole page; `name` is its key in the catalogue and its place in the menu."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{words(name)} · {words('app')}"),
        element("link", rel="icon", href="/static/icon.svg"),
        element("link", rel="stylesheet", href="/static/style.css"),
        element("script", src="/static/page.js", defer=True),
    )
    inside = element(
        "body",
        _header(name, words, session) if session is not None else "",
        element(
            "main",
            element("h1", words(name)),
            element("p", told, id="told", role="status"),
            element("p", words("lost"), id="lost", role="alert", hidden=True, class_="error"),
            *content,
        ),
        element(
            "footer",
            element("p", words("machine")),
            element("a", words("law"), href="/law") if session is not None else "",
            _apart(name, words, session) if session is not None else "",
        ),
        class_=name,
    )
    return join(Markup("<!doctype html>"), element("html", head, inside, lang=words.language))


def message(words: Words, text: str) -> Markup:
    """Return a page that only says something."""
    back = element("p", element("a", words("back"), href="/", class_="button"))
    return document("app", words, back, told=text)


def _header(name: str, words: Words, session: Session) -> Markup:
    """Return the menu; a resident has none, one page is all there is."""
    if session.role == RESIDENT:
        return Markup()
    daily, more = (
        [_link(name, each, words) for each in pages if may(session.role, "GET", f"/{each}")]
        for pages in (_DAILY, _MORE)
    )
    return element(
        "header",
        element(
            "nav",
            *daily,
            element("details", element("summary", words("more")), *more, open=name in _MORE),
            aria_label=words("app"),
        ),
        _own(name, words, session),
    )


def _link(name: str, page: str, words: Words) -> Markup:
    current = {"aria_current": "page"} if page == name else {}
    return element("a", words(page), href=f"/{page}", **current)


def _apart(name: str, words: Words, session: Session) -> Markup:
    """Return what is nothing for a resident, where it is not touched by accident."""
    if session.role != RESIDENT:
        return Markup()
    return element(
        "details",
        element("summary", words("for_carers")),
        _own(name, words, session),
        element("a", words("password"), href="/password"),
    )


def _own(name: str, words: Words, session: Session) -> Markup:
    return element(
        "div",
        element("span", f"{session.account} · {words(f'role_{session.role}')}"),
        form("/language", session.token, hidden("page", name), button(words("language"))),
        form("/logout", session.token, button(words("logout"))),
        class_="own",
    )
