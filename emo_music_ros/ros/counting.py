# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Counts what the topics of the loop carry into the summaries of sessions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from diagnostic_msgs.msg import DiagnosticArray

import emo_music_ros.msg as msg
from emo_music_ros.fusion.timeline import CONTEXT, MODALITIES
from emo_music_ros.names import printable
from emo_music_ros.ros.conversions import ACTIONS, STATE_NAMES
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.reports import reports
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.summary import Summary

_STATUS = {
    msg.PlayerState.STOPPED: "silent",
    msg.PlayerState.PLAYING: "playing",
    msg.PlayerState.PAUSED: "paused",
    msg.PlayerState.FADING: "fading",
}


class Counting:
    """Watches every topic while the node is active.

    Parameters
    ----------
    node : CompanionNode
        Whose topics, person and consent they are.
    summaries : callable
        Returns what is counted into now.

    Attributes
    ----------
    state : int
        Of the newest emotion, as in `EmotionState`.
    playing : str
        What the player does, in words.
    """

    def __init__(self, node: CompanionNode, summaries: Callable[[], list[Summary]]) -> None:
        self.state = 0
        self.playing = ""
        self._newest = 0.0  # stamp of the newest sample that an emotion answered
        self._player_counts: tuple[int, int, int] | None = None
        self._node = node
        self._summaries = summaries
        node.listen(msg.EmotionState, "emotion", self._on_emotion)
        for modality in (*MODALITIES, *CONTEXT):
            node.listen(
                msg.ModalityEncoding, f"encoding/{modality}", partial(self._on_encoding, modality)
            )
        node.listen(msg.Recommendation, "recommendation", self._on_recommendation)
        node.listen(msg.PlayerState, "player/state", self._on_player)
        node.listen(msg.InteractionEvent, "interaction/event", self._on_event)
        node.listen(msg.ListeningOutcome, "listening/outcome", self._on_outcome)
        node.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics)

    @property
    def state_name(self) -> str:
        """The state in words; what no version of ours knows is unknown."""
        return STATE_NAMES[self.state] if self.state < len(STATE_NAMES) else STATE_NAMES[0]

    def _open(self) -> list[Summary]:
        """Return what may be counted into of the person: nothing without consent."""
        return self._summaries() if self._node.allows() else []

    def _on_emotion(self, message: msg.EmotionState) -> None:
        newest = seconds(message.header.stamp)
        age, new = self._node.now() - newest, newest != self._newest
        self._newest = newest
        self.state = message.state
        name = self.state_name
        for summary in self._open():
            summary.emotion_states[name] += 1
            if message.state:
                valence = message.estimate.valence
                summary.seconds.add(self._node.steady() - summary.began, name, valence)
            # What is told again on the time grid is of a sample that was answered already.
            if new and any(part.weight > 0 for part in message.contributions):
                summary.latency("emotion", age)

    def _on_encoding(self, modality: str, message: msg.ModalityEncoding) -> None:
        for summary in self._open():
            summary.encoding(modality, message.source)

    def _on_recommendation(self, message: msg.Recommendation) -> None:
        age, now = self._node.now() - seconds(message.header.stamp), self._node.steady()
        for summary in self._open():
            summary.recommendations += 1
            if message.state:  # one for a state that is not known answers no sample
                summary.latency("recommendation", age)
            if not message.tracks:
                summary.listens.halted(now, printable(message.reason))
        best = message.tracks[0].track.title if message.tracks else "nothing"
        self._node.get_logger().info(
            f"recommended '{printable(best)}': {printable(message.reason)}"
        )

    def _on_player(self, message: msg.PlayerState) -> None:
        counts = (message.tracks_started, message.tracks_finished, message.tracks_skipped)
        before = self._player_counts or (0, 0, 0)
        self._player_counts = counts
        steps = [max(0, new - old) for new, old in zip(counts, before)]
        title = printable(message.track.title or message.track.track_id)
        sounds = message.status in (msg.PlayerState.PLAYING, msg.PlayerState.FADING)
        track = (message.track.track_id, title, "", message.track.duration)
        started, offered = seconds(message.started), bool(message.recommendation_id)
        for summary in self._open():
            summary.listens.player(self._node.steady(), sounds, track, started, offered)
            for name, step in zip(("started", "finished", "skipped"), steps):
                summary.tracks[name] += step
            summary.underruns = message.underruns
            if steps[0]:
                summary.played.append(title)
                if seconds(message.recommended) > 0:
                    summary.latency(
                        "sound", seconds(message.started) - seconds(message.recommended)
                    )
        self.playing = f"{_STATUS.get(message.status, '?')} {title}".strip()

    def _on_event(self, message: msg.InteractionEvent) -> None:
        action = ACTIONS.get(message.action, "")
        for summary in self._open():
            summary.listens.act(self._node.steady(), action, message.track_id)

    def _on_outcome(self, message: msg.ListeningOutcome) -> None:
        for summary in self._open():
            summary.memory_updates += 1

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for report in reports(message, self._node.get_namespace()):
            for summary in self._summaries():
                summary.node(*report)
