"""What a fusion strategy takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emo_music_ros.streams import Encoding, Estimate


@dataclass(frozen=True)
class Evidence:
    """The newest encoding of one modality at a step of the time grid; `age` in seconds."""

    encoding: Encoding
    age: float


class Fusion(Protocol):
    """Combines what the modalities say at one step of the time grid."""

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """Return the estimate over the four states and the weight of each piece of evidence.

        `evidence` holds only modalities that are present and not stale, and is never empty.
        """
        ...
