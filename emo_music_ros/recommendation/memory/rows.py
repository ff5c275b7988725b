"""The tables of the memory and how an outcome becomes a row."""

from __future__ import annotations

import json
import math
from typing import Any

from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.streams import Outcome

#: Marks a file as a memory of this program.
APPLICATION = 0x656D6F01
#: Scripts that bring a database from one ``user_version`` to the next.
MIGRATIONS = (
    """
    CREATE TABLE person (
        person_id TEXT PRIMARY KEY,
        preference BLOB NOT NULL,   -- taste, float64
        updates INTEGER NOT NULL,
        changed REAL NOT NULL       -- unix seconds
    );
    CREATE TABLE history (
        person_id TEXT NOT NULL,
        track_id TEXT NOT NULL,
        heard INTEGER NOT NULL,
        judged INTEGER NOT NULL,    -- times there was anything to judge by
        mean REAL NOT NULL,         -- of the rewards, -1..1
        PRIMARY KEY (person_id, track_id)
    );
    CREATE TABLE outcome (
        id INTEGER PRIMARY KEY,
        person_id TEXT NOT NULL, time REAL NOT NULL, recommendation_id TEXT NOT NULL,
        track_id TEXT NOT NULL, learned INTEGER NOT NULL, dwell REAL, skipped INTEGER,
        interrupted INTEGER, repeats INTEGER, rating REAL,
        before_valence REAL, before_arousal REAL, before_dominance REAL, before_confidence REAL,
        after_valence REAL, after_arousal REAL, after_dominance REAL, after_confidence REAL,
        heart_rate_before REAL, heart_rate_after REAL, reward REAL,
        score REAL, emotion_match REAL, preference_match REAL, history_match REAL,
        attention REAL, propensity REAL
    );
    CREATE INDEX outcome_person ON outcome (person_id, time);
    """,
    # Taste is a mean with the weight it rests on; each listen keeps the parts of its reward. What
    # was learned before counts as resting on at most five listens, as older ones had faded.
    """
    ALTER TABLE person ADD COLUMN weight REAL NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN listens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN dwell REAL NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN dwells INTEGER NOT NULL DEFAULT 0;
    UPDATE person SET weight = min(updates, 5), listens = updates;
    ALTER TABLE outcome ADD COLUMN listen INTEGER;
    ALTER TABLE outcome ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outcome ADD COLUMN signals TEXT;
    ALTER TABLE outcome ADD COLUMN attended REAL;
    ALTER TABLE outcome ADD COLUMN state TEXT;
    ALTER TABLE outcome ADD COLUMN rationality REAL;
    ALTER TABLE outcome ADD COLUMN variation REAL;
    CREATE TABLE blocked (
        person_id TEXT NOT NULL,
        track_id TEXT NOT NULL,
        time REAL NOT NULL,         -- unix seconds
        reason TEXT NOT NULL,
        PRIMARY KEY (person_id, track_id)
    );
    """,
    # Programs that share the file learn from it that somebody was forgotten. Who is not told: a
    # bucket stands for many names.
    """
    ALTER TABLE person ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE forgotten (bucket INTEGER PRIMARY KEY, times INTEGER NOT NULL);
    """,
)

_SCORES = (
    *("score", "emotion_match", "preference_match", "history_match", "attention", "propensity"),
)
_AXES = ("valence", "arousal", "dominance", "confidence")
COLUMNS = (
    *("person_id", "time", "recommendation_id", "track_id", "learned", "dwell", "skipped"),
    *("interrupted", "repeats", "rating"),
    *(f"{when}_{axis}" for when in ("before", "after") for axis in _AXES),
    *("heart_rate_before", "heart_rate_after", "reward", *_SCORES),
    *("listen", "sequence", "signals", "attended", "state", "rationality", "variation"),
)


def outcome_row(outcome: Outcome, ranked: RankedTrack | None, sequence: int) -> dict[str, Any]:
    """Return the values of `COLUMNS`; `sequence` counts what the person was learned from."""
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
