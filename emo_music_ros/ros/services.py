# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Asks other nodes for what the pages offer besides steering the music."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future as Promise
from copy import copy
from functools import partial
from typing import Any

from rclpy.client import Client
from rclpy.node import Node

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.consent.rules import Terms
from emo_music_ros.dashboard.judging import Judged
from emo_music_ros.dashboard.services import Forgotten
from emo_music_ros.errors import InputError
from emo_music_ros.ros.listening import OVERRIDES
from emo_music_ros.ros.qos import EVENT
from emo_music_ros.ros.source_node import UTTERANCE
from emo_music_ros.ros.stamps import header, stamp
from emo_music_ros.ros.steering import PATIENCE, Steering

#: How long the answer of who has files to remove may take [s].
LONG = 60.0
#: Who speaks, among utterances.
SOURCE = "live:dashboard"
_ACTS = {
    "pause": srv.SetSensing.Request.PAUSE,
    "resume": srv.SetSensing.Request.RESUME,
    "assent": srv.SetSensing.Request.ASSENT,
    "refuse": srv.SetSensing.Request.REFUSE,
    "reviewed": srv.SetSensing.Request.REVIEWED,
}


class NodeServices:
    """See :class:`emo_music_ros.dashboard.services.Services`.

    Parameters
    ----------
    node : Node
        For whom; services are found in its namespace.
    steering : Steering
        Calls on the executor's thread.
    own_data : callable
        Returns what is kept of a person, on the thread it is called on.
    refusal : callable
        Returns why something may not be done with the person; empty = it may.
    judge : callable
        Judges a file, on the thread it is called on; see
        :class:`emo_music_ros.dashboard.judging.JudgeProcess`.
    """

    def __init__(
        self,
        node: Node,
        steering: Steering,
        own_data: Callable[[str], bytes],
        refusal: Callable[[str], str],
        judge: Callable[[str, bytes], Judged],
    ) -> None:
        self._node = node
        self._steering = steering
        self._own_data = own_data
        self._refusal = refusal
        self._judge = judge
        self._said = node.create_publisher(
            msg.Utterance, UTTERANCE, copy(EVENT), qos_overriding_options=OVERRIDES
        )
        self._calls = node.create_client(srv.AcknowledgeCall, "acknowledge_call")
        self._sensing = node.create_client(srv.SetSensing, "set_sensing")
        self._consent = node.create_client(srv.SetConsent, "set_consent")
        self._forget = node.create_client(srv.ForgetPerson, "forget_person")

    def close(self) -> None:
        """Withdraw."""
        for client in (self._calls, self._sensing, self._consent, self._forget):
            self._node.destroy_client(client)
        self._node.destroy_publisher(self._said)

    async def acknowledge(self, call: int, by: str, false_alarm: bool) -> None:
        """Say that a carer looked in."""
        request = srv.AcknowledgeCall.Request(id=call, by=by, false_alarm=false_alarm)
        await self._ask(self._calls, request, "notifying")

    async def sensing(self, act: str, by: str, person_id: str) -> None:
        """Pause sensing, or say what somebody answered."""
        request = srv.SetSensing.Request(person_id=person_id, action=_ACTS[act], source=by)
        await self._ask(self._sensing, request, "interaction")

    async def consent(
        self, person_id: str, purpose: str, given: bool, source: str, terms: Terms
    ) -> None:
        """Give or withdraw consent to one purpose."""
        request = srv.SetConsent.Request(
            person_id=person_id,
            purpose=purpose,
            given=given,
            source=source,
            decided_by=terms.decided_by,
            document=terms.document,
            scope=terms.scope,
            until=stamp(terms.until),
        )
        await self._ask(self._consent, request, "interaction")

    async def forget(self, person_id: str) -> Forgotten:
        """Remove everything that is kept of a person."""
        request = srv.ForgetPerson.Request(person_id=person_id)
        answer = await self._ask(self._forget, request, "recommender", LONG)
        removed, left = tuple(answer.files_removed), tuple(answer.files_left)
        return Forgotten(answer.removed, removed, left, answer.message)

    async def say(self, text: str, language: str) -> None:
        """Publish words as said by the person."""

        def publish() -> Promise[None]:
            self._allow("text")
            now = header(self._node.get_clock().now().nanoseconds * 1e-9)
            said = msg.Utterance(header=now, source=SOURCE, text=text, language=language)
            said.confidence = 1.0
            self._said.publish(said)
            done: Promise[None] = Promise()
            done.set_result(None)
            return done

        await self._steering.answer(publish)

    async def judge(self, modality: str, content: bytes) -> Judged:
        """Return what a file is taken for, where the person lets this be looked at."""
        self._allow(modality)
        return await asyncio.to_thread(self._judge, modality, content)

    def _allow(self, modality: str) -> None:
        refusal = self._refusal(modality)
        if refusal:
            raise InputError(refusal, "Ask for consent first")

    async def own_data(self, person_id: str) -> bytes:
        """Return everything that is kept of a person."""
        return await asyncio.to_thread(self._own_data, person_id)

    async def _ask(self, client: Client, request: Any, who: str, patience: float = PATIENCE) -> Any:
        begin = partial(self._steering.call, client, request, who)
        return await self._steering.answer(begin, patience)
