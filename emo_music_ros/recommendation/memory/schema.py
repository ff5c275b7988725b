# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The tables of the memory: one schema for every kind of database."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()
#: Counts that never end: 64 bits everywhere, and what SQLite makes a row's number of.
_BIG = BigInteger().with_variant(Integer(), "sqlite")

person = Table(
    "person",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("preference", LargeBinary, nullable=False, comment="taste, float64"),
    Column("updates", _BIG, nullable=False),
    Column("changed", Double, nullable=False, comment="unix seconds"),
    # Taste is a mean with the weight it rests on.
    Column("weight", Double, nullable=False, server_default="0"),
    Column("listens", _BIG, nullable=False, server_default="0"),
    Column("dwell", Double, nullable=False, server_default="0"),
    Column("dwells", _BIG, nullable=False, server_default="0"),
    Column("generation", _BIG, nullable=False, server_default="0"),
)
history = Table(
    "history",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("track_id", Text, primary_key=True),
    Column("heard", _BIG, nullable=False),
    Column("judged", _BIG, nullable=False, comment="times there was anything to judge by"),
    Column("mean", Double, nullable=False, comment="of the rewards, -1..1"),
)
_AXES = ("valence", "arousal", "dominance", "confidence")
outcome = Table(
    "outcome",
    metadata,
    Column("id", _BIG, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("time", Double, nullable=False, comment="unix seconds"),
    Column("recommendation_id", Text, nullable=False),
    Column("track_id", Text, nullable=False),
    Column("learned", Integer, nullable=False),
    Column("dwell", Double),
    *(Column(name, Integer) for name in ("skipped", "interrupted", "repeats")),
    Column("rating", Double),
    *(Column(f"{when}_{axis}", Double) for when in ("before", "after") for axis in _AXES),
    *(Column(name, Double) for name in ("heart_rate_before", "heart_rate_after", "reward")),
    *(Column(name, Double) for name in ("score", "emotion_match", "preference_match")),
    *(Column(name, Double) for name in ("history_match", "attention", "propensity")),
    Column("listen", _BIG),
    Column("sequence", _BIG, nullable=False, server_default="0"),
    Column("signals", Text, comment="parts of the reward, JSON"),
    Column("attended", Double),
    Column("state", Text),
    *(Column(name, Double) for name in ("rationality", "variation")),
    Index("outcome_person", "person_id", "time"),
)
blocked = Table(
    "blocked",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("track_id", Text, primary_key=True),
    Column("time", Double, nullable=False, comment="unix seconds"),
    Column("reason", Text, nullable=False),
)
# Programs that share the memory learn from it that somebody was forgotten. Who is not told: a
# bucket stands for many names.
forgotten = Table(
    "forgotten",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("times", _BIG, nullable=False),
)
