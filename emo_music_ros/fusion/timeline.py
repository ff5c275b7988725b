"""The common time grid: what is known about one person at each step (paper A, Eq. 4).

Differs from the paper: F_t holds what each modality says about the states, not its features, so
that a modality can be replaced; a gap is not filled by interpolation towards a value of the
future but holds the last mean, with its age and a mask.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.fusion.decision import decide, uncertainty_of
from emo_music_ros.fusion.presence import Presence, is_sign
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
    others: list[str] = option(
        [], "further modalities, each as name=10: seconds until what it said is ignored"
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
    for entry in options.others:
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


class _Voice:
    """What one modality said lately: sums over its encodings, forgotten exponentially.

    One sum for probabilities, circumplex, confidence and quality, so that they cannot tell
    different stories. An encoding counts by its confidence and quality, which are above 0; the
    first one counts no more than any other.
    """

    def __init__(self) -> None:
        self.newest: Encoding | None = None
        self._total = np.zeros(9)
        self._weights = np.zeros(9)
        self._words = np.zeros(0)
        self._heard = 0.0

    def add(self, encoding: Encoding, states: NDArray[np.float64], keep: float) -> None:
        """Take an encoding and what it says about the states; `keep` is what is left of before."""
        estimate = encoding.estimate
        values = np.array(
            [
                *states,
                estimate.valence,
                estimate.arousal,
                estimate.dominance,
                estimate.confidence,
                estimate.quality,
            ],
            float,
        )
        weight = estimate.confidence * estimate.quality
        known = np.where(np.isfinite(values), weight, 0.0)
        self._total = keep * self._total + known * np.nan_to_num(values)
        self._weights = keep * self._weights + known
        words = np.asarray(estimate.probabilities, float)
        if len(words) == len(estimate.labels) and np.isfinite(words).all():
            before = self.newest.estimate.labels if self.newest else ()
            same = before == estimate.labels and len(self._words) == len(words)
            self._words = (keep * self._words if same else 0.0) + weight * words
            self._heard = (keep * self._heard if same else 0.0) + weight
        else:
            self._words, self._heard = np.zeros(0), 0.0
        self.newest = encoding

    def evidence(self, age: float) -> Evidence:
        """Return the mean of what was said; `age` is that of the newest encoding [s]."""
        assert self.newest is not None
        mean = np.where(
            self._weights > 1e-12, self._total / np.maximum(self._weights, 1e-12), np.nan
        )
        estimate = Estimate(
            STATES,
            mean[:4].astype(np.float32),
            float(mean[4]),
            float(mean[5]),
            float(mean[6]),
            float(np.nan_to_num(mean[7])),
            float(np.nan_to_num(mean[8])),
        )
        classes = None
        if self._heard > 1e-12:
            said = self.newest.estimate
            words = (self._words / self._heard).astype(np.float32)
            classes = replace(said, probabilities=words, quality=estimate.quality, credible=())
        return Evidence(replace(self.newest, estimate=estimate), age, classes)


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
    """

    def __init__(
        self, fusion: Fusion, strategy: str, options: TimelineOptions | None = None
    ) -> None:
        self.fusion = fusion
        self.strategy = strategy
        self.options = options or TimelineOptions()
        self.presence = Presence()
        self._voices: dict[str, _Voice] = {}
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
        """Take an encoding; return False if it is context or a newer one is already known."""
        name, time = encoding.modality, encoding.time
        if name not in self._stale or not math.isfinite(time):
            return False
        before = self._newest.get(name, -math.inf)
        if time < before:
            return False
        self._newest[name] = time
        if is_sign(encoding):
            self.presence.sign(time)
        states = states_from(encoding.estimate)
        # One without weight must not keep alive what was said before it.
        if states is None or not encoding.estimate.confidence * encoding.estimate.quality > 0:
            return True
        voice = self._voices.setdefault(name, _Voice())
        since = time - voice.newest.time if voice.newest else math.inf
        stale = since > self._stale[name]
        forget = stale or self.options.smoothing == 0
        voice.add(encoding, states, 0.0 if forget else math.exp(-since / self.options.smoothing))
        return True

    def mask(self, now: float) -> NDArray[np.bool_]:
        """Return which modalities are present at a time, bool: `MODALITIES`, then further ones."""
        present = {item.encoding.modality for item in self._evidence(now)}
        return np.array([name in present for name in self._stale])

    def step(self, now: float, person_id: str = "") -> Emotion:
        """Fuse what is known at `now` [steady s], one step of the grid."""
        present = self.presence.at(now, self.options.presence)
        # What was done with the player speaks of somebody only while somebody is there.
        evidence = [
            item
            for item in self._evidence(now)
            if present or item.encoding.modality != "interaction"
        ]
        estimate, weights = self.fusion.fuse(evidence) if evidence else (unknown(STATES), ())
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
            contributions=tuple(
                Contribution(
                    item.encoding.modality,
                    weight,
                    item.age,
                    item.encoding.estimate.quality,
                    item.encoding.source,
                )
                for item, weight in zip(evidence, weights)
            ),
            strategy=self.strategy,
            person_id=person_id,
            present=present,
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

    def _evidence(self, now: float) -> list[Evidence]:
        found = []
        for name in self._stale:
            voice = self._voices.get(name)
            if voice is None or voice.newest is None:
                continue
            age = now - voice.newest.time
            if age <= self._stale[name]:
                found.append(voice.evidence(max(age, 0.0)))
        return found
