# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How an outcome becomes a row."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.streams import Outcome

_SCORES = (
    *("score", "emotion_match", "preference_match", "history_match", "attention", "propensity"),
)
_AXES = ("valence", "arousal", "dominance", "confidence")


def stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as every database keeps it: what is not a number is nothing."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
    }


def outcome_row(outcome: Outcome, ranked: RankedTrack | None, sequence: int) -> dict[str, Any]:
    """Return a row of the table `outcome`; `sequence` counts what the person was learned from."""
    return {
        "person_id": outcome.person_id,
        "time": outcome.time if math.isfinite(outcome.time) else 0.0,
        "recommendation_id": outcome.recommendation_id,
        "track_id": outcome.track.track_id,
        "learned": int(outcome.learned),
        "dwell": outcome.dwell,
        "skipped": int(outcome.skipped),
        "interrupted": int(outcome.interrupted),
        "repeats": outcome.repeats,
        "rating": outcome.rating,
        **{f"before_{axis}": getattr(outcome.before, axis) for axis in _AXES},
        **{f"after_{axis}": getattr(outcome.after, axis) for axis in _AXES},
        "heart_rate_before": outcome.heart_rate_before,
        "heart_rate_after": outcome.heart_rate_after,
        "reward": outcome.reward,
        **{name: getattr(ranked, name) if ranked is not None else None for name in _SCORES},
        "listen": outcome.listen_id,
        "sequence": sequence,
        "signals": json.dumps(outcome.signals),
        "attended": outcome.attended,
        "state": outcome.state,
        "rationality": outcome.rationality,
        "variation": outcome.variation,
    }
