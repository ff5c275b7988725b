# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Late fusion strategies: each turns the modalities' estimates into one over the four states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.emotion import STATES, entropy, unknown
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.states import states_from
from emo_music_ros.streams import Estimate


def spoken(evidence: Sequence[Evidence]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what each piece of evidence says of the states, [n, 4], and which says anything."""
    rows = [states_from(item.encoding.estimate) for item in evidence]
    known = np.array([row is not None for row in rows], bool)
    return np.array([np.full(4, 0.25) if row is None else row for row in rows]), known


def pooled(
    evidence: Sequence[Evidence], weights: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> tuple[Estimate, tuple[float, ...]]:
    """Return the estimate of pooled probabilities [4] and the weights scaled to sum 1.

    The circumplex and the quality are weighted means of those of the evidence. Without any
    weight nothing is known.
    """
    total = weights.sum()
    if total <= 0:
        return unknown(STATES), tuple(0.0 for _ in weights)
    estimates = [item.encoding.estimate for item in evidence]
    axes = np.array([(each.valence, each.arousal, each.dominance) for each in estimates])
    share = np.where(np.isfinite(axes), weights[:, None], 0.0)
    sums = share.sum(axis=0)
    mean = np.where(
        sums > 0, (share * np.nan_to_num(axes)).sum(axis=0) / np.maximum(sums, 1e-12), np.nan
    )
    quality = weights @ np.array([each.quality for each in estimates]) / total
    estimate = Estimate(
        STATES,
        probabilities.astype(np.float32),
        float(mean[0]),
        float(mean[1]),
        float(mean[2]),
        confidence=1.0 - entropy(probabilities),
        quality=float(quality),
    )
    return estimate, tuple(float(value) for value in weights / total)


def linear_pool(
    evidence: Sequence[Evidence], weights: ArrayLike
) -> tuple[Estimate, tuple[float, ...]]:
    """Return the weighted mean of the evidence and the weights of what says something."""
    rows, known = spoken(evidence)
    used = np.where(known, np.asarray(weights, float), 0.0)
    return pooled(evidence, used, used @ rows / max(used.sum(), 1e-12))


def log_pool(
    rows: NDArray[np.float64], trust: NDArray[np.float64], prior: float
) -> NDArray[np.float64]:
    """Return the product of evidence, [4], each to the power of its trust.

    Modalities that agree are surer together than alone, as independent witnesses are; a linear
    pool is never surer than its surest voice.

    Parameters
    ----------
    rows : ndarray
        What each modality says of the states, [n, 4].
    trust : ndarray
        Power of each, [n]; 0 leaves it out.
    prior : float
        Share of the uniform distribution in every piece of evidence: none excludes a state.
    """
    return softmax(trust @ np.log((1.0 - prior) * rows + prior * 0.25 + 1e-12))


def trust_in(item: Evidence, reliability: float, half_life: float) -> float:
    """Return reliability x quality x 0.5 ** (age / half-life) of a piece of evidence, 0 or more."""
    faded = 0.5 ** (max(item.age, 0.0) / half_life)
    return max(float(np.nan_to_num(reliability * item.encoding.estimate.quality * faded)), 0.0)


def trusted(
    evidence: Sequence[Evidence], reliabilities: object, half_life: float
) -> NDArray[np.float64]:
    """Return the trust in each piece of evidence, [n].

    `reliabilities` has an attribute for every modality that counts; others have no say.
    """
    return np.array(
        [
            trust_in(item, getattr(reliabilities, item.encoding.modality, 0.0), half_life)
            for item in evidence
        ]
    )


class LogPoolFusion:
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
        trust = trusted(evidence, self.options, self.options.half_life)
        sure = np.nan_to_num([item.encoding.estimate.confidence for item in evidence])
        rows, known = spoken(evidence)
        weights = np.where(known, trust * np.maximum(sure, 0.0), 0.0)
        powers = np.where(weights > 0, trust, 0.0)
        return pooled(evidence, weights, log_pool(rows, powers, self.options.prior))


class WeightedFusion:
    """Decision-level fusion: the mean of what the modalities say by fixed weights (paper E, Eq. 7).

    Label = sum over modalities of weight x answer. Paper E searches the weights in steps of 0.1 for
    the highest accuracy; so the defaults were found (docs/results.md, fusion). A missing modality
    leaves its weight to the others. Differs from the paper: quality lowers a weight, and so does
    age, by half every half-life.
    """

    @dataclass(frozen=True)
    class Options:
        """Weight 0..1 per modality; only their ratios count."""

        face: float = option(0.3, "weight of the face", low=0, high=1, dynamic=True)
        speech: float = option(0.3, "weight of the voice", low=0, high=1, dynamic=True)
        text: float = option(0.4, "weight of the words", low=0, high=1, dynamic=True)
        physiology: float = option(0.2, "weight of the body signals", low=0, high=1, dynamic=True)
        eeg: float = option(0.1, "weight of the EEG", low=0, high=1, dynamic=True)
        interaction: float = option(0.1, "weight of the behaviour", low=0, high=1, dynamic=True)
        half_life: float = option(
            20.0, "age at which evidence counts half [s]", low=0.1, high=600, dynamic=True
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        return linear_pool(evidence, trusted(evidence, self.options, self.options.half_life))


class SelectFusion:
    """One modality at a time decides (paper D, section "Model Fusion").

    Differs from the paper: there the user selects the one, here it is the one that is believed
    most: quality x confidence, by half every half-life. ``single`` takes a named one.
    """

    @dataclass(frozen=True)
    class Options:
        """How fast evidence fades."""

        half_life: float = option(
            20.0, "age at which evidence counts half [s]", low=0.1, high=600, dynamic=True
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        _, known = spoken(evidence)
        half_life = self.options.half_life
        belief = np.array(
            [trust_in(item, item.encoding.estimate.confidence, half_life) for item in evidence]
        )
        belief = np.where(known, belief, 0.0)
        return linear_pool(evidence, (belief == belief.max()) & (belief > 0))


class AverageFusion:
    """Every modality counts the same (paper B, late fusion by averaging)."""

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        weights = np.ones(len(evidence))
        return linear_pool(evidence, weights)

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
        return linear_pool(evidence, weights)
