# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""HTML that cannot be broken by what is put into it: text is escaped unless it is markup."""

from __future__ import annotations

import html

from emo_music_ros.names import printable

#: Most characters of one text.
LONGEST = 2000


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


#: Elements without an end.
_VOID = frozenset({"input", "link", "meta", "br", "img"})


def element(tag: str, /, *children: str, **attributes: str | float | bool) -> Markup:
    """Return an element as HTML.

    Parameters
    ----------
    tag : str
        Name of the element, written by us.
    *children : str
        Content; what is not `Markup` is escaped.
    **attributes : str, float or bool
        ``class_`` stands for ``class``, other ``_`` for ``-``; True is an attribute without a
        value, False none at all.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{_escaped(_text(value))}"')
        for key, value in attributes.items()
        if value is not False
    )
    start = f"<{tag}{written}>"
    return Markup(start if tag in _VOID else f"{start}{join(*children)}</{tag}>")


def join(*children: str) -> Markup:
    """Return parts one after another as HTML; what is not `Markup` is escaped."""
    return Markup(
        "".join(each if isinstance(each, Markup) else _escaped(each) for each in children)
    )


def _escaped(text: str) -> str:
    """Return text as HTML: printable, so that nothing is reversed, hidden or cannot be sent."""
    return html.escape(printable(text, LONGEST))


def _text(value: str | float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
