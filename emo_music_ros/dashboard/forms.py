# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pieces that forms are made of."""

from __future__ import annotations

from collections.abc import Iterable

from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.words import Words


def form(action: str, token: str, *content: str, class_: str = "") -> Markup:
    """Return a form with the secret of the session, where there is one."""
    secret = [hidden("token", token)] if token else []
    return element("form", *secret, *content, method="post", action=action, class_=class_ or False)


def hidden(name: str, value: str) -> Markup:
    """Return a field that nobody sees."""
    return element("input", type="hidden", name=name, value=value)


def language_field(words: Words) -> Markup:
    """Return a field that carries the language on."""
    return hidden("language", words.language)


def field(label: str, name: str, kind: str = "text", *, autocomplete: str) -> Markup:
    """Return a field with its label."""
    entry = element(
        "input",
        type=kind,
        name=name,
        autocomplete=autocomplete,
        required=True,
        maxlength="200",
        autocapitalize="none",
    )
    return element("label", label, entry)


def button(text: str, kind: str = "") -> Markup:
    """Return what sends a form."""
    return element("button", text, type="submit", class_=kind or False)


def account_field(name: str) -> Markup:
    """Return a field that tells a browser whose password it is to keep."""
    return element(
        "input",
        type="text",
        name="account",
        value=name,
        autocomplete="username",
        hidden=True,
        readonly=True,
    )


def entry(
    label: str,
    name: str,
    value: str,
    *,
    kind: str = "text",
    low: float | None = None,
    high: float | None = None,
    required: bool = False,
) -> Markup:
    """Return a field with what is in it now."""
    limits = {key: each for key, each in (("min", low), ("max", high)) if each is not None}
    field_ = element(
        "input",
        type=kind,
        name=name,
        value=value,
        maxlength="500",
        autocomplete="off",
        required=required,
        **limits,
    )
    return element("label", label, field_)


def area(
    label: str,
    name: str,
    lines: Iterable[str],
    *,
    rows: int = 5,
    longest: int = 50_000,
    required: bool = False,
) -> Markup:
    """Return a field of many lines."""
    # A first line break would not count; each line is escaped for itself, however many there are.
    text = Markup("\n" + "\n".join(join(line) for line in lines))
    box = element("textarea", text, name=name, rows=rows, maxlength=longest, required=required)
    return element("label", label, box)


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> Markup:
    """Return a list to choose one of; options are pairs of value and what is shown."""
    found = [
        element("option", text, value=value, selected=value == chosen) for value, text in options
    ]
    return element("label", label, element("select", *found, name=name))
