# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A contextual bandit of a maintained library: LinUCB of MABWiser (Li et al. 2010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emo_music_ros.errors import PluginError
from emo_music_ros.options import option
from emo_music_ros.recommendation.policy.offers import Offers
from emo_music_ros.recommendation.policy.simple import Asked, SimpleOptions, SimplePolicy
from emo_music_ros.streams import FloatArray


class Bandit(SimplePolicy):
    """Learns for each track what it earns in which mood; one bandit for every person.

    The track of the highest upper bound is played, or one at random with a chance of `epsilon`,
    so that the propensities are known and none is 0.

    Raises
    ------
    PluginError
        If MABWiser is not installed.
    """

    @dataclass(frozen=True)
    class Options(SimpleOptions):
        """What can be set."""

        alpha: float = option(1.0, "width of the upper bound", low=0.0, high=10.0)
        epsilon: float = option(0.05, "share of uniform choice", low=0.0, high=1.0)

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options or self.Options())
        try:
            import mabwiser.mab
        except ImportError as error:
            raise PluginError(
                f"the policy 'bandit' needs MABWiser: {error}",
                "Install it: .venv/bin/pip install mabwiser, or choose another policy",
            ) from error
        self._library = mabwiser.mab
        self._models: dict[str, Any] = {}
        self._offers: Offers[FloatArray] = Offers()

    def weigh(self, asked: Asked) -> tuple[FloatArray, str]:
        """Return the chance of every track."""
        options = self.options
        assert isinstance(options, self.Options)
        context = np.array([1.0, *asked.point[:2]])
        names, person = asked.names, asked.person
        model = self._model(person.person_id, names, options.alpha)
        rewarded = self._offers.rewarded(person)
        if rewarded is not None:
            name, reward, before = rewarded
            model.partial_fit([name], [reward], before[None])
        bounds = model.predict_expectations(context[None])
        values = np.array([bounds[name] for name in names])
        values[asked.heard] -= 1e6  # what was heard lately comes last
        best = int(values.argmax())
        weights = np.full(len(names), options.epsilon / len(names))
        weights[best] += 1.0 - options.epsilon
        self._offers.note(person, names[best], context)
        return weights, "The track whose upper bound of reward in this mood is highest."

    def _model(self, person_id: str, names: list[str], alpha: float) -> Any:
        model = self._models.get(person_id)
        if model is None:
            policy = self._library.LearningPolicy.LinUCB(alpha=alpha)
            model = self._library.MAB(names, policy, seed=self.options.seed)
            # A first row of nothing tells the library how wide a context is.
            model.fit(names[:1], [0.0], np.zeros((1, 3)))
            self._models[person_id] = model
        for name in names:
            if name not in model.arms:
                model.add_arm(name)
        return model
