# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a fusion strategy takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.streams import Encoding, Estimate

#: The strategy that is taken unless another is named.
DEFAULT = "logpool"


@dataclass(frozen=True)
class Evidence:
    """What one modality says at one moment.

    Attributes
    ----------
    encoding : Encoding
        The newest one; its estimate is over the four states.
    age : float
        Of its newest sample [s].
    classes : Estimate or None
        What it says in its own words, where it has any; for a strategy that reads those.
    past : array float32 [STEPS, FEATURES] or None
        What it said lately, on the time grid (:mod:`emo_music_ros.fusion.grid`); only for a
        strategy that remembers.
    """

    encoding: Encoding
    age: float
    classes: Estimate | None = None
    past: NDArray[np.float32] | None = None


class Fusion(Protocol):
    """Combines what the modalities say at one step of the time grid.

    A strategy with a true attribute ``judges`` tells by itself when the modalities contradict each
    other: it then names all four states as credible. One with a true attribute ``remembers`` is
    given the past of every modality.
    """

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """Return the estimate over the four states and the weight of each piece of evidence.

        `evidence` holds only modalities that are present and not stale, and is never empty.
        """
        ...
