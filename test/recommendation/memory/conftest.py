# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3

import outcomes
import pytest


@pytest.fixture
def heard():
    """Make outcomes."""
    return outcomes.heard


@pytest.fixture
def rows():
    """Read a table of a memory that is closed or of another program's."""

    def read(path, columns="*", table="outcome"):
        connection = sqlite3.connect(path)
        try:
            return connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()
        finally:
            connection.close()

    return read
