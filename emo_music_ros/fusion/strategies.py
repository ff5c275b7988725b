"""Late fusion strategies: each turns the modalities' estimates into one over the four states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, entropy, states_from, unknown
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.options import option
from emo_music_ros.streams import Estimate


def mix(evidence: Sequence[Evidence], weights: NDArray[np.float64], prior: float = 0.0) -> Estimate:
    """Return the weighted mean of the evidence over the four states and the circumplex.

    Parameters
    ----------
    evidence : sequence of Evidence
        One per modality.
    weights : ndarray, float [len(evidence)]
        Non-negative; zero leaves a modality out.
    prior : float
        Weight of "nothing is known" (the uniform distribution): the less evidence there is
        against it, the wider the result.

    Returns
    -------
    Estimate
        Over `emotion.STATES`; the unknown estimate when no evidence has weight.
    """
    rows = [states_from(item.encoding.estimate) for item in evidence]
    known = np.array([row is not None for row in rows]) & (weights > 0)
    if not known.any():
        return unknown(STATES)
    table = np.array([np.full(4, 0.25) if row is None else row for row in rows])
    used = np.where(known, weights, 0.0)
    probabilities = (used @ table + prior * 0.25) / (used.sum() + prior)
    axes = np.array(
        [
            (
                item.encoding.estimate.valence,
                item.encoding.estimate.arousal,
                item.encoding.estimate.dominance,
            )
            for item in evidence
        ]
    )
    share = np.where(np.isfinite(axes), used[:, None], 0.0)
    total = share.sum(axis=0)
    mean = np.where(
        total > 0, (share * np.nan_to_num(axes)).sum(axis=0) / np.maximum(total, 1e-12), np.nan
    )
    quality = np.array([item.encoding.estimate.quality for item in evidence])
    return Estimate(
        STATES,
        probabilities.astype(np.float32),
        float(mean[0]),
        float(mean[1]),
        float(mean[2]),
        confidence=1.0 - entropy(probabilities),
        quality=float(used @ quality / used.sum()),
    )


def log_pool(
    evidence: Sequence[Evidence], trust: NDArray[np.float64], prior: float
) -> NDArray[np.float64] | None:
    """Return the product of the evidence, [4], each to the power of its trust.

    Modalities that agree are surer together than alone, as independent witnesses are; a linear
    pool is never surer than its surest voice.

    Parameters
    ----------
    evidence : sequence of Evidence
        One per modality.
    trust : ndarray
        Power of each, 0 leaves it out.
    prior : float
        Share of the uniform distribution in every piece of evidence: none excludes a state.
    """
    total = np.zeros(4)
    found = False
    for item, power in zip(evidence, trust):
        states = states_from(item.encoding.estimate) if power > 0 else None
        if states is not None:
            found = True
            total += power * np.log((1.0 - prior) * states + prior * 0.25 + 1e-12)
    if not found:
        return None
    weights = np.exp(total - total.max())
    return weights / weights.sum()  # type: ignore[no-any-return]


def shares(evidence: Sequence[Evidence], weights: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the weights of the evidence that says something, scaled to sum 1 (or all 0)."""
    known = np.array([states_from(item.encoding.estimate) is not None for item in evidence])
    used = np.where(known, weights, 0.0)
    total = used.sum()
    return tuple(float(value) for value in (used / total if total > 0 else used))


class WeightedFusion:
    """A log pool: each modality to the power of its trust.

    Trust = reliability of the modality x quality x 0.5 ** (age / half-life); the weight that is
    reported is trust x confidence, as evidence that says nothing has no say.
    The reliabilities start from how well each encoder does on people it never saw (model cards);
    what somebody does with the player is weak evidence of how they feel.
    """

    @dataclass(frozen=True)
    class Options:
        """Reliability 0..1 per modality, and how fast evidence fades."""

        face: float = option(1.0, "reliability of the face", low=0, high=1, dynamic=True)
        speech: float = option(0.8, "reliability of the voice", low=0, high=1, dynamic=True)
        text: float = option(0.8, "reliability of the words", low=0, high=1, dynamic=True)
        physiology: float = option(
            0.6, "reliability of the body signals", low=0, high=1, dynamic=True
        )
        eeg: float = option(0.2, "reliability of the EEG", low=0, high=1, dynamic=True)
        interaction: float = option(
            0.2, "reliability of the behaviour", low=0, high=1, dynamic=True
        )
        half_life: float = option(
            5.0, "age at which evidence counts half [s]", low=0.1, high=600, dynamic=True
        )
        prior: float = option(
            0.02, "share of knowing nothing; larger is more cautious", low=0, high=0.9, dynamic=True
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        trust = np.array(
            [
                getattr(self.options, item.encoding.modality, 0.0)
                * item.encoding.estimate.quality
                * 0.5 ** (max(item.age, 0.0) / self.options.half_life)
                for item in evidence
            ]
        )
        trust = np.nan_to_num(np.maximum(trust, 0.0))
        sure = np.nan_to_num([item.encoding.estimate.confidence for item in evidence])
        weights = trust * np.maximum(sure, 0.0)
        pooled = log_pool(evidence, np.where(weights > 0, trust, 0.0), self.options.prior)
        mixed = mix(evidence, weights)
        if pooled is None:
            return mixed, shares(evidence, weights)
        estimate = replace(
            mixed,
            probabilities=pooled.astype(np.float32),
            confidence=1.0 - entropy(pooled),
        )
        return estimate, shares(evidence, weights)


class AverageFusion:
    """Every modality counts the same (paper B, late fusion by averaging)."""

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        weights = np.ones(len(evidence))
        return mix(evidence, weights), shares(evidence, weights)

    def __init__(self, options: object | None = None) -> None:
        del options


class SingleModality:
    """Only one modality counts; without it nothing is known."""

    @dataclass(frozen=True)
    class Options:
        """Which modality."""

        modality: str = option(
            "face",
            "the modality that decides",
            choices=("face", "speech", "text", "physiology", "eeg", "interaction"),
            dynamic=True,
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        weights = np.array(
            [float(item.encoding.modality == self.options.modality) for item in evidence]
        )
        return mix(evidence, weights), shares(evidence, weights)
