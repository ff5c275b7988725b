# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Taste, what each track did, and every listen."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NUMBERS = (
    *("before_valence", "before_arousal", "before_dominance", "before_confidence"),
    *("after_valence", "after_arousal", "after_dominance", "after_confidence"),
    *("heart_rate_before", "heart_rate_after", "reward", "score", "emotion_match"),
    *("preference_match", "history_match", "attention", "propensity"),
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "person",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("preference", sa.LargeBinary, nullable=False),
        sa.Column("updates", _BIG, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("track_id", sa.Text, primary_key=True),
        sa.Column("heard", _BIG, nullable=False),
        sa.Column("judged", _BIG, nullable=False),
        sa.Column("mean", sa.Double, nullable=False),
    )
    op.create_table(
        "outcome",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("recommendation_id", sa.Text, nullable=False),
        sa.Column("track_id", sa.Text, nullable=False),
        sa.Column("learned", sa.Integer, nullable=False),
        sa.Column("dwell", sa.Double),
        *(sa.Column(name, sa.Integer) for name in ("skipped", "interrupted", "repeats")),
        sa.Column("rating", sa.Double),
        *(sa.Column(name, sa.Double) for name in _NUMBERS),
    )
    op.create_index("outcome_person", "outcome", ["person_id", "time"])
