"""The pages. All text is in the catalogue, all that changes in the sections."""

from __future__ import annotations

import time
from collections.abc import Iterable

from emo_music_ros.dashboard.accounts import Account
from emo_music_ros.dashboard.audit import Entry
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.permissions import ROLES, may
from emo_music_ros.dashboard.sections import VIEWS, rendered
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import LANGUAGES, WORDS, Words

#: Pages in the menu, and the key of their name.
_MENU = ("live", "carer", "resident", "accounts", "audit", "password")
#: Sections with a heading, and its key.
_HEADINGS = {
    "feels": "feels",
    "music": "music",
    "parts": "parts",
    "plane": "plane",
    "next": "next",
    "body": "body",
    "session": "session",
    "nodes": "nodes",
}


def document(
    name: str, words: Words, *content: str, session: Session | None = None, told: str = ""
) -> Markup:
    """Return a whole page; `name` is its key in the catalogue and its place in the menu."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{words(name)} · {words('app')}"),
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
        element("footer", element("p", words("machine"))),
        class_=name,
    )
    return join(Markup("<!doctype html>"), element("html", head, inside, lang=words.language))


def setup(words: Words, told: str = "") -> Markup:
    """Return the page where the first account is made."""
    return document(
        "setup",
        words,
        element("p", words("setup_why")),
        _form(
            "/setup",
            "",
            _input(words("code"), "code", autocomplete="off"),
            _input(words("name"), "name", autocomplete="username"),
            _input(words("new_password"), "password", "password", autocomplete="new-password"),
            _language(words),
            _button(words("save")),
        ),
        told=told,
    )


def login(words: Words, told: str = "") -> Markup:
    """Return the page to sign in."""
    return document(
        "login",
        words,
        _form(
            "/login",
            "",
            _input(words("name"), "name", autocomplete="username"),
            _input(words("password"), "password", "password", autocomplete="current-password"),
            _language(words),
            _button(words("login")),
        ),
        *(
            element("p", element("a", WORDS[other]("login"), href=f"/login?language={other}"))
            for other in LANGUAGES
            if other != words.language
        ),
        told=told,
    )


def message(words: Words, text: str) -> Markup:
    """Return a page that only says something."""
    back = element("p", element("a", words("back"), href="/", class_="button"))
    return document("app", words, back, told=text)


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
    shown = [
        element(
            "section",
            element("h2", words(_HEADINGS[each])) if each in _HEADINGS else "",
            element("div", pieces[each], id=f"now-{each}"),
            class_=each,
        )
        for each in VIEWS[name]
    ]
    steer = {
        "live": lambda: _steering(words, session, name),
        "carer": lambda: _starting(words, session, situations),
        "resident": lambda: _large(words, session),
    }[name]()
    before, after = (shown, []) if name == "resident" else ([], shown)
    return document(
        name,
        words,
        *before,
        steer,
        element("div", *after, class_="sections"),
        element("div", id="events", data_events=f"/events/{name}", hidden=True),
        session=session,
        told=told,
    )


def accounts(words: Words, session: Session, known: Iterable[Account], told: str) -> Markup:
    """Return the page of accounts."""
    rows = [
        element(
            "tr",
            element("td", each.name),
            element("td", words(f"role_{each.role}")),
            element(
                "td",
                _form(
                    "/accounts/password",
                    session.token,
                    _hidden("name", each.name),
                    _input(
                        words("new_password"), "password", "password", autocomplete="new-password"
                    ),
                    _button(words("save")),
                ),
            ),
            element(
                "td",
                _form(
                    "/accounts/remove",
                    session.token,
                    _hidden("name", each.name),
                    _button(words("remove"), "danger"),
                ),
            ),
        )
        for each in known
    ]
    choices = [element("option", words(f"role_{role}"), value=role) for role in ROLES]
    return document(
        "accounts",
        words,
        element("table", *rows),
        element("h2", words("add")),
        _form(
            "/accounts/add",
            session.token,
            _input(words("name"), "name", autocomplete="off"),
            element("label", words("role"), element("select", *choices, name="role")),
            _input(words("new_password"), "password", "password", autocomplete="new-password"),
            _button(words("add")),
        ),
        session=session,
        told=told,
    )


def password(words: Words, session: Session, told: str) -> Markup:
    """Return the page to change one's own password."""
    return document(
        "password",
        words,
        _form(
            "/password",
            session.token,
            _input(words("old_password"), "old", "password", autocomplete="current-password"),
            _input(words("new_password"), "password", "password", autocomplete="new-password"),
            _button(words("save")),
        ),
        session=session,
        told=told,
    )


def audit(words: Words, session: Session, entries: Iterable[Entry]) -> Markup:
    """Return the page that says who did what."""
    head = [element("th", words(key)) for key in ("time", "who", "role", "act", "outcome")]
    rows = [
        element(
            "tr",
            element("td", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(each.time))),
            element("td", each.account),
            element("td", words(f"role_{each.role}") if each.role else ""),
            element("td", each.act),
            element("td", each.outcome),
        )
        for each in entries
    ]
    return document("audit", words, element("table", element("tr", *head), *rows), session=session)


# -- pieces ----------------------------------------------------------------------------------


def _header(name: str, words: Words, session: Session) -> Markup:
    links = [
        element(
            "a", words(each), href=f"/{each}", **({"aria_current": "page"} if each == name else {})
        )
        for each in _MENU
        if may(session.role, "GET", f"/{each}")
    ]
    return element(
        "header",
        element("nav", *links, aria_label=words("app")),
        element(
            "div",
            element("span", f"{session.account} · {words(f'role_{session.role}')}"),
            _form("/language", session.token, _hidden("page", name), _button(words("language"))),
            _form("/logout", session.token, _button(words("logout"))),
            class_="own",
        ),
    )


def _steering(words: Words, session: Session, page: str) -> Markup:
    """Return the controls that the role may use."""
    names = ("play", "pause", "skip", "stop", "calmer", "livelier", "like", "dislike")
    found = [
        _control(words, session, name, page)
        for name in names
        if may(session.role, "POST", f"/control/{name}")
    ]
    if may(session.role, "POST", "/control/volume"):
        slider = element(
            "input", type="range", name="value", min="0", max="100", value="50", step="5"
        )
        found.append(
            _form(
                "/control/volume",
                session.token,
                _hidden("page", page),
                element("label", words("volume"), slider),
                _button(words("set")),
                class_="volume",
            )
        )
    if not found:
        return Markup()
    return element("section", element("h2", words("controls")), *found, class_="controls")


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
            _form(
                "/control/situation",
                session.token,
                _hidden("page", "carer"),
                _hidden("value", each.name),
                _button(f"{words('start_now')}: {words.named(each.name)}", "large"),
            ),
            name="situation",
        )
        for each in situations
    ]
    steer = [_control(words, session, name, "carer") for name in ("pause", "skip", "stop")]
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
    return _form(
        f"/control/{name}",
        session.token,
        _hidden("page", page),
        _button(words(name), f"{kind} {name}".strip()),
    )


def _form(action: str, token: str, *content: str, class_: str = "") -> Markup:
    secret = [_hidden("token", token)] if token else []
    return element("form", *secret, *content, method="post", action=action, class_=class_)


def _hidden(name: str, value: str) -> Markup:
    return element("input", type="hidden", name=name, value=value)


def _language(words: Words) -> Markup:
    return _hidden("language", words.language)


def _input(label: str, name: str, kind: str = "text", *, autocomplete: str) -> Markup:
    field = element(
        "input",
        type=kind,
        name=name,
        autocomplete=autocomplete,
        required=True,
        maxlength="200",
        autocapitalize="none",
    )
    return element("label", label, field)


def _button(text: str, kind: str = "") -> Markup:
    return element("button", text, type="submit", class_=kind)
