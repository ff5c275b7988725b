# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The fusion this project learns: what each modality says, by class, is read and multiplied.

Every modality is a witness of one emotion. A network (``models/fusion.onnx``) turns the class
probabilities of each into a posterior of its own that is right about as often as it says, blends it
with "knows nothing" by quality and age, and multiplies them; a mask leaves out what is missing. By
class, not by state: a voice taken for angry and a face taken for fearful are both anxious, but
hardly of one emotion. What the network does not know (a modality of a third party, a vocabulary
without the basic emotions) joins by its evidence for the states and a reliability.

It says "unknown" where the witnesses contradict each other
or no state can be ruled out. Contradiction is the log odds of two accounts of what was said: that
no state has a majority of independent witnesses, and that all speak of one emotion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES, credible
from emo_music_ros.fusion.agreement import apart
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.calibrated import CalibratedModel
from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES, class_evidence
from emo_music_ros.fusion.others import OtherOptions, blended, reliabilities_of
from emo_music_ros.fusion.strategies import pooled, spoken
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.streams import Estimate

NAME = "fusion"
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heard:
    """What the network makes of n moments; nothing is calibrated.

    Attributes
    ----------
    classes : array [n, 8]
        Log posterior of `CLASSES`.
    each : array [n, m, 8]
        Posterior of every modality alone; that of the prior where it is missing.
    agreement : array [n]
        How much better one common class explains what was said than a class of its own for every
        modality, nats.
    """

    classes: Floats
    each: Floats
    agreement: Floats


def state_posterior(classes: Floats) -> Floats:
    """Return the probabilities [..., 4] of the states from those of the classes [..., 8].

    The mass of surprise is spread evenly.
    """
    return classes @ STATES_OF_CLASSES  # type: ignore[no-any-return]


#: What was calibrated.
_CALIBRATED = ("temperature", "credibility", "contradictory")


class FusionModel(CalibratedModel):
    """The network with what was calibrated on held-out answers.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where to look; default is the ``models`` folder of the package.

    Attributes
    ----------
    modalities : tuple of str
        What it was trained on, in the order of its inputs.
    temperature, credibility, contradictory : ndarray
        [3] each, for one, two, and three or more pieces of evidence: by what the log posterior is
        divided, from which probability on a state is credible, and from which log odds on
        (:func:`contradiction`) the state is unknown.
    """

    def __init__(self, folder: Path | None = None, name: str = NAME) -> None:
        super().__init__(name, folder, _CALIBRATED)
        self.temperature, self.credibility, self.contradictory = (
            self.calibrated[field] for field in _CALIBRATED
        )

    def hear(self, evidence: Floats, present: Floats, quality: Floats, age: Floats) -> Heard:
        """Return what the network makes of moments.

        Parameters
        ----------
        evidence : ndarray
            [n, m, 8] of :func:`class_evidence`.
        present, quality, age : ndarray
            [n, m]: 0 or 1, 0..1, and seconds.
        """
        inputs = (evidence, present, quality, age)
        found = self(*(np.asarray(one, np.float32) for one in inputs))
        return Heard(*(one.astype(float) for one in found))


class LearnedFusion:
    """What each modality says is read by class, by a network, and multiplied.

    Unknown is where the modalities contradict each other, or no state can be ruled out. What the
    network does not know joins by a reliability.
    """

    judges = True

    @dataclass(frozen=True)
    class Options(OtherOptions):
        """What the network does not know, and when modalities contradict each other."""

        caution: float = option(
            0.0,
            "how much less contradiction makes a state unknown [nats]; negative = more",
            low=-10,
            high=10,
            dynamic=True,
        )

    def __init__(self, options: Options | None = None, model: FusionModel | None = None) -> None:
        self.options = options or self.Options()
        self.model = model or FusionModel()
        reliabilities_of(self.options.reliabilities)

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """See :class:`~emo_music_ros.fusion.base.Fusion`."""
        rows, known = spoken(evidence)
        log_states, rows, agreement = self._heard(evidence, rows)
        information = (rows * np.log(np.maximum(rows, 1e-12) * len(STATES))).sum(axis=1)
        weights = np.where(known, np.maximum(information, 0.0), 0.0)
        count = min(max(int((weights > 0).sum()), 1), 3) - 1
        probabilities = softmax(log_states, self.model.temperature[count])
        estimate, shares = pooled(evidence, weights, probabilities)
        if not len(estimate.probabilities):
            return estimate, shares
        odds = apart(rows, weights) - agreement + self.options.caution
        if odds > self.model.contradictory[count]:
            return replace(estimate, credible=STATES), shares
        labels = credible(STATES, probabilities, float(self.model.credibility[count]))
        return replace(estimate, credible=labels), shares

    def _heard(self, evidence: Sequence[Evidence], rows: Floats) -> tuple[Floats, Floats, float]:
        """Return the log posterior [4] of the states, that of each piece [n, 4], and agreement."""
        count = len(self.model.modalities)
        said = np.zeros((1, count, len(CLASSES)))
        present, quality, age = (np.zeros((1, count)) for _ in range(3))
        places: dict[int, int] = {}
        rows = rows.copy()
        for index, item in enumerate(evidence):
            words = class_evidence(item.classes or item.encoding.estimate)
            name = item.encoding.modality
            if words is None or name not in self.model.modalities:
                rows[index] = blended(item, rows[index], self.options)
                continue
            place = places[index] = self.model.modalities.index(name)
            said[0, place], present[0, place] = words, 1.0
            quality[0, place] = min(max(item.encoding.estimate.quality, 0.0), 1.0)
            age[0, place] = max(item.age, 0.0)
        states: Floats = np.full(len(STATES), 1 / len(STATES))
        agreement = 0.0
        if places:
            heard = self.model.hear(said, present, quality, age)
            for index, place in places.items():
                rows[index] = state_posterior(heard.each[0, place])
            states = state_posterior(np.exp(heard.classes[0]))
            agreement = float(heard.agreement[0])
        others = [index for index in range(len(evidence)) if index not in places]
        # A witness that knows nothing is uniform and changes neither.
        joint = states * np.prod(rows[others] * len(STATES), axis=0)
        agreement += float(np.log(joint.sum() + 1e-12))
        return np.log(np.maximum(joint, 1e-12)), rows, agreement
