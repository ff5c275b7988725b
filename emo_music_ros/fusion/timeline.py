"""The common time grid: what is known about one person at each step (paper A, Eq. 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, UNKNOWN, entropy, unknown
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.options import option
from emo_music_ros.streams import Contribution, Emotion, Encoding, Estimate

#: Modality -> age after which its last encoding says nothing any more [s]. A face is seen many
#: times a second, a sentence colours the next half minute.
STALE_AFTER = {
    "face": 2.0,
    "speech": 15.0,
    "text": 30.0,
    "physiology": 10.0,
    "eeg": 5.0,
    "music": 15.0,
    "interaction": 120.0,
}
MODALITIES = tuple(STALE_AFTER)


@dataclass(frozen=True)
class TimelineOptions:
    """The grid and when to say "unknown"."""

    step: float = option(0.25, "time grid of the fusion [s]", low=0.02, high=10)
    stale_factor: float = option(
        1.0, "scales the age after which each modality is ignored", low=0.1, high=10, dynamic=True
    )
    max_uncertainty: float = option(
        0.97, "above this normalised entropy the state is unknown", low=0.1, high=1, dynamic=True
    )
    smoothing: float = option(
        2.0,
        "time constant of the exponential smoothing of the states [s]",
        low=0,
        high=60,
        dynamic=True,
    )


class Timeline:
    """Aligns the encodings of one person on a time grid and fuses them at each step.

    Between two encodings of a modality the last one holds (the estimates of a causal system
    cannot be interpolated towards a future value); its age enters the fusion, and after the
    modality's limit its mask bit falls.

    Parameters
    ----------
    fusion : Fusion
        The strategy.
    strategy : str
        Its plugin name, reported with each state.
    options : TimelineOptions
        Grid, smoothing and limits.
    """

    def __init__(
        self, fusion: Fusion, strategy: str, options: TimelineOptions | None = None
    ) -> None:
        self.fusion = fusion
        self.strategy = strategy
        self.options = options or TimelineOptions()
        self._latest: dict[str, Encoding] = {}
        self._smoothed: NDArray[np.float64] | None = None
        self._last_step = -math.inf

    def add(self, encoding: Encoding) -> bool:
        """Take an encoding; return False if a newer one of its modality is already known."""
        known = self._latest.get(encoding.modality)
        if not math.isfinite(encoding.time) or known is not None and known.time > encoding.time:
            return False
        self._latest[encoding.modality] = encoding
        return True

    def mask(self, now: float) -> NDArray[np.bool_]:
        """Return which of `MODALITIES` are present at a time, bool [7]."""
        present = {item.encoding.modality for item in self._present(now)}
        return np.array([name in present for name in MODALITIES])

    def step(self, now: float, person_id: str = "") -> Emotion:
        """Fuse what is known at `now` (unix seconds), one step of the grid."""
        evidence = self._present(now)
        if evidence:
            estimate, weights = self.fusion.fuse(evidence)
        else:
            estimate, weights = unknown(STATES), ()
        estimate = self._smooth(estimate, now)
        uncertainty = entropy(estimate.probabilities) if len(estimate.probabilities) else 1.0
        if len(estimate.probabilities) and uncertainty <= self.options.max_uncertainty:
            state = STATES[int(np.argmax(estimate.probabilities))]
        else:
            state = UNKNOWN
        used = any(weights)
        return Emotion(
            time=max((item.encoding.time for item in evidence), default=now),
            state=state,
            estimate=estimate,
            uncertainty=uncertainty,
            contributions=tuple(
                Contribution(
                    item.encoding.modality,
                    weight if used else 0.0,
                    item.age,
                    item.encoding.estimate.quality,
                    item.encoding.source,
                )
                for item, weight in zip(evidence, weights)
            ),
            strategy=self.strategy,
            person_id=person_id,
        )

    def reset(self) -> None:
        """Forget everything, as when the person changes."""
        self._latest.clear()
        self._smoothed = None
        self._last_step = -math.inf

    def _present(self, now: float) -> list[Evidence]:
        factor = self.options.stale_factor
        return [
            Evidence(self._latest[name], max(0.0, now - self._latest[name].time))
            for name in MODALITIES
            if name in self._latest and now - self._latest[name].time <= STALE_AFTER[name] * factor
        ]

    def _smooth(self, estimate: Estimate, now: float) -> Estimate:
        elapsed, self._last_step = now - self._last_step, now
        if not len(estimate.probabilities):
            self._smoothed = None
            return estimate
        fresh = np.asarray(estimate.probabilities, float)
        if self._smoothed is None or self.options.smoothing == 0 or not math.isfinite(elapsed):
            self._smoothed = fresh
        else:
            keep = math.exp(-max(elapsed, 0.0) / self.options.smoothing)
            self._smoothed = keep * self._smoothed + (1 - keep) * fresh
        return Estimate(
            estimate.labels,
            self._smoothed.astype(np.float32),
            estimate.valence,
            estimate.arousal,
            estimate.dominance,
            confidence=1.0 - entropy(self._smoothed),
            quality=estimate.quality,
        )
