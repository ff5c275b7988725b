"""Everything people do, from player, dashboard and services, as one stream of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from std_srvs.srv import SetBool

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.streams import Interaction


class InteractionNode(CompanionNode):
    """Everything people do, from player, dashboard and services, as one stream of events."""

    node_name = "interaction"

    @dataclass(frozen=True)
    class Options:
        """Who acts when nobody is named."""

        person_id: str = option("resident", "person meant when an event names nobody")

    def activate(self) -> None:
        """Take events from all sides."""
        self._track = ""
        self._counts = {"events": 0, "malformed": 0}
        self._publisher = self.advertise(msg.InteractionEvent, "interaction/event")
        self.listen(msg.InteractionEvent, "player/event", self._on_event)
        self.listen(msg.InteractionEvent, "dashboard/event", self._on_event)
        self.listen(msg.PlayerState, "player/state", self._on_state)
        self.serve(srv.RateTrack, "rate_track", self._on_rate)
        self.serve(SetBool, "consent", self._on_consent)

    def details(self) -> dict[str, Any]:
        """Return the counters."""
        return dict(getattr(self, "_counts", {}))

    def _on_state(self, message: msg.PlayerState) -> None:
        self._track = message.track.track_id

    def _on_event(self, message: msg.InteractionEvent) -> None:
        if convert.interaction(message) is None:
            self._counts["malformed"] += 1
            return
        message.person_id = message.person_id or self.options.person_id
        self._counts["events"] += 1
        self._publisher.publish(message)

    def _on_rate(self, request: Any, response: Any) -> Any:
        track = request.track_id or self._track
        if not track:
            raise InputError("nothing is being played", "Name the track_id to rate")
        if not -1.0 <= request.rating <= 1.0:
            raise InputError(
                f"rating {request.rating} is out of range", "Give -1 (dislike) to 1 (like)"
            )
        self._act("rate", track, request.rating, request.person_id)
        response.success = True
        return response

    def _on_consent(self, request: Any, response: Any) -> Any:
        self._act("consent", "", float(request.data), "")
        response.success = True
        response.message = "consent given" if request.data else "consent withdrawn"
        return response

    def _act(self, action: str, track: str, value: float, person: str) -> None:
        event = Interaction(self.now(), action, track, value, 0.0, person, "live:service")
        self._on_event(convert.interaction_message(event))


def main() -> int:
    """Run the node."""
    return run_node(InteractionNode)
