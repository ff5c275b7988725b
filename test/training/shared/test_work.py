# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Finished steps are kept, and only what a step depends on makes it new."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.training.shared.work import Work, default_folder, fingerprint


def first(x: int) -> int:
    return x + 1


def second(x: int) -> int:
    return x + 2


def test_a_step_is_taken_once(tmp_path):
    work, calls = Work(tmp_path / "new"), []

    def step():
        calls.append(1)
        return {"weights": np.arange(3.0), "names": np.array(["a", "b"])}

    for _ in range(2):
        kept = work.recall("speech fold/1", [1, "x"], step)
        np.testing.assert_array_equal(kept["weights"], [0.0, 1.0, 2.0])
        assert kept["names"].tolist() == ["a", "b"]
    assert len(calls) == 1
    work.recall("speech fold/1", [2, "x"], step)
    assert len(calls) == 2


def test_a_frozen_folder_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="emo-music train"):
        Work(tmp_path, frozen=True).recall("face", [], dict)


def test_a_truncated_step_is_taken_again(tmp_path):
    work = Work(tmp_path)
    work.recall("x", [], lambda: {"a": np.zeros(1000)})
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert work.recall("x", [], lambda: {"a": np.ones(2)})["a"].tolist() == [1.0, 1.0]


def test_an_unwritable_folder_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(InputError, match="--work"):
        Work(blocked).recall("x", [], lambda: {"a": np.zeros(1)})


def test_fingerprint_sees_code_values_and_types():
    parts = [first, second, 1, 1.0, "1", [1], np.array([1]), np.array([1.0]), {"a": 1}, Work, None]
    assert len({fingerprint(part) for part in parts}) == len(parts)


@given(st.dictionaries(st.text(), st.integers()))
def test_fingerprint_does_not_depend_on_the_order_of_a_mapping(mapping):
    assert fingerprint(mapping) == fingerprint(dict(reversed(mapping.items())))


def test_the_cache_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "emo_music_ros" / "training"
