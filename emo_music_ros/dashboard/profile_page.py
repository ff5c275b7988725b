# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of what is entered for a person: songs by carers, risks and more by therapists."""

from __future__ import annotations

from emo_music_ros.care.profile import GOALS, HEART, RISKS, Profile
from emo_music_ros.dashboard.care_forms import song_line, time_line
from emo_music_ros.dashboard.care_pages import about
from emo_music_ros.dashboard.forms import area, button, choice, entry, form
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import THERAPIST
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.words import Words


def profile(
    words: Words, session: Session, person: str, now: Profile, follows: str, told: str
) -> Markup:
    """Return the page; `follows` says what follows from what is entered."""
    songs = [
        area(words(key), name, [song_line(each) for each in getattr(now, name)])
        for key, name in (("own", "own"), ("favourites", "favourites"), ("never_list", "never"))
    ]
    return document(
        "profile",
        words,
        about(words, person),
        element("p", words("profile_why"), class_="note"),
        element("p", follows),
        element("p", words("ask_aids")) if now.hearing_aids else "",
        form(
            "/profile",
            session.token,
            *songs,
            entry(words("comfort_song"), "comfort", song_line(now.comfort)),
            area(words("hard_times"), "hard_times", [time_line(each) for each in now.hard_times]),
            *(_for_therapists(words, now) if session.role == THERAPIST else ()),
            button(words("save"), "large"),
            class_="wide",
        ),
        session=session,
        told=told,
    )


def _for_therapists(words: Words, now: Profile) -> list[Markup]:
    def tick(name: str, ticked: bool) -> Markup:
        return choice(words(name), name, [(each, words(each)) for each in ("no", "yes")],
                      "yes" if ticked else "no")  # fmt: skip

    return [
        element("h2", words("for_therapists")),
        choice(words("risk"), "risk", [(each, words(f"risk_{each}")) for each in RISKS], now.risk),
        tick("same_songs", now.same_songs),
        choice(
            words("music_for"), "goal", [(each, words(f"aim_{each}")) for each in GOALS], now.goal
        ),
        entry(words("birth_year"), "birth_year", str(now.birth_year), kind="number", low=0),
        entry(words("first_language"), "language", now.language),
        *(tick(name, name in now.heart) for name in HEART),
        tick("hearing_aids", now.hearing_aids),
        entry(words("opt_in"), "opt_in", ", ".join(now.opt_in)),
    ]
