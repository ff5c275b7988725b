# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pieces that forms are made of."""

from __future__ import annotations

from emo_music_ros.dashboard.markup import Markup, element
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
