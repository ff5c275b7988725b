# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page where words are given: what they are taken for, and what would be played (paper D)."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from emo_music_ros.dashboard.doing import Note, done, to_tell
from emo_music_ros.dashboard.forms import button, form
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.sections import SECTIONS
from emo_music_ros.dashboard.services import Services
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.state import Board, Snapshot
from emo_music_ros.dashboard.words import LANGUAGES, Words

#: Most characters that are said at once.
LONGEST = 500
#: Sections of the view `live` that follow what was said.
_FOLLOWED = ("feels", "parts", "plane", "music", "next")


class InputPages:
    """What is answered about words that are given.

    Parameters
    ----------
    board : Board
        What is known.
    services : Services
        Takes what is said.
    note : callable
        Notes who did what.
    """

    def __init__(self, board: Board, services: Services, note: Note) -> None:
        self._board = board
        self._services = services
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
        element("div", *following, class_="sections"),
        element("p", words("input_files"), class_="note"),
        element("div", id="events", data_events="/events/live", hidden=True),
        session=session,
        told=told,
    )
