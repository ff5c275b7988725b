# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of plans: carers see and begin them, therapists make, lock and unlock them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emo_music_ros.care.plans import (
    GOALS,
    LASTS,
    LONGEST_NOTE,
    LONGEST_PLAN,
    SCENARIOS,
    Plan,
    shown,
)
from emo_music_ros.dashboard.care_pages import about
from emo_music_ros.dashboard.forms import area, button, choice, entry, form, hidden
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words


def plans(
    words: Words,
    session: Session,
    now: Snapshot,
    known: Sequence[Plan],
    names: Mapping[str, str],
    day: str,
    told: str,
) -> Markup:
    """Return the page; `names` are those of pieces by id, `day` says what the day holds."""
    changes = may(session.role, "POST", "/plans")
    cards = [_card(words, session, each, names, changes) for each in known]
    return document(
        "plans",
        words,
        about(words, now.person),
        _running(words, session, now),
        element("p", day) if day else "",
        element("ul", *cards, class_="cards") if cards else element("p", words("no_plans")),
        *(
            (element("h2", words("new_plan")), _form(words, session, Plan("", goal="calm"), {}))
            if changes
            else ()
        ),
        session=session,
        told=told,
    )


def _running(words: Words, session: Session, now: Snapshot) -> Markup:
    if now.plan is None:
        return Markup()
    name = now.plan.name or words.named(now.plan.goal or now.plan.scenario)
    ending = ""
    if may(session.role, "POST", "/control/end"):
        ending = form("/control/end", session.token, hidden("page", "plans"), button(words("end")))
    return element(
        "section",
        element("p", words("plan_runs", name=name), class_="state"),
        element("p", words("plan_locked")) if now.plan.locked else "",
        ending,
    )


def _card(
    words: Words, session: Session, plan: Plan, names: Mapping[str, str], changes: bool
) -> Markup:
    facts = [
        " ".join(map(shown, plan.starts)),
        words("minutes", minutes=plan.minutes),
        "" if plan.tracks else words.named(plan.goal),
        words("locked" if plan.locked else "free_plan"),
        words("held_times", count=plan.held),
    ]

    def press(path: str, label: str, kind: str = "") -> Markup:
        return form(path, session.token, hidden("plan", plan.plan_id), button(label, kind))

    pressed = [press("/plans/hold", words("hold_now"))]
    if changes:
        pressed += [
            press("/plans/lock", words("unlock" if plan.locked else "lock")),
            element(
                "details", element("summary", words("change")), _form(words, session, plan, names)
            ),
            element(
                "details",
                element("summary", words("remove")),
                press("/plans/remove", f"{words('remove')}: {plan.name}", "danger"),
            ),
        ]
    return element(
        "li",
        element("strong", plan.name),
        element("p", " · ".join(filter(None, facts)), class_="note"),
        element("p", f"{plan.note} ({plan.author})") if plan.note else "",
        _pieces(words, plan, names),
        *pressed,
    )


def _pieces(words: Words, plan: Plan, names: Mapping[str, str]) -> Markup:
    if not plan.tracks:
        return Markup()
    rows = [element("li", names.get(each, words("not_there", name=each))) for each in plan.tracks]
    title = words("pieces", count=len(plan.tracks))
    return element("details", element("summary", title), element("ol", *rows))


def _form(words: Words, session: Session, plan: Plan, names: Mapping[str, str]) -> Markup:
    pieces = [f"{each} {names.get(each, '')}".strip() for each in plan.tracks]
    scenarios = [(each, words(f"scenario_{each}") if each else "–") for each in SCENARIOS]
    goals = [(each, words(each) if each else words("no_goal")) for each in GOALS]
    locks = [(each, words(each)) for each in ("no", "yes")]
    return form(
        "/plans",
        session.token,
        hidden("plan", plan.plan_id),
        entry(words("plan_name"), "name", plan.name, required=True),
        entry(words("plan_starts"), "starts", " ".join(map(shown, plan.starts))),
        entry(
            words("length"), "minutes", str(plan.minutes or LASTS), kind="number", low=1,
            high=LONGEST_PLAN,
        ),
        area(words("plan_tracks"), "tracks", pieces),
        choice(words("goal"), "goal", goals, plan.goal),
        choice(words("scenario"), "scenario", scenarios, plan.scenario),
        choice(words("locked"), "locked", locks, "yes" if plan.locked else "no"),
        area(words("plan_note"), "note", [plan.note], rows=2, longest=LONGEST_NOTE),
        button(words("save")),
        class_="wide",
    )  # fmt: skip
