# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fusion, session, policy, memory and a virtual player on one simulated clock."""

from __future__ import annotations

import math
import tempfile
import time as calendar
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from emo_music_ros import plugins
from emo_music_ros.clock import SteadyStamps
from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.fusion.base import DEFAULT, Fusion
from emo_music_ros.fusion.people import People
from emo_music_ros.fusion.timeline import FusionOptions
from emo_music_ros.recommendation.base import Recommender
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.session.director import Director
from emo_music_ros.recommendation.session.options import DirectorOptions
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.simulation.player import PlayerFaults, VirtualPlayer
from emo_music_ros.streams import REPORTS, Emotion, Encoding, Estimate, Interaction, Outcome, Track

#: The wall clock at time 0: 10:00 UTC of a day [unix s].
TEN_O_CLOCK = 1_767_261_600.0
#: How often the session decides [s]; that of the recommender node.
DECIDE = 0.25
#: A state that came from outside holds this long when nothing follows [s].
HOLD = 10.0


class Outputs:
    """Gets what the loop gives out; here nothing comes of it."""

    def on_emotion(self, at: float, emotion: Emotion) -> None:
        """Take an emotion: every second and at each change of state."""

    def on_decision(self, at: float, decision: Decision) -> None:
        """Take a recommendation."""

    def on_player(self, at: float, view: PlayerView) -> None:
        """Take a change of what the player does."""

    def on_outcome(self, outcome: Outcome) -> None:
        """Take what came of a listen."""


class Loop:
    """The same objects as the nodes, without ROS, as fast as it can.

    Times are seconds of the simulated clock, which only runs forward; the wall clock shows them
    past ten o'clock until it is set.

    Parameters
    ----------
    fusion : Fusion
        Strategy, shared by all people.
    strategy : str
        Its name.
    recommender : Recommender
        Ranks the tracks. If it has a `clock`, it gets the wall clock, and UTC as its zone.
    memory : Memory
        Of all people.
    tracks : sequence of Track
        The library.
    person_id : str
        Who the music is for.
    """

    def __init__(
        self,
        fusion: Fusion,
        strategy: str,
        recommender: Recommender,
        memory: Memory,
        tracks: Sequence[Track],
        *,
        person_id: str,
        fusion_options: FusionOptions | None = None,
        director_options: DirectorOptions | None = None,
        stop_fade: float = 1.5,
        outputs: Outputs | None = None,
    ) -> None:
        self.now = 0.0
        self.person_id = person_id
        self.outputs = outputs or Outputs()
        self.stamps = SteadyStamps()
        self._offset = 0.0  # of the wall clock against the simulated one
        self._fusion_options = fusion_options or FusionOptions()
        self._people = People(fusion, strategy, self._fusion_options, person_id)
        self._outside: dict[str, Emotion] = {}
        self._states: dict[str, tuple[str, bool]] = {}
        self._consent = True
        # The grid all steps lie on [s]; seconds where the fusion does not look more often.
        step = self._fusion_options.step
        self._tick = min(step, DECIDE) if step < 1 else 1.0
        self._ticks = -1  # the first step is at 0
        self._told = -1
        self._numbers = 0
        self._view: tuple[str, str] = ("stopped", "")
        if hasattr(recommender, "clock"):
            recommender.clock = self.wall
            recommender.local = calendar.gmtime  # type: ignore[attr-defined]
        self.director = Director(
            recommender,
            memory,
            lambda: tracks,
            director_options,
            person_id=person_id,
            on_outcome=self.outputs.on_outcome,
            new_id=self._new_id,
            wall=lambda time: TEN_O_CLOCK + time + self._offset,
        )
        self.player = VirtualPlayer(self.director.on_interaction, person_id, stop_fade)

    # -- what comes in -----------------------------------------------------------------------

    def wall(self) -> float:
        """Return the wall clock [unix s]."""
        return TEN_O_CLOCK + self.now + self._offset

    def set_clock(self, seconds: float) -> None:
        """Set the wall clock to this many seconds past ten o'clock; it runs on from there."""
        self._offset = seconds - self.now

    def add_encoding(self, encoding: Encoding) -> bool:
        """Take an encoding stamped by the wall clock; return False if it is refused."""
        if encoding.person_id == self.person_id and not self._consent:
            return False
        time = self.stamps(encoding.time, self.wall(), self.now)
        if math.isnan(time):
            return False
        if encoding.modality == "physiology" and encoding.person_id == self.person_id:
            rate = encoding.features.get("heart_rate", math.nan)
            self.director.on_heart_rate(time, rate)
        return self._people.add(replace(encoding, time=time), self.now)

    def add_emotion(self, emotion: Emotion) -> None:
        """Take a state from outside; from now on the fusion is not asked about this person."""
        if emotion.person_id == self.person_id and not self._consent:
            return
        self._outside[emotion.person_id] = replace(emotion, time=self.now)
        self._people.meet(emotion.person_id, self.now)
        if emotion.state != UNKNOWN:
            self._people.sign(emotion.person_id, self.now)

    def add_interaction(self, event: Interaction) -> None:
        """Take what a person did; the player obeys at once, as it does on a robot."""
        event = replace(event, time=self.now, position=self.player.view().position)
        if event.person_id == self.person_id:
            if event.action == "consent":
                self._consent = event.value >= 0.5
                if not self._consent:
                    self._people.forget(self.person_id)
                    self._outside.pop(self.person_id, None)
            if event.action not in REPORTS:
                self._people.sign(event.person_id, self.now)
        self.director.on_interaction(event)
        if event.person_id == self.person_id:
            self._obey(event)
        self._report_player()

    def set_faults(self, faults: PlayerFaults) -> None:
        """Let the player misbehave from now on."""
        self.player.faults = faults

    # -- time --------------------------------------------------------------------------------

    def advance(self, until: float) -> None:
        """Let time pass up to `until` [s], on the grids of fusion and session."""
        while (self._ticks + 1) * self._tick <= until + 1e-9:
            self._ticks += 1
            self.now = self._ticks * self._tick
            self._step()
        self.now = max(self.now, until)

    def close(self) -> None:
        """End what is on."""
        self.director.close(self.now)

    def _step(self) -> None:
        now = self.now
        self.player.advance(now)
        self.director.on_player(self.player.view())
        self._report_player()
        second = int(now + 1e-9)
        tell, self._told = second > self._told, second
        for fused in self._people.step(now):
            person, emotion = fused.person_id, self._reported(fused, now)
            if person == self.person_id and self._consent:
                self.director.on_emotion(replace(emotion, time=now))
            state = (emotion.state, emotion.present)
            if tell or state != self._states.get(person):
                self._states[person] = state
                self.outputs.on_emotion(now, emotion)
        decision = self.director.step(now)
        if decision is not None:
            self._carry_out(decision)

    def _reported(self, fused: Emotion, now: float) -> Emotion:
        """Return what is believed of a person: what came from outside, if anything ever did."""
        outside = self._outside.get(fused.person_id)
        if outside is None:
            return fused
        if now - outside.time <= HOLD:
            return replace(outside, present=fused.present)
        nothing = unknown(STATES)
        return replace(fused, state=UNKNOWN, estimate=nothing, uncertainty=1.0, contributions=())

    # -- what goes out -----------------------------------------------------------------------

    def _carry_out(self, decision: Decision) -> None:
        self.outputs.on_decision(self.now, decision)
        if decision.action == "stop":
            self.player.stop()
        else:
            self.player.play(decision.ranked[0].track, decision.recommendation_id)
            self.player.advance(self.now)  # one that opens at once begins at once
        self._report_player()

    def _obey(self, event: Interaction) -> None:
        acts: dict[str, Callable[[], None]] = {
            "play": self.player.resume,
            "resume": self.player.resume,
            "pause": self.player.pause,
            "stop": self.player.stop,
            "next": self.player.next,
            "seek": lambda: self.player.seek(event.value),
        }
        if event.action in acts:
            acts[event.action]()

    def _report_player(self) -> None:
        view = self.player.view()
        if (view.status, view.track_id) != self._view:
            self._view = (view.status, view.track_id)
            self.outputs.on_player(self.now, view)

    def _new_id(self) -> str:
        self._numbers += 1
        return str(self._numbers)


def outside_estimate(valence: float, arousal: float, confidence: float) -> Estimate:
    """Return the estimate of a state from outside, which has no probabilities."""
    nothing = unknown(STATES)
    return replace(nothing, valence=valence, arousal=arousal, confidence=confidence, quality=1.0)


@contextmanager
def simulated_loop(
    tracks: Sequence[Track],
    policy: str,
    seed: int,
    person_id: str,
    outputs: Outputs,
    step: float = DECIDE,
) -> Iterator[Loop]:
    """Yield a loop with the shipped fusion and a memory of its own, which is gone at the end.

    Parameters
    ----------
    tracks : sequence of Track
        The library.
    policy : str
        Recommender plugin.
    seed : int
        Of its random choice, from 0.
    person_id : str
        Who the music is for.
    outputs : Outputs
        Gets what the loop gives out.
    step : float
        Grid of the fusion [s].
    """
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(Path(folder) / "memory.sqlite", durable=False)
        loop = Loop(
            plugins.create("fusion", DEFAULT),
            DEFAULT,
            plugins.create("recommender", policy, {"seed": seed + 1}),
            memory,
            tracks,
            person_id=person_id,
            fusion_options=FusionOptions(step=step),
            outputs=outputs,
        )
        yield loop
        loop.close()
        memory.close()
