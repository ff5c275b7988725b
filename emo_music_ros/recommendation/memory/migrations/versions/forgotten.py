# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""That somebody was forgotten is told to all programs that share the memory."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("person", sa.Column("generation", _BIG, nullable=False, server_default="0"))
    op.create_table(
        "forgotten",
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("times", _BIG, nullable=False),
    )
