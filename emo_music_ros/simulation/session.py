# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One simulated session: a listener and the loop, and the facts of what happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.measures import FINISHED, REPLACED, SKIPPED, STOPPED
from emo_music_ros.recommendation.session.views import Decision
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.simulation.characters import changes, character
from emo_music_ros.simulation.listener import Listener
from emo_music_ros.simulation.loop import Outputs, outside_estimate, simulated_loop
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Encoding, Interaction, Outcome, Track

PERSON = "simulated"
#: Share of wrong states where the state is given to the session instead of being fused.
WRONG = 0.1
#: Kinds whose state is given, with `WRONG` of them wrong, instead of being fused from answers.
GIVEN = ("changing", "distressed")


@dataclass
class Facts:
    """What happened in one session.

    Attributes
    ----------
    plays : list
        (time, trigger, state, need valence, arousal, track valence, arousal, track id).
    heard : list
        (time, valence, arousal) of every track that sounded.
    stops : list
        (time, trigger, true state).
    known, unknown : int
        Seconds in which the state was known and not.
    disagree : int
        Seconds in which valence or arousal was not in the quadrant of the state.
    flips : int
        Changes from one known state to another.
    right : int
        Known seconds in which it was the true one.
    change : tuple or None
        (time, from, to) of a change for good.
    listens : list
        (time heard [s], how it ended) of every listen that ended, as in `measures`.
    outcomes, learned, rewarded_without_sign, skipped : int
        Listens that ended, that were learned from, that earned a reward although nobody was there
        or nothing was seen, and that were skipped.
    false_reactions : int
        Changes of music for a state that was not the true one, which had long been the same.
    before, after : float
        True valence at the beginning and the end, -1..1.
    """

    kind: str
    seed: int
    policy: str
    given: bool
    rate: float
    seconds: float
    plays: list[tuple[float, str, str, float, float, float, float, str]] = field(
        default_factory=list
    )
    heard: list[tuple[float, float, float]] = field(default_factory=list)
    stops: list[tuple[float, str, str]] = field(default_factory=list)
    listens: list[tuple[float, str]] = field(default_factory=list)
    known: int = 0
    unknown: int = 0
    disagree: int = 0
    flips: int = 0
    right: int = 0
    outcomes: int = 0
    learned: int = 0
    rewarded_without_sign: int = 0
    skipped: int = 0
    change: tuple[float, str, str] | None = None
    false_reactions: int = 0
    before: float = math.nan
    after: float = math.nan

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


class _Notes(Outputs):
    """Writes the facts down."""

    def __init__(self, facts: Facts, truth: Listener) -> None:
        self.facts = facts
        self.truth = truth
        self._second = -1
        self._state = UNKNOWN
        self._steady_since = 0.0
        self._true = ""

    def watch(self, now: float) -> None:
        """Remember since when the true state has been the same."""
        if self.truth.state != self._true:
            self._true, self._steady_since = self.truth.state, now

    def on_emotion(self, at: float, emotion: Emotion) -> None:
        """Count a second."""
        if int(at) == self._second:
            return
        self._second = int(at)
        facts = self.facts
        if emotion.state == UNKNOWN:
            facts.unknown += 1
            return
        facts.known += 1
        facts.right += emotion.state == self.truth.state
        if self._state not in (UNKNOWN, emotion.state):
            facts.flips += 1
        self._state = emotion.state
        centre = STATE_CENTRES[STATES.index(emotion.state)]
        place = (emotion.estimate.valence, emotion.estimate.arousal)
        facts.disagree += any(a * b < 0 for a, b in zip(centre, place))

    def on_decision(self, at: float, decision: Decision) -> None:
        """Note a decision."""
        if decision.action == "stop":
            self.facts.stops.append((at, decision.trigger, self.truth.state))
            return
        track, need = decision.ranked[0].track, decision.need
        assert need is not None
        self.facts.plays.append(
            (
                at,
                decision.trigger,
                decision.state,
                need.valence,
                need.arousal,
                track.valence,
                track.arousal,
                track.track_id,
            )
        )
        settled = at - self._steady_since > 120
        if decision.trigger == "state" and settled and decision.state != self.truth.state:
            self.facts.false_reactions += 1

    def on_outcome(self, outcome: Outcome) -> None:
        """Note an outcome."""
        facts = self.facts
        facts.outcomes += 1
        facts.learned += outcome.learned
        facts.skipped += outcome.skipped
        facts.listens.append((outcome.dwell * outcome.track.duration, ending(outcome)))
        empty = not self.truth.character.present
        facts.rewarded_without_sign += outcome.learned and (empty or not outcome.signals)


def ending(outcome: Outcome) -> str:
    """Return how a listen ended, in the words of `measures`."""
    if outcome.skipped:
        return SKIPPED
    if outcome.interrupted:
        return REPLACED
    return FINISHED if outcome.dwell >= 1.0 else STOPPED


def run_session(
    kind: str,
    seed: int,
    tracks: Sequence[Track],
    answers: Answers,
    *,
    policy: str = "therapeutic",
    seconds: float = 1200.0,
    full_rate: bool = False,
    given: bool = False,
) -> Facts:
    """Run one session and return its facts.

    Parameters
    ----------
    kind : str
        One of `characters.KINDS`.
    seed : int
        Decides on listener, answers and choice.
    tracks : sequence of Track
        The library.
    answers : Answers
        Recorded answers of the encoders.
    policy : str
        Recommender plugin.
    seconds : float
        Length [s].
    full_rate : bool
        Step the fusion four times a second as the node does, instead of once.
    given : bool
        Give the true state, one in ten wrong, instead of fusing answers.
    """
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    features = len(tracks[0].features)
    listener = Listener(character(kind, features, rng), answers, rng, PERSON)
    facts = Facts(kind, seed, policy, given, 4.0 if full_rate else 1.0, seconds)
    facts.change = changes(listener.character)
    notes = _Notes(facts, listener)
    step = 0.25 if full_rate else 1.0
    with simulated_loop(tracks, policy, seed, PERSON, notes, step) as loop:
        facts.before = float(listener.mood[0])
        for second in range(int(seconds)):
            now = float(second)
            loop.advance(now)
            music = loop.player.track if loop.player.moving else None
            listener.step(now, music)
            notes.watch(now)
            act = listener.act(now, music)
            if act is not None and music is not None:
                event = Interaction(now, act[0], music.track_id, act[1], 0.0, PERSON)
                loop.add_interaction(event)
            if given and listener.character.present:
                loop.add_emotion(_given(listener, rng))
            elif not given:
                for encoding in listener.signs(now, loop.wall()):
                    loop.add_encoding(encoding)
            if music is not None and second % 5 == 0:
                loop.add_encoding(_context(music, loop.wall()))
    facts.heard = [(at, track.valence, track.arousal) for at, track in loop.player.started]
    facts.after = float(listener.mood[0])
    return facts


def _given(listener: Listener, rng: np.random.Generator) -> Emotion:
    state = listener.state
    if rng.random() < WRONG:
        state = str(rng.choice([other for other in STATES if other != state]))
        valence, arousal = STATE_CENTRES[STATES.index(state)]
    else:
        valence, arousal = listener.mood + rng.normal(0, 0.05, 2)
    estimate = outside_estimate(float(np.clip(valence, -1, 1)), float(np.clip(arousal, -1, 1)), 0.5)
    return Emotion(0.0, state, estimate, 0.5, (), "given", PERSON)


def _context(music: Track, stamp: float) -> Encoding:
    """Return what the music encoder says of the music itself; it must not count."""
    estimate = outside_estimate(music.valence, music.arousal, 0.6)
    return Encoding("music", stamp, stamp, estimate, np.zeros(0), {}, "simulated:player", PERSON)
