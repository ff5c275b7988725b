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


@dataclass(frozen=True)
class Contribution:
    """How one modality entered a state; weights of one state sum to 1, or are 0 when unknown."""

    modality: str
    weight: float
    age: float
    quality: float
    source: str = ""


@dataclass(frozen=True)
class Emotion:
    """The fused emotion of one person; `state` is one of emotion.STATES or ``unknown``."""

    time: float
    state: str
    estimate: Estimate
    uncertainty: float
    contributions: tuple[Contribution, ...]
    strategy: str
    person_id: str = ""


class Fusion(Protocol):
    """Combines what the modalities say at one step of the time grid."""

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[Estimate, tuple[float, ...]]:
        """Return the estimate over the four states and the weight of each piece of evidence.

        `evidence` holds only modalities that are present and not stale, and is never empty.
        """
        ...
