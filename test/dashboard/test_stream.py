# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A slow viewer is sent less, and nobody waits for one."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from web import ends, wait

from emo_music_ros.dashboard import stream as module
from emo_music_ros.dashboard.app import MOST_OWN
from emo_music_ros.dashboard.state import Playing
from emo_music_ros.dashboard.stream import Stream


class Viewer:
    """Takes what is sent when it is let."""

    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        self.pending = self.most_pending = 0
        self.ready = asyncio.Event()
        self.gone = asyncio.Event()

    async def send(self, message):
        self.pending += 1
        self.most_pending = max(self.most_pending, self.pending)
        await self.ready.wait()
        self.pending -= 1
        for line in message.get("body", b"").decode().splitlines():
            if line.startswith("data: "):
                self.taken.append(json.loads(line[6:]))

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD", 0.001)
    monkeypatch.setattr(module, "HEARTBEAT", 0.01)


def test_a_slow_viewer_gets_the_newest_and_never_more_than_one_at_a_time(fast):
    async def run():
        viewer, asked, ended = Viewer(), [0], []

        def sections():
            asked[0] += 1
            return {"title": str(asked[0]), "still": "same"}

        viewer.ready.set()
        task = asyncio.create_task(
            Stream(sections, lambda: ended.append(1))({}, viewer.receive, viewer.send)
        )
        while not viewer.taken:
            await asyncio.sleep(0.001)
        viewer.ready.clear()  # it takes nothing for a while
        while not viewer.pending:
            await asyncio.sleep(0.001)
        before = asked[0]
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert asked[0] == before  # nothing is made for who takes nothing
        assert viewer.pending == 1
        viewer.ready.set()
        count = len(viewer.taken)
        while len(viewer.taken) < count + 3:
            await asyncio.sleep(0.001)
        viewer.gone.set()
        await task
        assert viewer.most_pending == 1
        assert ended == [1]
        assert viewer.taken[0]["still"] == "same"
        assert all("still" not in each for each in viewer.taken[1:])  # only what changed
        numbers = [int(each["title"]) for each in viewer.taken if "title" in each]
        assert numbers == sorted(numbers)

    asyncio.run(run())


def test_a_viewer_that_takes_nothing_is_let_go(fast, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.01)

    async def run():
        viewer, ended = Viewer(), []
        viewer.ready.set()
        made = iter(range(10**6))
        task = asyncio.create_task(
            Stream(lambda: {"a": str(next(made))}, lambda: ended.append(1))(
                {}, viewer.receive, viewer.send
            )
        )
        while not viewer.taken:
            await asyncio.sleep(0.001)
        viewer.ready.clear()
        await asyncio.wait_for(task, 30)
        assert ended == [1]

    asyncio.run(run())


def test_something_is_sent_though_nothing_happens(fast):
    async def run():
        viewer = Viewer()
        viewer.ready.set()
        task = asyncio.create_task(
            Stream(lambda: {"a": "same"}, lambda: None)({}, viewer.receive, viewer.send)
        )
        while len(viewer.taken) < 3:
            await asyncio.sleep(0.001)
        viewer.gone.set()
        await task
        assert viewer.taken[0] == {"a": "same"}
        assert viewer.taken[1] == viewer.taken[2] == {}

    asyncio.run(run())


def test_what_happens_reaches_a_browser_and_one_that_does_not_read_holds_nobody_up(site):
    carer = site.signed_in("carer")
    with carer.events("/events/carer"), carer.events("/events/carer") as following:
        seen: list[str] = []

        def read():
            while "piece 3" not in "".join(seen):
                seen.append((following() or {}).get("music", ""))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        for number in range(1, 4):
            site.board.playing(Playing("playing", "t", f"piece {number}"))
            site.clock.now += 0.2
            wait(lambda number=number: f"piece {number}" in "".join(seen), f"piece {number}")
        thread.join(30)
        assert site.site.viewers == 2
    site.board.playing(Playing("playing", "t", "x" * 1000))
    wait(lambda: site.site.viewers == 0, "both to be gone")


def test_there_are_only_so_many_viewers(site):
    from contextlib import ExitStack

    carer, other = site.signed_in("carer"), site.signed_in("carer")
    with ExitStack() as stack:
        for _ in range(MOST_OWN):
            following = stack.enter_context(carer.events("/events/carer"))
            assert following()
        assert carer.get("/events/carer").status == 503
        with other.events("/events/carer") as following:  # another account is not held up
            assert following()
    wait(lambda: site.site.viewers == 0, "all to be gone")
    with carer.events("/events/carer") as following:
        assert following()


def test_who_is_removed_or_signed_out_sees_nothing_more(site):
    therapist, carer = site.signed_in("therapist"), site.signed_in("carer")
    with carer.events("/events/carer") as following:
        assert following()
        therapist.post("/accounts/remove", name="carer 1")
        assert ends(following)
    assert carer.get("/carer").status == 303
    assert carer.sign_in("carer 1").status == 403
