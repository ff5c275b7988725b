"""Estimates as values that JSON knows."""

from __future__ import annotations

import math
from typing import Any

from emo_music_ros.streams import Estimate


def plain(value: float) -> float | None:
    """Return a number, None if it is not finite."""
    return float(value) if math.isfinite(value) else None


def plain_estimate(estimate: Estimate) -> dict[str, Any]:
    """Return the fields of an estimate by name; None stands for unknown."""
    return {
        "labels": list(estimate.labels),
        "probabilities": [float(value) for value in estimate.probabilities],
        "valence": plain(estimate.valence),
        "arousal": plain(estimate.arousal),
        "dominance": plain(estimate.dominance),
        "confidence": float(estimate.confidence),
        "quality": float(estimate.quality),
        "credible": list(estimate.credible),
    }
