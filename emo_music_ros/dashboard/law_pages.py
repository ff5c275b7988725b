# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of law and privacy."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.law_words import LAW_PARTS
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import element


async def law(visit: Visit, _: object) -> Response:
    """Show what the law asks and how it is met."""
    words = visit.words
    parts = [
        element(
            "section",
            element("h2", words(heading)),
            element("ul", *(element("li", words(each)) for each in lines)),
        )
        for heading, lines in LAW_PARTS.items()
    ]
    page = document(
        "law", words, element("p", words("law_no_advice")), *parts, session=visit.signed_in
    )
    return HTMLResponse(page)
