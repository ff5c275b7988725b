# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Asks other nodes for what the pages offer besides steering the music."""

from __future__ import annotations

import asyncio
from typing import Any

from rclpy.client import Client
from rclpy.node import Node

import emo_music_ros.srv as srv
from emo_music_ros.errors import InputError
from emo_music_ros.ros.steering import ask, later

#: How long an answer may take [s].
PATIENCE = 5.0


class NodeAsking:
    """See :class:`emo_music_ros.dashboard.asking.Asking`.

    Parameters
    ----------
    node : Node
        For whom; services are found in its namespace.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._calls = node.create_client(srv.AcknowledgeCall, "acknowledge_call")

    def close(self) -> None:
        """Withdraw."""
        self._node.destroy_client(self._calls)

    async def acknowledge(self, call: int, by: str, false_alarm: bool) -> None:
        """Say that a carer looked in."""
        request = srv.AcknowledgeCall.Request(id=call, by=by, false_alarm=false_alarm)
        await self._ask(self._calls, request, "notifying")

    async def _ask(self, client: Client, request: Any, who: str) -> Any:
        promise = later(self._node, lambda: ask(client, request, who))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(promise), PATIENCE)
        except asyncio.TimeoutError:
            raise InputError(
                f"there was no answer for {PATIENCE:.0f} s", "Try again, or see the health"
            ) from None
