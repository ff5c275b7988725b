# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The common time grid: what is known about one person at each step (paper A, Eq. 4).

Differs from the paper: F_t holds what each modality says about the states, not its features, so
that a modality can be replaced; a gap is not filled by interpolation towards a value of the
future but holds the last mean, with its age and a mask. A strategy that reads time is given the
tensor F of the past, which is interpolated (:mod:`emo_music_ros.fusion.grid`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.adaptation.head import Head
from emo_music_ros.fusion.adaptation.recent import Recent
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.fusion.decision import decide, uncertainty_of
from emo_music_ros.fusion.explanation import effects
from emo_music_ros.fusion.presence import Presence, is_sign
from emo_music_ros.fusion.voice import LATENESS, Voice
from emo_music_ros.options import option
from emo_music_ros.states import states_from, within
from emo_music_ros.streams import Contribution, Emotion, Encoding, Estimate

#: Modality -> age after which its last encoding says nothing any more [s]; the one place that
#: says when something is stale. A face is seen many times a second, a sentence colours the next
#: half minute.
STALE_AFTER = {
    "face": 2.0,
    "speech": 15.0,
    "text": 30.0,
    "physiology": 10.0,
    "eeg": 5.0,
    "interaction": 120.0,
}
MODALITIES = tuple(STALE_AFTER)
#: A modality of a third party is heard at least so long and at most so long [s].
LEAST_STALE, MOST_STALE = 0.1, 3600.0
#: Encodings that describe the situation and are never evidence about the person.
CONTEXT = ("music",)


@dataclass(frozen=True)
class TimelineOptions:
    """The grid and when to say "unknown"."""

    step: float = option(0.25, "time grid of the fusion [s]", low=0.02, high=10)
    stale_factor: float = option(
        1.0, "scales the age after which each modality is ignored", low=0.1, high=10, dynamic=True
    )
    max_uncertainty: float = option(
        0.985, "above this normalised entropy the state is unknown", low=0.1, high=1, dynamic=True
    )
    max_disagreement: float = option(
        0.27,
        "above this contradiction of the modalities, 0..1, the state is unknown",
        low=0.0,
        high=1.0,
        dynamic=True,
    )
    smoothing: float = option(
        8.0,
        "time constant in which a modality forgets what it said before [s]",
        low=0,
        high=60,
        dynamic=True,
    )
    hysteresis: float = option(
        0.08,
        "lead in probability with which another state replaces the present one",
        low=0.0,
        high=0.5,
        dynamic=True,
    )
    others: str = option(
        "", "further modalities and when what they said is ignored [s]: gait=10, pen=30"
    )
    presence: float = option(
        30.0,
        "somebody counts as present this long after the last sign [s]",
        low=1.0,
        high=3600.0,
        dynamic=True,
    )


def stale_after(options: TimelineOptions) -> dict[str, float]:
    """Return the modalities that are fused, and after how long what each said is ignored [s].

    Raises
    ------
    OptionError
        If a further modality is no name and time, is context, or is named twice.
    """
    found = dict(STALE_AFTER)
    for entry in filter(None, (part.strip() for part in options.others.split(","))):
        name, _, value = (part.strip() for part in entry.partition("="))
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not name.isidentifier() or name in found or name in CONTEXT:
            raise OptionError(f"further modality '{entry}' is refused", "Give a new name=10")
        if not LEAST_STALE <= seconds <= MOST_STALE:
            raise OptionError(
                f"further modality '{entry}' is refused",
                f"Give name=seconds from {LEAST_STALE:g} to {MOST_STALE:g}",
            )
        found[name] = seconds
    return {name: seconds * options.stale_factor for name, seconds in found.items()}


@dataclass(frozen=True)
class FusionOptions(TimelineOptions):
    """Whose emotion, and the time grid."""

    person_id: str = option("resident", "person expected; others are added when sensed")
    sampling: str = option(
        "face=3-15",
        "rates between which sources and encoders are asked to work, as little as what they see "
        "varies [Hz]: face=3-15, physiology=0.167-0.5, eeg=0.333-1; empty: nothing is asked",
    )
    adaptation: bool = option(
        True, "learn from confirmed moments of each person, and use what was learned", dynamic=True
    )


class Timeline:
    """Aligns the encodings of one person on a time grid and fuses them at each step.

    Each modality is the mean of what it said lately; between two encodings the last mean holds
    (the estimates of a causal system cannot be interpolated towards a future value); its age
    enters the fusion, and after the modality's limit its mask bit falls.

    The state is unknown if nobody is there, nothing was said, the mean is too wide, or the
    modalities contradict each other. A known state is given up for another only with a lead.
    Valence and arousal of a known state lie in its quadrant.

    All times are steady seconds (see :mod:`emo_music_ros.clock`).

    Parameters
    ----------
    fusion : Fusion
        The strategy.
    strategy : str
        Its plugin name, reported with each state.
    options : TimelineOptions
        Grid, smoothing and limits.

    Attributes
    ----------
    presence : Presence
        When somebody was last there; who knows of other signs tells it.
    head : Head or None
        What was learned of the person from confirmed moments; may be replaced at any time.
    recent : Recent
        What the strategy itself said lately.
    """

    def __init__(
        self, fusion: Fusion, strategy: str, options: TimelineOptions | None = None
    ) -> None:
        self.fusion = fusion
        self.strategy = strategy
        self.options = options or TimelineOptions()
        self.presence = Presence()
        self.head: Head | None = None
        self.recent = Recent()
        self._voices: dict[str, Voice] = {}
        self._newest: dict[str, float] = {}
        self._state = UNKNOWN

    @property
    def options(self) -> TimelineOptions:
        """Grid, smoothing and limits; may be replaced at any time."""
        return self._options

    @options.setter
    def options(self, options: TimelineOptions) -> None:
        self._stale = stale_after(options)
        self._options = options

    def add(self, encoding: Encoding) -> bool:
        """Take an encoding; return False if it is context, known, or comes too late.

        What comes at most `LATENESS` seconds late corrects what was known, as if it had come in
        time; the states that were given out stay.
        """
        name, time = encoding.modality, encoding.time
        if name not in self._stale or not math.isfinite(time):
            return False
        newest = self._newest.get(name, -math.inf)
        if time < newest - LATENESS:
            return False
        self._newest[name] = max(time, newest)
        if is_sign(encoding):
            self.presence.sign(time)
        states = states_from(encoding.estimate)
        # One without weight must not keep alive what was said before it.
        if states is None or not encoding.estimate.confidence * encoding.estimate.quality > 0:
            return True
        voice = self._voices.get(name)
        if voice is None:
            voice = Voice(getattr(self.fusion, "remembers", False))
            self._voices[name] = voice
        return voice.add(encoding, states, self.options.smoothing, self._stale[name])

    def mask(self, now: float) -> NDArray[np.bool_]:
        """Return which modalities are present at a time, bool: `MODALITIES`, then further ones."""
        present = {item.encoding.modality for item in self._evidence(now)}
        return np.array([name in present for name in self._stale])

    def step(self, now: float, person_id: str = "") -> Emotion:
        """Fuse what is known at `now` [steady s], one step of the grid."""
        present = self.presence.at(now, self.options.presence)
        evidence = self._heard(now, present)
        estimate, weights = self.fusion.fuse(evidence) if evidence else (unknown(STATES), ())
        parts = _contributions(evidence, weights)
        self.recent.add(now, estimate if present else unknown(STATES), parts)
        if self.head is not None:
            estimate = self.head.corrected(estimate, parts)
        uncertainty = uncertainty_of(estimate)
        self._state = (
            decide(
                self.fusion,
                estimate,
                evidence,
                weights,
                self.options.max_uncertainty,
                self.options.max_disagreement,
                self._state,
                self.options.hysteresis,
            )
            if present
            else UNKNOWN
        )
        if self._state != UNKNOWN:
            valence, arousal = within(self._state, estimate.valence, estimate.arousal)
            estimate = replace(estimate, valence=valence, arousal=arousal)
        elif not present:
            estimate, uncertainty = unknown(STATES), 1.0
        # A modality without weight is no reason to call the result fresh.
        times = [item.encoding.time for item, weight in zip(evidence, weights) if weight > 0]
        return Emotion(
            time=max(times, default=now),
            state=self._state,
            estimate=estimate,
            uncertainty=uncertainty,
            contributions=parts,
            strategy=self.strategy,
            person_id=person_id,
            present=present,
        )

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """Return what the strategy makes of evidence, corrected for the person."""
        estimate, weights = self.fusion.fuse(evidence)
        if self.head is not None:
            estimate = self.head.corrected(estimate, _contributions(evidence, weights))
        return estimate, weights

    def explained(self, emotion: Emotion, now: float) -> Emotion:
        """Return the emotion of the step at `now` with how far each modality moved it.

        It takes about as long as the step again for every modality.
        """
        moved = effects(self, self._heard(now, emotion.present), emotion.estimate)
        parts = zip(emotion.contributions, moved, strict=True)
        return replace(
            emotion,
            contributions=tuple(replace(part, effect=effect) for part, effect in parts),
        )

    def holds_until(self, now: float) -> float:
        """Return until when time alone makes nothing too old [steady s]."""
        ends = [
            voice.newest.time + self._stale[name]
            for name, voice in self._voices.items()
            if voice.newest is not None
        ]
        ends.append(self.presence.last + self.options.presence)
        return min((end for end in ends if end >= now), default=math.inf)

    def _heard(self, now: float, present: bool) -> list[Evidence]:
        """Return what counts at a time: acts at the player only while somebody is there."""
        return [
            item
            for item in self._evidence(now)
            if present or item.encoding.modality != "interaction"
        ]

    def _evidence(self, now: float) -> list[Evidence]:
        found = []
        for name in self._stale:
            voice = self._voices.get(name)
            if voice is None or voice.newest is None:
                continue
            age = now - voice.newest.time
            if age <= self._stale[name]:
                found.append(voice.evidence(max(age, 0.0), self._stale[name]))
        return found


def _contributions(
    evidence: Sequence[Evidence], weights: Sequence[float]
) -> tuple[Contribution, ...]:
    """Return how each piece of evidence enters the state."""
    return tuple(
        Contribution(
            item.encoding.modality,
            weight,
            item.age,
            item.encoding.estimate.quality,
            item.encoding.source,
            tuple(map(float, item.encoding.estimate.probabilities)),
        )
        for item, weight in zip(evidence, weights)
    )
