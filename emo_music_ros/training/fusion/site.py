# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fusion on a site's own recordings: the shipped strategies there, and ours taught by it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES, class_evidence
from emo_music_ros.fusion.learned import FusionModel, LearnedFusion
from emo_music_ros.fusion.strategies import AverageFusion, LogPoolFusion, SelectFusion
from emo_music_ros.fusion.timeline import STALE_AFTER
from emo_music_ros.training.corpora import site
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.site import Site
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.fusion.network import Moments
from emo_music_ros.training.fusion.stitched import evidence_of
from emo_music_ros.training.fusion.stitching import MODALITIES

TASK = "four states, a site's own recordings"
#: A class of every state; which of them was felt is not known.
_CLASS_OF = np.array(
    [int(np.argmax(STATES_OF_CLASSES[:, state] == 1.0)) for state in range(len(STATES))]
)

Floats = NDArray[np.float64]
#: Moments of the site, folder -> writes a fusion model that learned from them, too.
Teaching = Callable[[Moments, Path], Path]


def load(data: Path) -> Site | None:
    """Return the labelled moments of a site, None where it has none."""
    return site.load(data, STALE_AFTER) if site.files(data) else None


def evidence(moments: Site) -> list[list[Evidence]]:
    """Return the moments as the strategies take them."""
    return [
        [evidence_of(one.modality, one.estimate, one.estimate.quality, age) for one, age in moment]
        for moment in moments.heard
    ]


def lessons(moments: Site) -> Moments:
    """Return the moments as the network takes them, by state alone; others join by reliability."""
    size = (len(moments.heard), len(MODALITIES))
    said = np.zeros((*size, len(CLASSES)), np.float32)
    present, quality, age = (np.zeros(size, np.float32) for _ in range(3))
    for row, moment in enumerate(moments.heard):
        for one, seconds in moment:
            words = class_evidence(one.estimate)
            if one.modality not in MODALITIES or words is None:
                continue
            place = MODALITIES.index(one.modality)
            said[row, place], present[row, place] = words, 1.0
            quality[row, place], age[row, place] = one.estimate.quality, seconds
    truth = _CLASS_OF[moments.states]
    named = np.zeros(len(truth), bool)
    return Moments(said, present, quality, age, truth, moments.people, named=named)


class SiteStudy:
    """What strategies make of a site's moments, person by person.

    Parameters
    ----------
    moments : Site
        Labelled moments.
    teach : callable
        Trains ours on moments of the site beside the stitched ones.
    key : sequence
        All that `teach` depends on.
    """

    def __init__(self, moments: Site, teach: Teaching, key: Sequence[object]) -> None:
        self._moments, self._teach = moments, teach
        self._evidence, self._lessons = evidence(moments), lessons(moments)
        self._key = [list(key), *self._lessons.inputs, moments.states, moments.people]
        self.corpus = Corpus(
            site.NAME, "recorded by emo-music record", "the site's own",
            np.arange(len(moments.states)), moments.states, STATES, moments.people,
        )  # fmt: skip
        self.protocol = Protocol("leave one person out", leave_one_out(moments.people))

    def candidates(self) -> list[Candidate]:
        """Return ours taught by the others of the site, ours as shipped, the fixed ways, each."""
        shipped: dict[str, tuple[str, Callable[[], Fusion]]] = {
            "emo_music_ros, as shipped": ("this project", LearnedFusion),
            "average": ("paper B", AverageFusion),
            "select": ("paper D", SelectFusion),
            "logpool": ("log pool by reliability", LogPoolFusion),
        }
        return [
            Candidate("emo_music_ros", "this project", self._taught, key=self._key),
            *(
                Candidate(name, origin, partial(self._fixed, make), key=[self._key, name])
                for name, (origin, make) in shipped.items()
            ),
            *(
                Candidate(
                    f"{name} alone", "no fusion", partial(self._alone, name), key=[self._key, name]
                )
                for name in self._moments.modalities
            ),
        ]

    def _taught(self, train: Rows, test: Rows, seed: int) -> Floats:
        with tempfile.TemporaryDirectory() as folder:
            model = self._teach(self._lessons.take(train), Path(folder))
            fusion = LearnedFusion(model=FusionModel(model.parent))
            return self._answers(fusion, [self._evidence[row] for row in test])

    def _fixed(self, make: Callable[[], Fusion], train: Rows, test: Rows, seed: int) -> Floats:
        return self._answers(make(), [self._evidence[row] for row in test])

    def _alone(self, name: str, train: Rows, test: Rows, seed: int) -> Floats:
        kept = [
            [one for one in self._evidence[row] if one.encoding.modality == name] for row in test
        ]
        return self._answers(LogPoolFusion(), kept)

    @staticmethod
    def _answers(fusion: Fusion, moments: Sequence[Sequence[Evidence]]) -> Floats:
        """Return the probabilities [n, 4]; even where nothing is known."""
        table = np.full((len(moments), len(STATES)), 1 / len(STATES))
        for row, moment in enumerate(moments):
            estimate = fusion.fuse(moment)[0] if moment else None
            if estimate is not None and len(estimate.probabilities):
                table[row] = np.asarray(estimate.probabilities, float)
        found: Floats = table / table.sum(axis=1, keepdims=True)
        return found
