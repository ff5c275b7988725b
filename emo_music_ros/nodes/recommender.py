"""Decides what to play when, and learns from what happened."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from typing import Any

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.session.director import Director
from emo_music_ros.recommendation.session.options import RecommenderOptions
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.resources import cache
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.streams import Outcome, Track

_STATUS = {
    msg.PlayerState.STOPPED: "stopped",
    msg.PlayerState.PLAYING: "playing",
    msg.PlayerState.PAUSED: "paused",
    msg.PlayerState.FADING: "fading",
}


class RecommenderNode(CompanionNode):
    """Decides what to play when, and learns from what happened."""

    node_name = "recommender"
    stages = {"plugin": ("recommender", "therapeutic"), "catalogue": ("catalogue", "folder")}

    Options = RecommenderOptions

    def configure(self) -> None:
        """Open the memory."""
        self._tracks: list[Track] = []
        self._memory = Memory(
            self.options.memory or cache("memory.sqlite"),
            self.options.half_life,
            on_error=lambda error: self.health("error", str(error)),
        )

    def activate(self) -> None:
        """Scan the library in the background and follow emotion, player and person."""
        options = self.options
        self._director = Director(
            self.plugin,
            self._memory,
            lambda: self._tracks,
            options,
            person_id=options.person_id,
            on_outcome=self._on_outcome,
            wall=self.wall,
        )
        self._emotion_stamp = math.nan
        self._publisher = self.advertise(msg.Recommendation, "recommendation")
        self._outcomes = self.advertise(msg.ListeningOutcome, "listening/outcome")
        self.listen(msg.EmotionState, "emotion", self._on_emotion)
        self.listen(msg.PlayerState, "player/state", self._on_player)
        self.listen(msg.InteractionEvent, "interaction/event", self._on_interaction)
        self.listen(msg.ModalityEncoding, "encoding/physiology", self._on_physiology)
        self.serve(srv.RecommendTracks, "recommend_tracks", self._on_recommend)
        self.serve(srv.ForgetPerson, "forget_person", self._on_forget)
        self.every(0.25, self._step)
        self.work(self._scan, 1, "").put(None)

    def deactivate(self) -> None:
        """End the attribution of the track that is on."""
        if hasattr(self, "_director"):
            self._director.close(self.steady())
            del self._director

    def options_changed(self) -> None:
        """Hand changed options to the director."""
        self._director.options = self.options

    def cleanup(self) -> None:
        """Close the memory."""
        if hasattr(self, "_memory"):
            self._memory.close()

    def details(self) -> dict[str, Any]:
        """Return the state of library and memory."""
        return {
            "tracks": len(getattr(self, "_tracks", [])),
            "memory_updates": self._memory.updates if hasattr(self, "_memory") else 0,
            "waiting": self._director.waiting if hasattr(self, "_director") else "",
        }

    def _scan(self, _: None) -> None:
        catalogue = self.plugins["catalogue"]
        try:
            report = catalogue.scan()
        except CompanionError as error:
            self.health("error", str(error))
            return
        self._tracks = catalogue.tracks()
        for path, reason in report.unreadable.items():
            self.get_logger().warning(f"left out of the library: {path}: {reason}")
        self.health("ok", f"library of {len(self._tracks)} tracks")

    # -- what comes in -----------------------------------------------------------------------

    def _on_emotion(self, message: msg.EmotionState) -> None:
        if message.person_id in ("", self.options.person_id):
            emotion = convert.emotion(message)
            self._emotion_stamp = emotion.time
            # What is stale the fusion says; here only matters when it said so.
            self._director.on_emotion(replace(emotion, time=self.steady()))
            self._step()

    def _on_player(self, message: msg.PlayerState) -> None:
        self._director.on_player(
            PlayerView(
                time=self._when(convert.seconds(message.header.stamp)),
                status=_STATUS.get(message.status, "stopped"),
                track_id=message.track.track_id,
                position=message.position,
                duration=message.track.duration,
                recommendation_id=message.recommendation_id,
            )
        )

    def _on_interaction(self, message: msg.InteractionEvent) -> None:
        event = convert.interaction(message)
        if event is not None and message.person_id in ("", self.options.person_id):
            self._director.on_interaction(replace(event, time=self._when(event.time)))
            self._step()

    def _on_physiology(self, message: msg.ModalityEncoding) -> None:
        rate = convert.encoding(message).features.get("heart_rate", float("nan"))
        if message.person_id in ("", self.options.person_id):
            self._director.on_heart_rate(self.arrival(convert.seconds(message.header.stamp)), rate)

    def _when(self, stamp: float) -> float:
        """Return the steady time of an act or report; one with a wrong stamp counts as of now."""
        time = self.arrival(stamp)
        return self.steady() if math.isnan(time) else time

    # -- what goes out -----------------------------------------------------------------------

    def _step(self) -> None:
        decision = self._director.step(self.steady())
        if decision is not None:
            self._publisher.publish(self._message(decision))

    def _message(self, decision: Decision) -> msg.Recommendation:
        need = decision.need
        message = convert.recommendation_message(
            self.wall(decision.time) if math.isnan(decision.emotion_time) else self._emotion_stamp,
            decision.person_id,
            decision.recommendation_id,
            self.get_parameter("plugin").value,
            decision.state,
            need,
            list(decision.ranked) if decision.action == "play" else [],
        )
        message.reason = decision.reason
        return message

    def _on_outcome(self, outcome: Outcome) -> None:
        self._outcomes.publish(
            convert.outcome_message(replace(outcome, time=self.wall(outcome.time)))
        )

    # -- services ----------------------------------------------------------------------------

    def _on_recommend(self, request: Any, response: Any) -> Any:
        if not (-1 <= request.valence <= 1 and -1 <= request.arousal <= 1):
            raise InputError("valence or arousal is out of range", "Give numbers from -1 to 1")
        if request.count > 50:
            raise InputError(f"count {request.count} is too many", "Ask for at most 50")
        need, ranked = self._director.rank(
            request.valence, request.arousal, request.count or self.options.top_k
        )
        response.recommendation = convert.recommendation_message(
            self.now(),
            request.person_id or self.options.person_id,
            uuid.uuid4().hex,
            self.get_parameter("plugin").value,
            UNKNOWN,
            need,
            ranked,
        )
        response.success = bool(ranked)
        response.message = "" if ranked else "the library is empty. Name a folder with music"
        return response

    def _on_forget(self, request: Any, response: Any) -> Any:
        if not request.person_id:
            raise InputError("no person is named", "Give the person_id to forget")
        response.removed = self._director.forget(request.person_id)
        response.success = True
        return response


def main() -> int:
    """Run the node."""
    return run_node(RecommenderNode)
