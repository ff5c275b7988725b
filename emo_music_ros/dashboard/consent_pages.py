# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of people: who agreed to what, enrolment, one's own data, and being forgotten."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emo_music_ros.consent.assent import REVIEW
from emo_music_ros.consent.rules import (
    ASSENT,
    CONSENTED,
    DECIDERS,
    LEARNING,
    MODALITIES,
    RECORDING,
    SENSING,
    Consent,
    Terms,
    valid_person,
)
from emo_music_ros.dashboard.accounts import Accounts, same_name
from emo_music_ros.dashboard.doing import Note, done, to_tell
from emo_music_ros.dashboard.forms import button, form, hidden
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.permissions import RESIDENT
from emo_music_ros.dashboard.services import Forgotten, Services
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.state import Board
from emo_music_ros.dashboard.words import Words
from emo_music_ros.errors import CompanionError, InputError

#: In the order of the page.
_ASKED = (SENSING, *MODALITIES, LEARNING, RECORDING)
#: Most characters of a field.
_LONGEST = 200


class ConsentPages:
    """What is answered about consent.

    Parameters
    ----------
    board : Board
        What is known.
    services : Services
        Takes what people decide.
    accounts : Accounts
        Who is of the staff.
    note : callable
        Notes who did what.
    """

    def __init__(
        self,
        board: Board,
        services: Services,
        accounts: Accounts,
        note: Note,
    ) -> None:
        self._board = board
        self._services = services
        self._accounts = accounts
        self._note = note

    async def page(self, visit: Visit, _: object) -> Response:
        """Show who agreed to what."""
        consents, chosen = self._board.snapshot().consents, visit.query.get("person", "")
        shown = _page(visit.words, visit.signed_in, consents, chosen, to_tell(visit))
        return HTMLResponse(shown)

    async def sensing(self, act: str, visit: Visit, _: object) -> Response:
        """Pause sensing, or take an answer; of the person the run is for, unless one is named."""
        session = visit.signed_in
        person = visit.form.get("person", "") if act == "reviewed" else ""

        async def tell() -> str:
            await self._services.sensing(act, f"{session.role} {session.account}", person)
            return visit.words("done", what=visit.words(f"sensing_{act}"))

        return await done(visit, self._note, f"sensing: {act}", visit.page, tell)

    async def consent(self, visit: Visit, _: object) -> Response:
        """Take what somebody decided, purpose by purpose; what is not ticked is forbidden."""
        session, words, fields = visit.signed_in, visit.words, visit.form
        person = ""
        try:
            person = valid_person(fields.get("person", ""))
            await self._refuse_staff(person, words)
            terms = _terms(fields)
            source = fields.get("decider", "")[:_LONGEST] or session.account
            ticked = {each: fields.get(each) == "yes" for each in _ASKED}
            for purpose in sorted(ticked, key=lambda each: ticked[each]):  # no comes before yes
                await self._services.consent(person, purpose, ticked[purpose], source, terms)
        except CompanionError as error:
            session.told = words("not_done", reason=str(error))
            await self._note(session.account, session.role, "consent", "not done")
        else:
            session.told = words("enrolled", person=person)
            given = ", ".join(each for each in _ASKED if ticked[each]) or "nothing"
            act = f"consent to {given}, decided by {terms.decided_by}"  # not whose
            await self._note(session.account, session.role, act)
        return RedirectResponse("/people", 303)

    async def _refuse_staff(self, person: str, words: Words) -> None:
        known = await run_in_threadpool(self._accounts.all)
        staff = {same_name(each.name) for each in known if each.role != RESIDENT}
        if same_name(person) in staff:
            raise InputError(words("staff_not", person=person), "")

    async def forget(self, visit: Visit, _: object) -> Response:
        """Remove everything of a person, whose name was typed, and show what that was."""
        session, words = visit.signed_in, visit.words
        person = visit.form.get("person", "")
        if not person or visit.form.get("typed", "").strip() != person:
            session.told = words("name_differs")
            return RedirectResponse("/people", 303)
        try:
            forgotten = await self._services.forget(person)
        except CompanionError as error:
            session.told = words("not_done", reason=str(error))
            await self._note(session.account, session.role, "forget a person", "not done")
            return RedirectResponse("/people", 303)
        await self._note(session.account, session.role, "forget a person")  # not whom
        return HTMLResponse(_proof(words, session, person, forgotten))

    async def data(self, visit: Visit, _: object) -> Response:
        """Hand over everything that is kept of a person."""
        session, person = visit.signed_in, visit.query.get("person", "")
        try:
            content = await self._services.own_data(valid_person(person))
        except CompanionError as error:
            session.told = visit.words("not_done", reason=str(error))
            await self._note(session.account, session.role, "own data", "not done")
            return RedirectResponse("/people", 303)
        await self._note(session.account, session.role, "own data")
        headers = {"Content-Disposition": 'attachment; filename="own-data.zip"'}
        return Response(content, media_type="application/zip", headers=headers)


def _terms(fields: dict[str, str]) -> Terms:
    """Return who decided, as the form says.

    Raises
    ------
    InputError
        If nobody is named who may decide, or the day is none.
    """
    by = fields.get("decided_by", "")
    if by not in DECIDERS:
        raise InputError("nobody is named who decides", f"Give {' or '.join(DECIDERS)}")
    until = 0.0
    if fields.get("until"):
        try:
            day = datetime.strptime(fields["until"], "%Y-%m-%d") + timedelta(days=1)
            until = day.timestamp()  # the day itself is part of it
        except (ValueError, OverflowError):
            raise InputError("the day is none", "Give it as 2027-12-31") from None
    document, scope = (fields.get(each, "").strip()[:_LONGEST] for each in ("document", "scope"))
    return Terms(by, document, scope, until)


def _page(
    words: Words, session: Session, consents: tuple[Consent, ...], chosen: str, told: str
) -> Markup:
    """Return the page; the form begins with what the chosen person decided."""
    known = sorted(consents, key=lambda each: (each.person_id, _order(each.purpose)))
    cards = [
        element("li", *_card(person, list(decisions), words, session))
        for person, decisions in groupby(known, key=lambda each: each.person_id)
    ]
    before = {each.purpose: each for each in known if each.person_id == chosen}
    return document(
        "people",
        words,
        element("p", words("people_what")),
        element("ul", *cards, class_="cards") if cards else element("p", words("people_none")),
        element(
            "section",
            element("h2", words("enrol")),
            form(
                "/people/consent", session.token, *_questions(words, before), button(words("save"))
            ),
            class_="enrol",
            id="enrol",
        ),
        session=session,
        told=told,
    )


def _order(purpose: str) -> int:
    return CONSENTED.index(purpose) if purpose in CONSENTED else len(CONSENTED)


def _card(person: str, decisions: list[Consent], words: Words, session: Session) -> list[Markup]:
    rows = [
        element(
            "tr",
            element("td", words(f"purpose_{each.purpose}")),
            element("td", words("given" if each.holds(time.time()) else "withdrawn")),
            element("td", _by(each, words)),
            element("td", _day(each.time)),
        )
        for each in decisions
    ]
    shown = [element("h2", person), element("table", *rows)]
    if any(each.purpose == ASSENT and each.terms.scope == REVIEW for each in decisions):
        shown += [
            element("p", words("refused_twice"), class_="warn"),
            form(
                "/sensing/reviewed",
                session.token,
                hidden("page", "people"),
                hidden("person", person),
                button(words("sensing_reviewed")),
            ),
        ]
    address = f"/people/data?person={quote(person, safe='')}"
    change = f"/people?person={quote(person, safe='')}#enrol"
    shown += [
        element(
            "p",
            element("a", words("change"), href=change, class_="button"),
            " ",
            element("a", words("own_data"), href=address, class_="button"),
        ),
        element(
            "details",
            element("summary", words("forget_sure", person=person)),
            form(
                "/people/forget",
                session.token,
                hidden("person", person),
                element("label", words("type_name"), _text("typed", required=True)),
                button(words("forget"), "danger"),
            ),
        ),
    ]
    return shown


def _by(consent: Consent, words: Words) -> str:
    terms = consent.terms
    decided = words(f"decided_{terms.decided_by}") if terms.decided_by in DECIDERS else ""
    until = words("until_then", day=_day(terms.until)) if terms.until else ""
    scope = "" if consent.purpose == ASSENT else terms.scope
    return " · ".join(filter(None, (decided, consent.source, terms.document, scope, until)))


def _questions(words: Words, before: dict[str, Consent]) -> list[Markup]:
    now = before.get(SENSING, Consent("", SENSING, False))
    terms, held = now.terms, {key for key, each in before.items() if each.holds(time.time())}
    choices = [
        element("option", words(f"decided_{each}"), value=each, selected=each == terms.decided_by)
        for each in DECIDERS
    ]
    until = _day(terms.until - 1.0) if terms.until else ""
    boxes = [
        element(
            "label",
            element(
                "input",
                type="checkbox",
                name=each,
                value="yes",
                checked=_ticked(each, before, held),
            ),
            element("span", words(f"purpose_{each}")),
            class_="tick",
        )
        for each in _ASKED
    ]
    return [
        element("label", words("person"), _text("person", now.person_id, required=True)),
        element("label", words("who_decided"), element("select", *choices, name="decided_by")),
        element("label", words("decider"), _text("decider", now.source)),
        element("label", words("document"), _text("document", terms.document)),
        element("label", words("scope"), _text("scope", terms.scope)),
        element(
            "label", words("until_day"), element("input", type="date", name="until", value=until)
        ),
        element("fieldset", element("legend", words("may")), *boxes),
    ]


def _ticked(purpose: str, before: dict[str, Consent], held: set[str]) -> bool:
    """Tell whether a purpose is allowed now; a modality as sensing where nothing was decided."""
    if purpose in MODALITIES and purpose not in before:
        return SENSING in held
    return purpose in held


def _text(name: str, value: str = "", *, required: bool = False) -> Markup:
    return element(
        "input",
        type="text",
        name=name,
        value=value,
        maxlength=str(_LONGEST),
        autocomplete="off",
        required=required,
    )


def _proof(words: Words, session: Session, person: str, forgotten: Forgotten) -> Markup:
    """Return the list that proves what was removed."""

    def listed(key: str, paths: tuple[str, ...]) -> Markup:
        items = [element("li", each) for each in paths] or [element("li", words("none"))]
        return join(element("h2", words(key)), element("ul", *items))

    told = words("forgotten_proof", person=person, records=forgotten.records)
    return document(
        "people",
        words,
        element("p", element("strong", told)),
        element("p", time.strftime("%Y-%m-%d %H:%M:%S")),
        listed("files_removed", forgotten.removed),
        listed("files_left", forgotten.left),
        element("p", forgotten.note, class_="note"),
        element("p", element("a", words("back"), href="/people", class_="button")),
        session=session,
    )


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(moment))
