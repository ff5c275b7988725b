# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calm, stress or amusement: what heart and skin say against the person's own first minutes.

Arousal alone takes amusement for stress. The variability of the heart rate, which stress lowers and
amusement does not, tells them apart a little.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emo_music_ros.encoding.shared.filters import Floats
from emo_music_ros.io.model import Model

LABELS = ("calm", "stress", "amusement")
#: Features that are seen, and what is added before their logarithm is taken (their unit).
MEASURES = {"heart_rate": 0.0, "sdnn": 1.0, "rmssd": 1.0, "eda_level": 0.05}
#: Length of the first minutes that show what is usual for the person [s].
REST = 300.0
UNKNOWN = dict.fromkeys(LABELS, float("nan"))


class OwnRest:
    """Measures against their mean over the person's first minutes, in which nothing is said.

    Who puts the sensors on is taken to be at rest at first. Measures are compared as logarithms, so
    1.1 times the usual is the same for everybody.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._seconds = 0.0
        self._sum: Floats = np.zeros(len(MEASURES))

    def __call__(self, features: Mapping[str, float], seconds: float) -> Floats | None:
        """Return `MEASURES` against the rest [measures], or None: not known yet, or not whole.

        Parameters
        ----------
        features : mapping
            Values of the last window; NaN = unknown. Others than `MEASURES` are not looked at.
        seconds : float
            Time since the window before.
        """
        values = np.array([features[name] + floor for name, floor in MEASURES.items()])
        if not (values > 0).all():  # also if one is NaN
            return None
        values = np.log(values)
        if self._seconds < REST:
            self._seconds += seconds
            self._sum += seconds * values
            return None
        return values - self._sum / self._seconds  # type: ignore[no-any-return]


class StateModel:
    """Tells calm, stress and amusement apart once the person's rest is known.

    Parameters
    ----------
    name : str
        The model, whose labels are `LABELS`.

    Raises
    ------
    ModelError
        If it is missing or corrupt.
    """

    def __init__(self, name: str = "physiology_states") -> None:
        self._model = Model(name)
        self._rest = OwnRest()

    def reset(self) -> None:
        """Forget the person."""
        self._rest.reset()

    def __call__(self, features: Mapping[str, float], seconds: float) -> dict[str, float]:
        """Return the probability of every label; NaN while the rest or a measure is not known."""
        against = self._rest(features, seconds)
        if against is None:
            return dict(UNKNOWN)
        table = self._model(against.astype(np.float32)[None])[0][0]
        return dict(zip(LABELS, table.astype(float).tolist()))
