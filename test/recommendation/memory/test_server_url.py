# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What can be said of a memory on a server before it is asked."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.memory.migrating import create, format_of
from emo_music_ros.recommendation.memory.postgres import PostgresStorage


@pytest.mark.parametrize("url", ["postgresql://robot@server:port/house", "postgresql", "://"])
def test_a_url_that_is_none_is_named(url):
    with pytest.raises(StorageError, match="its URL cannot be read"):
        PostgresStorage(url, durable=True)._made()


def test_a_database_whose_format_is_not_told_was_never_ours():
    with create_engine("sqlite://").connect() as connection:
        assert format_of(connection) == 0
        create(connection)
        assert format_of(connection) > 0
        connection.execute(text("DELETE FROM alembic_version"))
        assert format_of(connection) == 0
