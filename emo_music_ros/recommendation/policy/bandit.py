"""A contextual bandit of a maintained library: LinUCB of MABWiser (Li et al. 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.errors import PluginError
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import PersonMemory
from emo_music_ros.recommendation.policy.simple import SimpleOptions, SimplePolicy
from emo_music_ros.recommendation.policy.target import SAFE, place
from emo_music_ros.streams import Estimate, FloatArray, Track


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
        self._offered: dict[str, tuple[str, float, int, FloatArray]] = {}

    def weigh(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
    ) -> tuple[FloatArray, str]:
        """Return the chance of every track."""
        options = self.options
        assert isinstance(options, self.Options)
        point = place(state, estimate) if state in STATES else SAFE
        context = np.array([1.0, *point[:2]])
        names = [track.track_id for track in tracks]
        model = self._model(person.person_id, names, options.alpha)
        self._learn(model, person)
        bounds = model.predict_expectations(context[None])
        values = np.array([bounds[name] for name in names])
        values[np.isin(names, list(recent))] -= 1e6  # what was heard lately comes last
        best = int(values.argmax())
        weights = np.full(len(tracks), options.epsilon / len(tracks))
        weights[best] += 1.0 - options.epsilon
        self._offered[person.person_id] = (
            names[best], *person.history(names[best]), context,
        )  # fmt: skip
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

    def _learn(self, model: Any, person: PersonMemory) -> None:
        offered = self._offered.pop(person.person_id, None)
        if offered is None:
            return
        name, mean, judged, context = offered
        after, count = person.history(name)
        if count > judged:
            reward = (after * count - mean * judged) / (count - judged)
            model.partial_fit([name], [reward], context[None])
