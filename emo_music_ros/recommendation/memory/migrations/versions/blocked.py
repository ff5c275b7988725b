# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Taste with the weight it rests on, listens with the parts of their reward, tracks kept back.

What was learned before counts as resting on at most five listens, as older ones had faded.
"""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table."""
    for name in ("weight", "dwell"):
        op.add_column("person", sa.Column(name, sa.Double, nullable=False, server_default="0"))
    for name in ("listens", "dwells"):
        op.add_column("person", sa.Column(name, _BIG, nullable=False, server_default="0"))
    op.execute(
        "UPDATE person SET weight = CASE WHEN updates < 5 THEN updates ELSE 5 END,"
        " listens = updates"
    )
    op.add_column("outcome", sa.Column("listen", _BIG))
    op.add_column("outcome", sa.Column("sequence", _BIG, nullable=False, server_default="0"))
    for name in ("signals", "state"):
        op.add_column("outcome", sa.Column(name, sa.Text))
    for name in ("attended", "rationality", "variation"):
        op.add_column("outcome", sa.Column(name, sa.Double))
    op.create_table(
        "blocked",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("track_id", sa.Text, primary_key=True),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
