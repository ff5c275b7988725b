# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page where words, a face or a voice are given: what they are taken for, and what would be
played (paper D).
"""

from __future__ import annotations

import math

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from emo_music_ros.dashboard import telling
from emo_music_ros.dashboard.asking import Asking
from emo_music_ros.dashboard.doing import Note, done, to_tell
from emo_music_ros.dashboard.forms import button, form
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.judging import GIVEN, Judged
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.reason_words import spoken
from emo_music_ros.dashboard.sections import SECTIONS, bar
from emo_music_ros.dashboard.services import Services
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.state import Board, Choice, Snapshot
from emo_music_ros.dashboard.words import LANGUAGES, Words
from emo_music_ros.errors import CompanionError

#: Most characters that are said at once.
LONGEST = 500
#: Sections of the view `live` that follow what was said.
_FOLLOWED = ("feels", "parts", "plane", "music", "next")


class InputPages:
    """What is answered about what is given.

    Parameters
    ----------
    board : Board
        What is known.
    services : Services
        Takes what is said, and judges files.
    asking : Asking
        Asks what would be best to play.
    note : callable
        Notes who did what.
    """

    def __init__(self, board: Board, services: Services, asking: Asking, note: Note) -> None:
        self._board = board
        self._services = services
        self._asking = asking
        self._note = note

    async def page(self, visit: Visit, _: object) -> Response:
        """Show where words are given, and what follows from them."""
        now = self._board.snapshot()
        return HTMLResponse(_page(visit.words, visit.signed_in, now, to_tell(visit)))

    async def say(self, visit: Visit, _: object) -> Response:
        """Take words as said by the person; they go no further than to who listens."""
        words, language = visit.words, visit.form.get("language", "")
        text = " ".join(visit.form.get("text", "").split())
        if not text or len(text) > LONGEST:
            wrong = words("input_long", most=LONGEST) if text else words("input_none")
            visit.signed_in.told = wrong
            return RedirectResponse("/input", 303)

        async def say() -> str:
            await self._services.say(text, language if language in LANGUAGES else "")
            return words("said")

        return await done(visit, self._note, "words", "/input", say)  # never which

    async def judge(self, modality: str, visit: Visit, _: object) -> Response:
        """Judge a file that is given; the answer is a piece of the page."""
        session, words, act = visit.signed_in, visit.words, f"{modality} file"
        if not visit.file:
            return JSONResponse({"told": words("given_none"), "html": ""})
        try:
            judged = await self._services.judge(modality, visit.file)
            choice = None
            if math.isfinite(judged.valence) and math.isfinite(judged.arousal):
                choice = await self._asking.best(judged.valence, judged.arousal)
        except CompanionError as error:
            await self._note(session.account, session.role, act, "not done")
            return JSONResponse({"told": words("not_done", reason=str(error)), "html": ""})
        await self._note(session.account, session.role, act)
        return JSONResponse({"told": words("judged"), "html": _judged(words, judged, choice)})


def _judged(words: Words, judged: Judged, choice: Choice | None) -> Markup:
    """Return what a file is taken for, the most probable first, and what would be best to play."""
    pairs = zip(judged.labels, judged.probabilities)
    rows = [
        element(
            "li",
            element("span", words.named(label), class_="label"),
            bar(probability),
            element("span", f"{telling.percent(probability)} %", class_="note"),
        )
        for label, probability in sorted(pairs, key=lambda pair: -pair[1])
    ]
    found = [element("h2", words("judged_as"))]
    told = element("p", words("judged_nothing"))
    found.append(element("ul", *rows, class_="bars") if rows else told)
    if choice is not None:
        found += [
            element("h2", words("best_then")),
            element("p", spoken(choice.reason, words.language)),
            SECTIONS["next"](Snapshot(choice=choice), words),
        ]
    return join(*found)


def _upload(words: Words, session: Session, modality: str) -> Markup:
    kinds = {"face": "image/*", "speech": "audio/*,video/*"}
    chooser = element("input", type="file", name="file", accept=kinds[modality], required=True)
    return form(
        f"/input/{modality}",
        session.token,
        element("label", words(f"given_{modality}"), chooser),
        button(words("judge")),
        class_="upload",
    )


def _page(words: Words, session: Session, now: Snapshot, told: str) -> Markup:
    following = [
        element(
            "section",
            element("h2", words(each)),
            element("div", SECTIONS[each](now, words), id=f"now-{each}"),
            class_=each,
        )
        for each in _FOLLOWED
    ]
    languages = [
        element("option", name, value=code, selected=code == words.language)
        for code, name in zip(LANGUAGES, ("English", "中文"))
    ]
    entry = element("textarea", name="text", rows=3, maxlength=str(LONGEST), required=True)
    return document(
        "input",
        words,
        element("p", words("input_what", person=now.person)),
        element(
            "section",
            form(
                "/input",
                session.token,
                element("label", words("input_words"), entry),
                element(
                    "label", words("input_language"), element("select", *languages, name="language")
                ),
                button(words("say")),
            ),
            class_="say",
        ),
        element(
            "section",
            *(_upload(words, session, each) for each in GIVEN),
            element("p", words("given_note"), class_="note"),
            element("div", id="judged", aria_live="polite"),
            class_="say",
        ),
        element("div", *following, class_="sections"),
        element("div", id="events", data_events="/events/live", hidden=True),
        session=session,
        told=told,
    )
