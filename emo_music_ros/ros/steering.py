# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Steers the running graph by what its nodes offer: player, ratings, sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future as Promise
from copy import copy
from functools import partial
from typing import Any

from rclpy.action import ActionClient
from rclpy.client import Client
from rclpy.node import Node

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.action import RunSession
from emo_music_ros.errors import InputError
from emo_music_ros.ros.listening import OVERRIDES
from emo_music_ros.ros.qos import EVENT
from emo_music_ros.ros.stamps import header

#: How long an answer may take [s].
PATIENCE = 5.0


class Steering:
    """Asks other nodes to do something. Everything is called on the executor's thread.

    What is asked for is answered by a promise, which anybody may wait for on another thread: it
    fails with `InputError` where a node refuses or is not there.

    Parameters
    ----------
    node : Node
        For whom.
    source : str
        Who acts, in events.
    """

    def __init__(self, node: Node, source: str) -> None:
        self._node = node
        self._source = source
        self._player = node.create_client(srv.SetPlayback, "player/set")
        self._rating = node.create_client(srv.RateTrack, "rate_track")
        self._sessions = ActionClient(node, RunSession, "run_session")
        self._events = node.create_publisher(
            msg.InteractionEvent, "dashboard/event", copy(EVENT), qos_overriding_options=OVERRIDES
        )
        self._session: Any = None  # handle of the session that was begun here
        self._over: Any = None  # future of its result

    def close(self) -> None:
        """Withdraw; a session that was begun goes on to its end."""
        self._node.destroy_client(self._player)
        self._node.destroy_client(self._rating)
        self._node.destroy_publisher(self._events)
        self._sessions.destroy()

    def later(self, ask: Callable[[], Promise[Any]]) -> Promise[Any]:
        """Ask from another thread than the executor's; cancelled = nobody waits any longer."""
        promise: Promise[Any] = Promise()

        def begin() -> None:
            if promise.done():
                return
            try:
                asked = ask()
            except Exception as error:  # it goes to whoever asked
                promise.set_exception(error)
                return
            asked.add_done_callback(partial(pass_on, promise))
            promise.add_done_callback(lambda _: asked.cancel())

        assert self._node.executor is not None
        self._node.executor.create_task(begin)
        return promise

    async def answer(self, begin: Callable[[], Promise[Any]], patience: float = PATIENCE) -> Any:
        """Ask as `later` does, and return the answer; for a thread with an event loop.

        Raises
        ------
        CompanionError
            If it is refused, or there is no answer within `patience` seconds.
        """
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self.later(begin)), patience)
        except asyncio.TimeoutError:
            raise InputError(
                f"there was no answer for {patience:.0f} s", "Try again, or see the health"
            ) from None

    def playback(self, command: int, value: float = 0.0) -> Promise[None]:
        """Give the player a command of `SetPlayback`."""
        return self.call(
            self._player, srv.SetPlayback.Request(command=command, value=value), "player"
        )

    def rate(self, rating: float, rater: str = "") -> Promise[None]:
        """Rate what is played, -1..1; `rater` is the role of who does, empty = the person."""
        request = srv.RateTrack.Request(rating=rating, rater=rater)
        return self.call(self._rating, request, "interaction")

    def play(self) -> Promise[None]:
        """Ask for music: what was paused goes on, or something is chosen."""
        promise: Promise[None] = Promise()
        if not self._player.service_is_ready():
            promise.set_exception(_absent("player"))
            return promise
        now = self._node.get_clock().now().nanoseconds * 1e-9
        self._events.publish(
            msg.InteractionEvent(
                header=header(now), source=self._source, action=msg.InteractionEvent.PLAY
            )
        )
        promise.set_result(None)
        return promise

    def begin(
        self,
        scenario: str,
        goal: str,
        duration: float,
        *,
        members: Sequence[str] = (),
        plan_id: str = "",
        name: str = "",
    ) -> Promise[None]:
        """Begin a session [s]; one that was begun here before ends first.

        `members` are the others of a group, `plan_id` is the plan that is held.
        """
        promise: Promise[None] = Promise()
        wanted = RunSession.Goal(
            scenario=scenario,
            goal=goal,
            duration=duration,
            members=list(members),
            plan_id=plan_id,
            name=name,
        )

        def send(_: Any = None) -> None:
            if not self._sessions.server_is_ready():
                promise.set_exception(_absent("session"))
                return
            asked = self._sessions.send_goal_async(wanted)
            asked.add_done_callback(_settling(promise, self._begun))

        if self._session is None:
            send()
        else:
            self._over.add_done_callback(send)
            self._session.cancel_goal_async()
        return promise

    def _begun(self, handle: Any) -> None:
        if not handle.accepted:
            raise InputError(
                "the session was refused",
                "Another one may be running; the log of the node session says why",
            )
        self._session, self._over = handle, handle.get_result_async()
        self._over.add_done_callback(lambda _: self._ended(handle))

    def _ended(self, handle: Any) -> None:
        if self._session is handle:
            self._session = self._over = None

    def call(self, client: Client, request: Any, who: str) -> Promise[Any]:
        """Ask a service of a node; the promise is its answer."""
        promise: Promise[Any] = Promise()
        if not client.service_is_ready():
            promise.set_exception(_absent(who))
            return promise

        def check(answer: Any) -> Any:
            if not answer.success:
                raise InputError(answer.message or f"the node {who} refused", "See its log")
            return answer

        future = client.call_async(request)
        future.add_done_callback(_settling(promise, check))
        # whoever waits may give up: an answer that never comes is not waited for for ever
        promise.add_done_callback(lambda _: client.remove_pending_request(future))
        return promise


def pass_on(promise: Promise[Any], done: Promise[Any]) -> None:
    """Settle a promise as another one was, unless nobody waits any longer."""
    if not promise.done():
        error = done.exception()
        promise.set_exception(error) if error else promise.set_result(done.result())


def _settling(promise: Promise[Any], take: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Return what settles a promise by what is taken from the result of a future of ROS."""

    def settle(future: Any) -> None:
        try:
            taken = take(future.result())
        except Exception as error:  # it goes to whoever waits
            if not promise.done():
                promise.set_exception(error)
            return
        if not promise.done():
            promise.set_result(taken)

    return settle


def _absent(who: str) -> InputError:
    return InputError(f"the node {who} does not answer", "See whether it runs, in its health")
