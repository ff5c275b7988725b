# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What happens, sent to whoever watches: the newest only, no faster than it is taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope, Send

#: Seconds between two looks at the state: 5 Hz.
PERIOD = 0.2
#: Something is sent at least this often [s], so that a page knows that it is connected.
HEARTBEAT = 2.0
#: A viewer that takes nothing for this long is let go [s].
PATIENCE = 30.0


class Stream:
    """Server-sent events for one viewer.

    A viewer is sent the sections that changed since what it took last. It is looked at anew only
    after it took them, so nothing queues up: a slow one skips, and holds nobody up.

    Parameters
    ----------
    sections : callable
        Returns what to show now, as HTML by name; None ends the stream.
    ended : callable
        Called once when the viewer is gone.
    """

    def __init__(
        self, sections: Callable[[], Mapping[str, str] | None], ended: Callable[[], None]
    ) -> None:
        self._sections = sections
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the viewer goes, takes nothing, or may not see it any more."""
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._follow(send, gone)
        finally:
            gone.cancel()
            self._ended()

    async def _follow(self, send: Send, gone: asyncio.Future[None]) -> None:
        shown: dict[str, str] = {}
        silent = HEARTBEAT  # the first goes out at once
        while not gone.done():
            sections = self._sections()
            if sections is None:
                await send({"type": "http.response.body", "body": b"event: over\ndata: {}\n\n"})
                return
            changed = {name: html for name, html in sections.items() if shown.get(name) != html}
            if changed or silent >= HEARTBEAT:
                silent = 0.0
                shown.update(changed)
                event = f"data: {json.dumps(changed)}\n\n".encode("ascii")
                message = {"type": "http.response.body", "body": event, "more_body": True}
                try:
                    await asyncio.wait_for(send(message), PATIENCE)
                except asyncio.TimeoutError:
                    return
            silent += PERIOD
            await asyncio.wait([gone], timeout=PERIOD)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
