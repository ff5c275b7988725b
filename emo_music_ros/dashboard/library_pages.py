# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The library: what there is, how it is felt, and how loud it is along its length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emo_music_ros.dashboard import telling
from emo_music_ros.dashboard.asking import Asking
from emo_music_ros.dashboard.forms import button
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.waveform import BARS, waveform
from emo_music_ros.dashboard.words import Words
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.streams import Track

#: Pieces of a page.
PAGE = 50
#: What is nearer to the middle than this is felt as neither one nor the other.
_EVEN = 0.1
#: Height of the drawing, in its own units, and its colour, which is read on light and dark.
_HEIGHT, _COLOUR = 40, "#2f7fc1"
_SVG = "image/svg+xml"


class LibraryPages:
    """What is answered about the library.

    Parameters
    ----------
    asking : Asking
        Finds pieces.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def page(self, visit: Visit, _: object) -> Response:
        """Show a page of the library, or of what was searched for."""
        query, first = visit.query.get("q", "")[:200], _number(visit.query.get("first", "0"))
        tracks: list[Track] = []
        told, count = "", 0
        try:
            tracks, count = await self._asking.find(query, first)
        except CompanionError as error:
            told = visit.words("not_done", reason=str(error))
        return HTMLResponse(
            _page(visit.words, visit.signed_in, query, first, tracks[:PAGE], count, told)
        )

    async def track(self, visit: Visit, _: object) -> Response:
        """Show one piece."""
        try:
            track = await self._one(visit)
        except CompanionError:
            return RedirectResponse("/library", 303)
        return HTMLResponse(_track(visit.words, visit.signed_in, track))

    async def drawing(self, visit: Visit, _: object) -> Response:
        """Draw one piece."""
        try:
            track = await self._one(visit)
            peaks = await run_in_threadpool(waveform, track.path)
        except CompanionError as error:
            told = visit.words("no_waveform", reason=str(error))
            text = element("text", told, x=0, y=20, fill=_COLOUR)
            return Response(_svg(text), media_type=_SVG)
        bars = (
            element(
                "rect",
                x=float(place),
                y=(_HEIGHT - height) / 2,
                width=0.7,
                height=height,
                fill=_COLOUR,
            )
            for place, height in enumerate(max(0.5, _HEIGHT * peak) for peak in peaks)
        )
        return Response(_svg(*bars), media_type=_SVG)

    async def _one(self, visit: Visit) -> Track:
        found = await self._asking.named([visit.query.get("id", "")[:200]])
        if not found:
            raise InputError("there is no such piece", "Choose one of the library")
        return found[0]


def felt(track: Track) -> str:
    """Return the key of the word for how a piece is felt."""
    valence, arousal = track.valence, track.arousal
    if not (math.isfinite(valence) and math.isfinite(arousal)):
        return "not_known"
    if math.hypot(valence, arousal) < _EVEN:
        return "felt_even"
    if valence >= 0:
        return "felt_cheerful" if arousal >= 0 else "felt_gentle"
    return "felt_tense" if arousal >= 0 else "felt_sad"


def _page(
    words: Words,
    session: Session,
    query: str,
    first: int,
    tracks: Sequence[Track],
    count: int,
    told: str,
) -> Markup:
    """Return the list."""
    search = element(
        "form",
        element(
            "label",
            words("search"),
            element("input", type="search", name="q", value=query, maxlength="200"),
        ),
        button(words("find")),
        method="get",
        action="/library",
        class_="search",
        role="search",
    )
    names = ("piece", "felt", "valence_arousal", "tempo", "lasts")
    rows = [_row(track, words) for track in tracks]
    head = element("tr", *(element("th", words(each), scope="col") for each in names))
    last = first + len(tracks)
    steps = [
        element("a", words(key), href=_address(query, at), class_="button")
        for key, at, is_there in (
            ("earlier", max(0, first - PAGE), first > 0),
            ("later", last, last < count),
        )
        if is_there
    ]
    return document(
        "library",
        words,
        search,
        element("p", words("found", first=first + 1, last=last, count=count))
        if tracks
        else element("p", words("found_none")),
        element("table", head, *rows) if tracks else "",
        element("p", *(part for step in steps for part in (step, " "))),
        session=session,
        told=told,
    )


def _row(track: Track, words: Words) -> Markup:
    address = f"/library/track?{urlencode({'id': track.track_id})}"
    return element(
        "tr",
        element(
            "td",
            element("a", track.title or track.track_id, href=address),
            element("br"),
            element("span", track.artist, class_="note"),
        ),
        *(element("td", each) for each in _facts(track, words)),
    )


def _facts(track: Track, words: Words) -> list[str]:
    tempo = telling.number(track.tempo, 0) if track.tempo > 0 else words("not_known")
    place = f"{telling.number(track.valence)}, {telling.number(track.arousal)}"
    return [words(felt(track)), place, tempo, telling.minutes(track.duration)]


def _track(words: Words, session: Session, track: Track) -> Markup:
    """Return the page of one piece."""
    title = track.title or track.track_id
    names = ("felt", "valence_arousal", "tempo", "lasts", "genre", "mode", "energy")
    values = [
        *_facts(track, words),
        track.genre or words("not_known"),
        telling.number(track.mode),
        telling.number(track.energy),
    ]
    rows = [
        element("tr", element("th", words(name), scope="row"), element("td", value))
        for name, value in zip(names, values)
    ]
    return document(
        "library",
        words,
        element("p", title, class_="title"),
        element("p", track.artist, class_="artist"),
        element(
            "img",
            src=f"/library/waveform?{urlencode({'id': track.track_id})}",
            alt=words("waveform_of", title=title),
            class_="waveform",
        ),
        element("table", *rows, class_="facts"),
        element("p", element("a", words("back"), href="/library", class_="button")),
        session=session,
    )


def _svg(*drawn: str) -> Markup:
    return element(
        "svg",
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {BARS} {_HEIGHT}",
        preserveAspectRatio="none",
    )


def _address(query: str, first: int) -> str:
    return f"/library?{urlencode({'q': query, 'first': first})}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
