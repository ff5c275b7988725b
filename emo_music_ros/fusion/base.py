"""What a fusion strategy takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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
    """

    encoding: Encoding
    age: float
    classes: Estimate | None = None


class Fusion(Protocol):
    """Combines what the modalities say at one step of the time grid.

    A strategy with a true attribute ``judges`` tells by itself when the modalities contradict each
    other: it then names all four states as credible.
    """

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """Return the estimate over the four states and the weight of each piece of evidence.

        `evidence` holds only modalities that are present and not stale, and is never empty.
        """
        ...
