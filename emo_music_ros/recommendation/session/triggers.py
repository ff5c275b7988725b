# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""When another track is due, and with which state in mind."""

from __future__ import annotations

import math
from dataclasses import replace

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.listening import Listening
from emo_music_ros.recommendation.session.options import TriggerOptions
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.streams import Emotion

#: Share of the time that a state holds to count as a change, as the state of now, and at first.
CHANGED, PRESENT, FIRST = 0.75, 0.5, 0.75
#: Seconds that the state of now is the majority of.
LATELY = 20.0
#: Seconds the first state is watched, and least mean confidence of a state to act on.
LOOK, CONFIDENT = 5.0, 0.1
#: How often a change of state is looked for [s].
EVERY = 0.75
#: Longest time between two requests to a player that does not answer [s].
LONGEST_WAIT = 600.0


class Triggers:
    """Says why to choose a track now.

    Attributes
    ----------
    waiting : str
        Why none is due.
    """

    def __init__(self, signals: Signals) -> None:
        self.waiting = ""
        self._signals = signals
        self._first = math.nan  # since when a first state is waited for
        self._idle = math.nan
        self._begun = False
        self._looked = -math.inf
        self._answered = ""  # the last known state that music was chosen for

    def restart(self) -> None:
        """Wait for a stable state again before the next track."""
        self._first = math.nan
        self._begun = False
        self._answered = ""

    def begun(self, state: str) -> None:
        """Note that a track was chosen for a state."""
        self._begun = True
        if state != UNKNOWN:
            self._answered = state

    def idle(self, now: float, listening: bool) -> None:
        """Note whether something sounds."""
        if math.isnan(self._first):
            self._first = now
        if listening:
            self._idle = math.nan
        elif math.isnan(self._idle):
            self._idle = now

    def ended(self) -> None:
        """Note that a track came to its end."""
        self._idle = math.nan

    def state_now(self, now: float) -> Emotion:
        """Return the state to choose music for: what most of the last seconds agree on."""
        return self._signals.settled(now, LATELY, PRESENT)

    def nothing(self, now: float) -> Emotion:
        """Return a state that is not told."""
        return replace(self.state_now(now), state=UNKNOWN, estimate=unknown(STATES))

    def due(
        self, now: float, listening: Listening | None, paused: bool, options: TriggerOptions
    ) -> tuple[str, str, Emotion | None]:
        """Return (trigger, track asked for, state to choose for); empty strings for none."""
        if listening is None:
            return self._silence(now, options)
        if paused:
            return self._wait("paused")
        if listening.duration > 0:
            fade = min(options.crossfade, listening.duration / 3)
            if listening.duration - listening.at(now) <= fade:
                again = listening.again
                return ("repeat", listening.track.track_id, None) if again else ("end", "", None)
        if now - listening.began >= options.min_dwell and now - self._looked >= EVERY:
            self._looked = now
            span = options.stable
            state, _ = self._signals.agreed(now, span, CHANGED, coverage=0.8 * span)
            # A glimpse of nothing between twice the same is no change.
            before = self._answered if listening.state == UNKNOWN else listening.state
            if state not in (UNKNOWN, before):
                return "state", "", self._signals.settled(now, span, CHANGED)
        return self._wait("a track is playing")

    def _silence(self, now: float, options: TriggerOptions) -> tuple[str, str, Emotion | None]:
        if self._begun:
            if now - self._idle < options.settle:
                return self._wait("a moment of silence")
            return "start", "", None
        if math.isnan(self._first):  # restarted a moment ago
            self._first = now
        look = min(LOOK, options.patience)
        first = self._signals.settled(now, look, FIRST, CONFIDENT, coverage=0.8 * look)
        if first.state != UNKNOWN:
            return "start", "", first
        if now - self._first < options.patience:
            return self._wait("no emotion is stable and sure yet")
        # Nothing was sure in all that time: the safe choice, whatever one moment said.
        return "start", "", self._signals.settled(now, options.patience, FIRST, CONFIDENT)

    def _wait(self, why: str) -> tuple[str, str, Emotion | None]:
        self.waiting = why
        return "", "", None


class Requests:
    """Tracks that the player was asked for and that have not begun: each wait is longer."""

    def __init__(self) -> None:
        self.failures = 0

    def wait(self, timeout: float) -> float:
        """Return how long to wait for the track that was asked for last [s]."""
        return min(timeout * 2.0 ** min(self.failures, 30), LONGEST_WAIT)

    def failed(self) -> None:
        """Note that a track did not begin."""
        self.failures += 1

    def began(self) -> None:
        """Note that one did."""
        self.failures = 0
