# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Decides what to play when, and learns from what happened."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.care.store import default_store
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import DEMONSTRATION, LEARNING, SENSING, valid_person
from emo_music_ros.consent.traces import log_folder, remove_traces
from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.fusion.adaptation import learner as adaptation
from emo_music_ros.notifying.calls import Calls
from emo_music_ros.recommendation.library.large import LargeLibrary
from emo_music_ros.recommendation.memory.store import Memory, default_path
from emo_music_ros.recommendation.session.director import Director
from emo_music_ros.recommendation.session.options import RecommenderOptions
from emo_music_ros.recommendation.session.programme import Programme
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.resources import data_of
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.choosing import ChoosingDesk
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.plan import Plan
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.stamps import header
from emo_music_ros.streams import Outcome, Track

#: A scan that goes on offers what it has found this often [s].
OFFER_EVERY = 1.0
#: One that failed is tried again after this long [s].
SCAN_AGAIN = 10.0

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
    purposes = (SENSING, LEARNING)

    Options = RecommenderOptions

    _tracks: Sequence[Track] = ()
    _derived = 0

    def configure(self) -> None:
        """Take what is known of the library."""
        self._take(self.plugins["catalogue"].tracks())

    def activate(self) -> None:
        """Scan the library in the background and follow emotion, player and person."""
        self._emotion_stamp = math.nan
        self._plan = Plan()
        self._publisher = self.advertise(msg.Recommendation, "recommendation")
        self._outcomes = self.advertise(msg.ListeningOutcome, "listening/outcome")
        self._forgotten = self.advertise(msg.Person, "person/forgotten")
        self._desk = ChoosingDesk(
            self,
            default_store(self.get_namespace()),
            lambda: self._director,
            lambda: self._tracks,
            self._step,
        )
        self._direct()
        self.listen(msg.EmotionState, "emotion", self._on_emotion)
        self.listen(msg.PlayerState, "player/state", self._on_player)
        self.listen(msg.InteractionEvent, "interaction/event", self._on_interaction)
        self.listen(msg.ModalityEncoding, "encoding/physiology", self._on_physiology)
        self.listen(msg.SessionPlan, "session/plan", self._on_plan, LATCHED)
        self.serve(srv.RecommendTracks, "recommend_tracks", self._on_recommend)
        self.serve(srv.ForgetPerson, "forget_person", self._on_forget)
        self.every(0.25, self._step)
        self._left_out: dict[str, str] = {}
        self._scanner = self.work(self._scan, 1, "")
        self._scan_at = self.steady()

    def _direct(self) -> None:
        """Begin with the person of the node: nothing of anybody before is left."""
        self._memory = self._open_memory()
        self._director = Director(
            self.plugin,
            self._memory,
            lambda: self._tracks,
            self.options,
            person_id=self.person_id,
            on_outcome=self._on_outcome,
            wall=self.wall,
            profile=self._desk.profile,
        )
        self.consent_changed()

    def _open_memory(self) -> Memory:
        half_life, namespace = self.options.half_life, self.get_namespace()
        # What a demonstration does must never end in what is known of somebody who lives here.
        if self.person_id == DEMONSTRATION:
            return Memory(default_path(namespace, DEMONSTRATION), half_life, own=True)
        if self.options.memory:
            return Memory(self.options.memory, half_life)
        return Memory(default_path(namespace), half_life, own=True)

    def _other_memories(self) -> list[Path]:
        """Return the memories of this namespace that are not in use."""
        places = (default_path(self.get_namespace(), name) for name in ("memory", DEMONSTRATION))
        return [path for path in places if path.is_file() and str(path) != self._memory.place]

    def deactivate(self) -> None:
        """End the attribution of the track that is on and close the memory."""
        if hasattr(self, "_director"):
            self._director.close(self.steady())
            self._memory.close()
            del self._director

    def options_changed(self) -> None:
        """Hand changed options to the director."""
        self._director.options = self.options
        self._follow_plan()

    def person_changed(self, before: str) -> None:
        """Turn to another person; the track that is on counts for the one before."""
        self._director.close(self.steady())
        self._memory.close()
        self._plan = Plan()
        self._direct()
        self._follow_plan()

    def consent_changed(self) -> None:
        """Begin or end listening and learning."""
        self._director.consent(self.allows(SENSING), self.allows(LEARNING))

    def details(self) -> dict[str, Any]:
        """Return the state of library and memory."""
        return {
            "tracks": len(self._tracks),
            "derived": self._derived,
            "memory_updates": self._memory.updates if hasattr(self, "_memory") else 0,
            "waiting": self._director.waiting if hasattr(self, "_director") else "",
        }

    def _take(self, tracks: Sequence[Track]) -> None:
        """Offer what is known of the library."""
        self._tracks = tracks
        if isinstance(tracks, LargeLibrary):
            self._derived = tracks.derived
        else:
            self._derived = sum(track.derived for track in tracks)

    def _scan(self, _: None) -> None:
        catalogue = self.plugins["catalogue"]
        self._offered = self.steady()
        try:
            report = catalogue.scan(lambda done, total, name: self._scanned())
        except CompanionError as error:
            self._take(catalogue.tracks())
            self.fault("library", str(error))
            self._scan_at = self.steady() + getattr(catalogue, "again", SCAN_AGAIN)
            return
        self.fault("library", "")
        self._take(catalogue.tracks())
        for path, reason in report.unreadable.items() - self._left_out.items():
            self.get_logger().warning(f"left out of the library: {path}: {reason}")
        self._left_out = dict(report.unreadable)
        told = f", {len(self._left_out)} left out" if self._left_out else ""
        self.health("ok", f"library of {len(self._tracks)} tracks{told}")
        self._scan_at = self.steady() + getattr(catalogue, "again", math.inf)

    def _scanned(self) -> None:
        """Offer what is known of the library while the rest is looked at."""
        if self.steady() - self._offered > OFFER_EVERY:
            self._take(self.plugins["catalogue"].tracks())
            self._offered = self.steady()

    # -- what comes in -----------------------------------------------------------------------

    def _on_emotion(self, message: msg.EmotionState) -> None:
        if self.allows(SENSING) and message.person_id in ("", self.person_id):
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
        members = self._plan.programme.members
        if event is None or message.person_id not in ("", self.person_id, *members):
            return
        if (
            event.action == "consent" and message.person_id not in members
        ):  # who keeps it says what holds; a no holds at once
            self._director.consent(False, False) if event.value < 0.5 else self.consent_changed()
        else:
            self._director.on_interaction(replace(event, time=self._when(event.time)))
        self._step()

    def _on_physiology(self, message: msg.ModalityEncoding) -> None:
        rate = convert.encoding(message).features.get("heart_rate", float("nan"))
        if self.allows(SENSING) and message.person_id in ("", self.person_id):
            self._director.on_heart_rate(self.arrival(convert.seconds(message.header.stamp)), rate)

    def _on_plan(self, message: msg.SessionPlan) -> None:
        """Take what a session asks for; it ends by itself if nobody ends it."""
        plan = Plan.of(message, self.person_id, self.steady())
        plan.over(self.configured("plugin"))  # one that cannot be followed changes nothing
        self._plan = plan
        self._follow_plan()

    def _follow_plan(self) -> None:
        name = self.get_parameter("plugin").value
        self.plugin.options, unknown = self._plan.over(self.configured("plugin"))
        told = f"plugin '{name}' knows no {' and no '.join(unknown)}. Choose another plugin"
        self.fault("session", told if unknown else "", "warn")
        self._director.follow(self._programme(), self.steady())

    def _programme(self) -> Programme:
        """Return what the session asks to be played; a group is one by its scenario, too."""
        group = getattr(self.plugin.options, "scenario", "") == "group"
        return replace(self._plan.programme, group=group or bool(self._plan.programme.members))

    def _when(self, stamp: float) -> float:
        """Return the steady time of an act or report; one with a wrong stamp counts as of now."""
        time = self.arrival(stamp)
        return self.steady() if math.isnan(time) else time

    # -- what goes out -----------------------------------------------------------------------

    def _step(self) -> None:
        if self.steady() > self._scan_at:
            self._scan_at = math.inf
            self._scanner.put(None)
        if self.steady() > self._plan.ends:
            self._plan = Plan()
            self._follow_plan()
        self.fault("memory", self._memory.error)
        decision = self._director.step(self.steady())
        if decision is not None:
            self._publisher.publish(self._message(decision))
            if decision.trigger == "distress":
                self._desk.stopped(self.wall(decision.time))

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
        message.reason, message.trigger = decision.reason, decision.trigger
        return message

    def _on_outcome(self, outcome: Outcome) -> None:
        allowed = (self.allows(purpose, outcome.person_id) for purpose in self.purposes)
        if not all(allowed):
            return
        self._outcomes.publish(
            convert.outcome_message(replace(outcome, time=self.wall(outcome.time)))
        )

    # -- services ----------------------------------------------------------------------------

    def _on_recommend(self, request: Any, response: Any) -> Any:
        if not (-1 <= request.valence <= 1 and -1 <= request.arousal <= 1):
            raise InputError("valence or arousal is out of range", "Give numbers from -1 to 1")
        if request.count > 50:
            raise InputError(f"count {request.count} is too many", "Ask for at most 50")
        person_id = valid_person(request.person_id or self.person_id)
        need, ranked = self._director.rank(
            request.valence, request.arousal, request.count or self.options.top_k, person_id
        )
        response.recommendation = convert.recommendation_message(
            self.now(),
            person_id,
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
        person_id = valid_person(request.person_id)
        response.removed = self._director.forget(person_id)
        for path in self._other_memories():
            other = Memory(path, own=True)
            response.removed += other.forget(person_id)
            other.close()
        learned = adaptation.forget_at(adaptation.default_path(self.get_namespace()), person_id)
        response.removed += learned
        response.removed += default_register(self.get_namespace()).forget(person_id)
        response.removed += self._desk.forget(person_id)
        calls = data_of(self.get_namespace(), "carer-calls.sqlite")
        response.removed += Calls(calls).forget(person_id)
        response.files_removed = remove_traces(self.get_namespace(), person_id)
        response.files_left = [str(log_folder())]
        self._forgotten.publish(msg.Person(header=header(self.now()), person_id=person_id))
        response.message = (
            f"{learned} versions of what fusion learned are among the records; logs, files named by"
            " the parameter summary, recordings of emo-music record and reports that were saved may"
            " name the person and are yours to delete; a withdrawal of consent stays"
        )
        response.success = True
        return response


def main() -> int:
    """Run the node."""
    return run_node(RecommenderNode)
