# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Plays what is recommended and reports what is heard."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.options import option
from emo_music_ros.paths import regular_file
from emo_music_ros.playback.exposure import Exposure
from emo_music_ros.playback.handover import make_player
from emo_music_ros.playback.ledger import default_ledger
from emo_music_ros.playback.options import PlayerOptions
from emo_music_ros.recommendation.library.lookup import Lookup
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros import signals
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.qos import EVENT, SIGNAL
from emo_music_ros.ros.speaking import Speaking, SpeakingOptions
from emo_music_ros.ros.stamps import header, seconds, stamp
from emo_music_ros.streams import Interaction, Track

_STATUS = {
    "stopped": msg.PlayerState.STOPPED,
    "playing": msg.PlayerState.PLAYING,
    "paused": msg.PlayerState.PAUSED,
    "fading": msg.PlayerState.FADING,
}


class PlayerNode(CompanionNode):
    """Plays what is recommended and reports what is heard."""

    node_name = "player"
    stages = {"plugin": ("player", "pyaudio"), "catalogue": ("catalogue", "folder")}

    @dataclass(frozen=True)
    class Options(SpeakingOptions, PlayerOptions):
        """How to play, and for whom."""

        person_id: str = option("resident", "person who listens")
        any_file: bool = option(
            False, "play any audio file that is asked for, not only the library", dynamic=True
        )

    def activate(self) -> None:
        """Open the sound device and listen for recommendations."""
        options = self.options
        self._known = Lookup(self.plugins["catalogue"].tracks())
        self._state = self.advertise(msg.PlayerState, "player/state")
        self._events = self.advertise(msg.InteractionEvent, "player/event")
        audio = self.advertise(msg.AudioChunk, "player/audio", SIGNAL)
        ledger = default_ledger(self.get_namespace())
        self._exposure = Exposure(self.plugin.rate, options, ledger)
        self._player = make_player(
            self.plugin,
            options,
            exposure=self._exposure,
            on_event=self._on_event,
            on_audio=lambda block: audio.publish(signals.audio_message(block)),
            on_error=lambda error: self.get_logger().error(str(error)),
            person_id=self.person_id,
            clock=self.now,
        )
        self._player.start()
        self.listen(msg.Recommendation, "recommendation", self._on_recommendation, EVENT)
        self.listen(msg.InteractionEvent, "dashboard/event", self._on_dashboard)
        Speaking(self, options.speaking_topic, self._player.duck)
        self.serve(srv.PlayTrack, "player/play", self._on_play)
        self.serve(srv.SetPlayback, "player/set", self._on_set)
        self.every(0.25, self._publish_state)

    def deactivate(self) -> None:
        """Fade out and close the sound device."""
        if hasattr(self, "_player"):
            self._player.close()

    def options_changed(self) -> None:
        """Take over volume and fades."""
        self._player.reconfigure(self.options)

    def details(self) -> dict[str, Any]:
        """Return the counters of the player, and what the listener gets."""
        if not hasattr(self, "_player"):
            return {}
        status = self._player.status()
        sure = "" if status.calibrated else " (estimate: not calibrated)"
        level = "silence" if math.isnan(status.level) else f"{status.level:.0f} dBA{sure}"
        return {
            "backend": self.plugin.name if self.plugin else "",
            "underruns": status.underruns,
            "level at the listener": level + (", limited" if status.limited else ""),
            "dose of the week": f"{100 * status.dose:.1f} %{sure}",
            "calibration": "calibrated" if status.calibrated else "not calibrated",
        }

    def person_changed(self, before: str) -> None:
        """Report what is done from now on as done by another person."""
        self._player.person_id = self.person_id

    def person_forgotten(self, person_id: str) -> None:
        """Drop the dose of a person."""
        try:
            self._exposure.forget(person_id)
        except CompanionError as error:
            self.fault("dose", str(error), "warn")

    def _on_recommendation(self, message: msg.Recommendation) -> None:
        if message.person_id not in ("", self.person_id):
            told = f"one for '{message.person_id}' is not played: this is for '{self.person_id}'"
            self.fault("recommendation", f"{told}. Turn by set_person", "warn", lasts=10.0)
            return
        if not message.tracks:
            self._player.stop()
            return
        problem = ""
        for ranked in message.tracks:
            try:
                track = self._playable(convert.track(ranked.track))
            except InputError as error:
                problem = problem or str(error)
                continue
            self.recovered("recommendation")
            self._player.play(
                track,
                recommendation_id=message.recommendation_id,
                recommended=seconds(message.header.stamp),
            )
            return
        self.fault("recommendation", f"none of the tracks can be played. {problem}")

    def _playable(self, asked: Track) -> Track:
        """Return a track as the library knows it.

        Raises
        ------
        InputError
            If it does not know it and nothing else may be played, or there is no such file.
        """
        known = self._find(asked)
        if known is None:
            if not self.options.any_file:
                raise InputError(
                    f"'{asked.track_id or asked.path}' is not in the library",
                    "Put the file into the library's folder, or set any_file to play whatever is"
                    " asked for",
                )
            known = asked
        remote = getattr(self.plugin, "remote", None)
        if remote is None or not remote.plays(known.path):
            regular_file(known.path, "track")
        return known

    def _find(self, asked: Track) -> Track | None:
        found = self._known(asked.track_id, asked.path)
        if found is None:  # the library grows while it is looked at
            catalogue = self.plugins["catalogue"]
            getattr(catalogue, "refresh", catalogue.scan)()
            self._known = Lookup(catalogue.tracks())
            found = self._known(asked.track_id, asked.path)
        return found

    def _on_dashboard(self, message: msg.InteractionEvent) -> None:
        acts: dict[int, Callable[[], None]] = {
            message.PLAY: self._player.resume,
            message.RESUME: self._player.resume,
            message.PAUSE: self._player.pause,
            message.STOP: self._player.stop,
            message.NEXT: self._player.next,
            message.SEEK: lambda: self._player.seek(message.value),
            message.VOLUME: lambda: self._player.volume(message.value),
        }
        if message.action not in acts:
            return
        try:
            acts[message.action]()
        except InputError as error:  # nobody waits for an answer
            self.get_logger().warning(str(error))

    def _on_play(self, request: Any, response: Any) -> Any:
        path = "" if request.track_id else str(regular_file(request.path, "track").resolve())
        title = Path(path).stem
        self._player.play(self._playable(Track(request.track_id or path, path, title)))
        response.success = True
        return response

    def _on_set(self, request: Any, response: Any) -> Any:
        player, by = self._player, "live:service"
        commands = {
            request.PAUSE: lambda: player.pause(by=by),
            request.RESUME: lambda: player.resume(by=by),
            request.STOP: lambda: player.stop(by=by),
            request.NEXT: lambda: player.next(by=by),
            request.SEEK: lambda: player.seek(request.value, by=by),
            request.VOLUME: lambda: player.volume(request.value, by=by),
        }
        if request.command not in commands:
            raise InputError(
                f"command {request.command} does not exist", "Give a number from 1 to 6"
            )
        commands[request.command]()
        response.success = True
        return response

    def _on_event(self, event: Interaction) -> None:
        self._events.publish(convert.interaction_message(event))
        self._publish_state()

    def _publish_state(self) -> None:
        status = self._player.status()
        error = status.error or getattr(self.plugin, "error", "")
        about = ", ".join(filter(None, [f"{status.status} on {self.plugin.name}", status.advice]))
        self.health("warn" if error else "ok", error or about)
        self._state.publish(
            msg.PlayerState(
                header=header(self.now()),
                status=_STATUS[status.status],
                backend=self.plugin.name,
                track=convert.track_message(
                    status.track and replace(status.track, duration=status.duration)
                ),
                recommendation_id=status.recommendation_id,
                recommended=stamp(status.recommended),
                started=stamp(status.started),
                position=float(status.position),
                volume=float(status.volume),
                underruns=status.underruns,
                tracks_started=status.tracks_started,
                tracks_finished=status.tracks_finished,
                tracks_skipped=status.tracks_skipped,
                error=error,
                level=float(status.level),
                dose=float(status.dose),
                calibrated=status.calibrated,
                limited=status.limited,
                advice=status.advice,
            )
        )


def main() -> int:
    """Run the node."""
    return run_node(PlayerNode)
