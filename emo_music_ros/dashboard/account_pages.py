# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages of accounts: the first, signing in, all of them, one's own, and who did what."""

from __future__ import annotations

import time
from collections.abc import Iterable

from emo_music_ros.dashboard.accounts import Account
from emo_music_ros.dashboard.audit import Entry
from emo_music_ros.dashboard.forms import account_field, button, field, form, hidden, language_field
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import ROLES
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.words import LANGUAGES, WORDS, Words

_NEW = "new-password"


def setup(words: Words, told: str = "") -> Markup:
    """Return the page where the first account is made."""
    return document(
        "setup",
        words,
        element("p", words("setup_why")),
        form(
            "/setup",
            "",
            field(words("code"), "code", autocomplete="off"),
            field(words("name"), "name", autocomplete="username"),
            field(words("new_password"), "password", "password", autocomplete=_NEW),
            language_field(words),
            button(words("save")),
        ),
        told=told,
    )


def login(words: Words, told: str = "") -> Markup:
    """Return the page to sign in."""
    return document(
        "login",
        words,
        form(
            "/login",
            "",
            field(words("name"), "name", autocomplete="username"),
            field(words("password"), "password", "password", autocomplete="current-password"),
            language_field(words),
            button(words("login")),
        ),
        *(
            element("p", element("a", WORDS[other]("login"), href=f"/login?language={other}"))
            for other in LANGUAGES
            if other != words.language
        ),
        told=told,
    )


def accounts(words: Words, session: Session, known: Iterable[Account], told: str) -> Markup:
    """Return the page of accounts."""

    def folded(title: str, action: str, account: Account, *fields: Markup) -> Markup:
        """Return a form about an account that opens under its title."""
        content = form(action, session.token, hidden("name", account.name), *fields)
        return element("details", element("summary", title), content)

    rows = [
        element(
            "li",
            element("strong", each.name),
            f" · {words(f'role_{each.role}')}",
            folded(
                words("new_password"),
                "/accounts/password",
                each,
                account_field(each.name),
                field(words("new_password"), "password", "password", autocomplete=_NEW),
                button(words("save")),
            ),
            folded(
                words("remove"),
                "/accounts/remove",
                each,
                button(f"{words('remove')}: {each.name}", "danger"),
            ),
        )
        for each in known
    ]
    choices = [element("option", words(f"role_{role}"), value=role) for role in ROLES]
    return document(
        "accounts",
        words,
        element("ul", *rows, class_="cards"),
        element("h2", words("add")),
        form(
            "/accounts/add",
            session.token,
            field(words("name"), "name", autocomplete="off"),
            element("label", words("role"), element("select", *choices, name="role")),
            field(words("new_password"), "password", "password", autocomplete=_NEW),
            button(words("add")),
        ),
        session=session,
        told=told,
    )


def password(words: Words, session: Session, told: str) -> Markup:
    """Return the page to change one's own password."""
    return document(
        "password",
        words,
        form(
            "/password",
            session.token,
            account_field(session.account),
            field(words("old_password"), "old", "password", autocomplete="current-password"),
            field(words("new_password"), "password", "password", autocomplete=_NEW),
            button(words("save")),
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
