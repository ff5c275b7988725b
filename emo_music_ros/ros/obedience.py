# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A node that works less often while it is asked to, and says so."""

from __future__ import annotations

from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.errors import InputError
from emo_music_ros.pacing import Pace, Requests
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.parts import PartsNode


class Obedience:
    """Obeys the requests for a modality while a node is active.

    What makes no sense is refused, counted and shown; after a while without requests the node
    works at its own rate again.

    Parameters
    ----------
    node : PartsNode
        Whose pace it is.
    modality : str
        Whose requests are obeyed.
    pace : Pace
        Of what works in the node.
    """

    def __init__(self, node: PartsNode, modality: str, pace: Pace) -> None:
        self._node = node
        self._topic = f"sampling/{modality}"
        self._pace = pace
        pace.release()  # what was asked of it before it began again no longer holds
        self._requests = Requests(modality, pace)
        node.listen(msg.SamplingRequest, self._topic, self._take)
        node.every(1.0, self._watch_requests)

    def details(self) -> dict[str, Any]:
        """Return how often is worked now, and the counters."""
        return {
            "rate": self._pace.rate,
            "requests": self._requests.taken,
            "requests refused": self._requests.refused,
        }

    def _take(self, message: msg.SamplingRequest) -> None:
        request = convert.sampling_request(message)
        try:
            self._requests.take(request, self._node.now() - request.time, self._node.steady())
        except InputError as error:
            self._node.unusable(self._topic, error)
            return
        self._node.usable(self._topic)
        self._say()

    def _watch_requests(self) -> None:
        self._requests.step(self._node.steady())
        self._say()

    def _say(self) -> None:
        self._node.fault("pace", self._requests.told(), "ok")
