# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Brings a database of the memory to the format of this program, by Alembic where it is older.

Of formats there are numbers: the revision of Alembic, and in a SQLite file also its
``user_version``, by which programs older than Alembic tell a file that is newer than they are.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import StaticPool

from emo_music_ros.recommendation.memory.schema import metadata

#: Newest format: the last revision in migrations/versions.
FORMAT = 3
_TABLE = "alembic_version"


def wrap(raw: sqlite3.Connection) -> Connection:
    """Return a connection to SQLite as SQLAlchemy uses it; who made it begins and ends."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: raw,
        poolclass=StaticPool,
        pool_reset_on_return=None,
        hide_parameters=True,  # they tell who heard what
    )
    # SQLAlchemy would end the transaction that is on when it sees a connection for the first time.
    dialect: Any = engine.dialect
    dialect.do_rollback = dialect.do_commit = _leave
    return engine.connect()


def _leave(raw: object) -> None:
    """End nothing."""


def create(connection: Connection) -> None:
    """Make all tables of the newest format in a database without any."""
    metadata.create_all(connection)
    connection.execute(text(f"CREATE TABLE {_TABLE} (version_num VARCHAR(32) PRIMARY KEY)"))
    connection.execute(text(f"INSERT INTO {_TABLE} VALUES ('{FORMAT}')"))


def format_of(connection: Connection) -> int:
    """Return the number of the format by Alembic, 0 = it never was here."""
    if not inspect(connection).has_table(_TABLE):
        return 0
    row = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).fetchone()
    return int(row[0]) if row is not None else 0


def upgrade(connection: Connection, before: int, after: int) -> None:
    """Run the steps from one format to another; the transaction is the caller's."""
    from alembic import command  # seldom needed, and large
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    if before and not format_of(connection):
        command.stamp(config, str(before))
    command.upgrade(config, str(after))
