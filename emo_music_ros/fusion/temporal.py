# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The learned strategies of papers A and C: networks that read the time grid.

Both are given the tensor [time, modality, feature] of :mod:`emo_music_ros.fusion.grid` and answer
with the four states. Both differ from their papers in what a feature is: the papers encode signals
(spectrograms, key points, pulse), here the feature vector of a modality is what its encoder says
(four states, eight classes), quality, age and mask, since an encoder may be replaced and what was
kept of the corpora are answers without features. A step that nobody knows counts nothing.

Both say "unknown" where the answer is wider than those to moments of agreement, or no state can be
ruled out (no paper says when it does not know). Modalities that the network was not trained on
join by a reliability, as in ``learned``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, credible, entropy
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.calibrated import CalibratedModel
from emo_music_ros.fusion.grid import tensor
from emo_music_ros.fusion.others import OtherOptions, blended, reliabilities_of
from emo_music_ros.fusion.strategies import pooled, spoken
from emo_music_ros.numerics import softmax
from emo_music_ros.streams import Estimate

#: Plugin name -> its network.
NAMES = {"attention": "fusion_attention", "compressed": "fusion_compressed"}

Floats = NDArray[np.float64]


#: What was calibrated.
_CALIBRATED = ("temperature", "credibility", "unsure")


class TemporalModel(CalibratedModel):
    """A network over the time grid with what was calibrated on held-out answers.

    Parameters
    ----------
    name : str
        One of the values of `NAMES`.
    folder : pathlib.Path, optional
        Where to look; default is the ``models`` folder of the package.

    Attributes
    ----------
    modalities : tuple of str
        What it was trained on, in the order of its inputs.
    temperature, credibility, unsure : ndarray
        [3] each, for one, two, and three or more pieces of evidence: by what the log posterior is
        divided, from which probability on a state is credible, and above which normalised entropy
        the state is unknown.
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:
        super().__init__(name, folder, _CALIBRATED)
        self.temperature, self.credibility, self.unsure = (
            self.calibrated[field] for field in _CALIBRATED
        )


class TemporalFusion:
    """What :class:`AttentionFusion` and :class:`CompressedFusion` share."""

    judges = True
    remembers = True
    #: Plugin name, one of `NAMES`.
    name = ""

    Options = OtherOptions

    def __init__(
        self, options: OtherOptions | None = None, model: TemporalModel | None = None
    ) -> None:
        self.options = options or OtherOptions()
        self.model = model or TemporalModel(NAMES[self.name])
        reliabilities_of(self.options.reliabilities)

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`.

        The weight of a modality is its share of what the network heard times how much the network
        says (nats); of one that the network does not know, how much it says itself.
        """
        rows, known = spoken(evidence)
        places = {
            index: self.model.modalities.index(item.encoding.modality)
            for index, item in enumerate(evidence)
            if known[index] and item.encoding.modality in self.model.modalities
        }
        for index in np.flatnonzero(known):
            if index not in places:
                rows[index] = blended(evidence[index], rows[index], self.options)
        weights = np.where(known, _information(rows), 0.0)
        logs = np.zeros(len(STATES))
        if places:
            window = tensor(evidence, self.model.modalities)
            outputs = [one[0].astype(float) for one in self.model(window[None])]
            logs = outputs[0]
            heard, shares = list(places), self._shares(outputs, weights, places)
            weights[heard] = shares * _information(np.exp(logs))
        others = [index for index in np.flatnonzero(known) if index not in places]
        # A witness that knows nothing is uniform and changes nothing.
        logs = logs + np.log(np.maximum(rows[others] * len(STATES), 1e-12)).sum(axis=0)
        count = min(max(int((weights > 0).sum()), 1), 3) - 1
        probabilities = softmax(logs, self.model.temperature[count])
        estimate, found = pooled(evidence, weights, probabilities)
        if not len(estimate.probabilities):
            return estimate, found
        if entropy(probabilities) > self.model.unsure[count]:
            return replace(estimate, credible=STATES), found
        labels = credible(STATES, probabilities, float(self.model.credibility[count]))
        return replace(estimate, credible=labels), found

    def _shares(self, outputs: list[Floats], weights: Floats, places: dict[int, int]) -> Floats:
        """Return how much each piece of evidence in `places` counts; they sum to 1."""
        return _scaled(weights[list(places)])


class AttentionFusion(TemporalFusion):
    """Cross-modal attention over modality and time (paper A, Eqs. 5-7).

    For every modality a convolution over time (Eq. 5) and a Bi-LSTM (Eq. 6); one query weighs the
    steps of all modalities together (Eq. 7); a dense layer and softmax give the four states.
    Differs from the paper: features are answers, not signals; there is no pooling, since a step of
    the grid is one already; steps that nobody knows get no attention.
    """

    name = "attention"

    def _shares(self, outputs: list[Floats], weights: Floats, places: dict[int, int]) -> Floats:
        return _scaled(outputs[1].sum(axis=0)[list(places.values())])


class CompressedFusion(TemporalFusion):
    """Modalities compressed by auto-encoders, concatenated, then a Bi-LSTM (paper C, Eqs. 6-10).

    For every modality the encoder of an auto-encoder (Eqs. 6-7) that learned to reconstruct it
    (Eq. 8); the codes are concatenated (Eq. 9) and a Bi-LSTM with a dense layer and softmax gives
    the four states (Eq. 10). Differs from the paper: features are answers, not those of pre-trained
    networks; encoder and classifier learn together; nothing is learned while it runs.
    It has no weights of its own: reported is how much each modality says.
    """

    name = "compressed"


def _information(rows: Floats) -> Floats:
    """Return how far distributions [..., 4] of the states are from knowing nothing, nats."""
    found = (rows * np.log(np.maximum(rows, 1e-12) * len(STATES))).sum(axis=-1)
    return np.maximum(found, 0.0)  # type: ignore[no-any-return]


def _scaled(weights: Floats) -> Floats:
    """Return weights that sum to 1; alike if there are none."""
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
