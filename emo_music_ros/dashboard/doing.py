# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What pages have in common that do something: it is done, noted, and told on the next page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import RedirectResponse, Response

from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.errors import CompanionError

#: Notes who did what: account, role, act, outcome.
Note = Callable[..., Awaitable[None]]


def to_tell(visit: Visit) -> str:
    """Return what has to be told, once."""
    session = visit.signed_in
    text, session.told = session.told, ""
    return text


async def done(
    visit: Visit,
    note: Note,
    act: str,
    page: str,
    do: Callable[[], Awaitable[str]],
    *,
    noted: str = "",
) -> Response:
    """Do something, note it, tell what came of it, and go back to a page.

    Parameters
    ----------
    visit : Visit
        Who asks for it.
    note : callable
        Notes who did what.
    act, noted : str
        What it is in the notes; `noted` where more can be said once it is done.
    page : str
        Path of the next page.
    do : callable
        Does it and returns what is told.
    """
    session = visit.signed_in
    try:
        session.told = await do()
    except CompanionError as error:
        session.told = visit.words("not_done", reason=str(error))
        await note(session.account, session.role, act, "not done")
    else:
        await note(session.account, session.role, noted or act)
    return RedirectResponse(page, 303)
