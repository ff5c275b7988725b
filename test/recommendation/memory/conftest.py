# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from emo_music_ros.emotion import unknown
from emo_music_ros.streams import Outcome, Track


@pytest.fixture
def heard():
    """Make outcomes."""

    def make(track="t1", reward=1.0, person="anna", features=(1.0, 0.0), **more):
        nothing, nan = unknown(), float("nan")
        values = {
            "time": 100.0,
            "dwell": 1.0,
            "skipped": False,
            "interrupted": False,
            "repeats": 0,
            "rating": nan,
            "before": nothing,
            "after": nothing,
            "heart_rate_before": nan,
            "heart_rate_after": nan,
            "reward": reward,
            "attended": 1.0,
            **more,
        }
        return Outcome(
            person_id=person,
            track=Track(track, "", features=np.array(features, np.float32)),
            **values,
        )

    return make


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
