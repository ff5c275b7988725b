# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether the machine watches and listens, and the buttons that end it at any time."""

from __future__ import annotations

from emo_music_ros.consent.rules import ASSENT, PAUSE, Consent
from emo_music_ros.dashboard.forms import button, form, hidden
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words

#: What can be said of sensing; each is a route.
SENSING_ACTS = ("pause", "resume", "assent", "refuse", "reviewed")


def notice(now: Snapshot, words: Words) -> Markup:
    """Return whether the person is sensed just now; a lamp goes with it, and never alone."""
    how = standing(now)
    return element(
        "p",
        element("span", "", class_="lamp", aria_hidden="true"),
        " ",
        words(f"notice_{how}", person=now.person),
        class_=f"sensing-{how}",
    )


def standing(now: Snapshot) -> str:
    """Return how it stands: on, paused, ask, refused, or off for another reason."""
    if not now.silent:
        return "on"
    if not _holds(now, PAUSE):
        return "paused"
    if not _holds(now, ASSENT):
        return "ask" if "asked" in _of(now, ASSENT).terms.scope else "refused"
    return "off"


def sensing_forms(words: Words, session: Session, page: str) -> list[Markup]:
    """Return the buttons; the style sheet shows those that fit what the notice says now."""
    return [
        form(
            f"/sensing/{act}",
            session.token,
            hidden("page", page),
            button(words(f"sensing_{act}")),
            class_=f"act-{act}",
        )
        for act in SENSING_ACTS
        if may(session.role, "POST", f"/sensing/{act}")
    ]


def _holds(now: Snapshot, purpose: str) -> bool:
    return _of(now, purpose).given


def _of(now: Snapshot, purpose: str) -> Consent:
    """Return what was decided; where nothing was, that it holds nothing up."""
    found = (
        each for each in now.consents if (each.person_id, each.purpose) == (now.person, purpose)
    )
    return next(found, Consent(now.person, purpose, True))
