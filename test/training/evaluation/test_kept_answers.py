# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers are kept so that figures are the same again, and nothing but answers is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.training.evaluation import answers
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION


def some(seed: int = 0, people: int = 8):
    draw = np.random.default_rng(seed)
    who = np.array([f"person {one}" for one in np.arange(40) % people])
    table = draw.dirichlet([1, 1, 1], 40)
    sex = np.where(np.arange(40) % people < 4, "male", "female")
    return answers.pack(table, draw.integers(0, 3, 40), who, np.full(3, 1 / 3), {"sex": sex})


@given(st.integers(0, 2**32 - 1))
def test_figures_of_kept_answers_are_the_same(tmp_path_factory, seed):
    path = tmp_path_factory.mktemp("kept") / "answers" / "demo.npz"
    first = some(seed)
    answers.save(path, {("a task", "corpus", "protocol", False, "ours"): first})
    ((key, again),) = answers.load(path).items()
    assert key == ("a task", "corpus", "protocol", False, "ours")
    for name, measure in CLASSIFICATION.items():
        one = measure(first.truth, first.probabilities, first.people)
        assert measure(again.truth, again.probabilities, again.people) == one, name
    values = {"sex": ["female", "male"]}
    assert answers.by_group(again, values, CLASSIFICATION, "people") == answers.by_group(
        first, values, CLASSIFICATION, "people"
    )


def test_only_numbers_are_kept_and_what_is_shared_once(tmp_path):
    path = tmp_path / "demo.npz"
    answers.save(path, {("t", "c", "p", False, name): some() for name in "abc"})
    with np.load(path) as content:
        assert len(content.files) == 6  # table, truth, people, trivial, sex and the index
        assert all(content[name].dtype.kind in "fiu" for name in content.files if name != "index")
    assert b"person" not in path.read_bytes()
    assert len(answers.load(path)) == 3


def test_people_are_numbered_in_order_and_groups_are_found():
    kept = some()
    assert kept.people.tolist() == [row % 8 for row in range(40)]
    found = answers.by_group(kept, {"sex": ["female", "male"]}, CLASSIFICATION, "people")
    assert found["sex"]["male"]["items"] == 20
    assert found["sex"]["male"]["people"] == 4


def test_answers_that_cannot_be_kept_are_refused():
    nothing = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="float16"):
        answers.pack([[1e6]], nothing, nothing, np.ones(1), {})


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "demo.npz"
    assert answers.load(path) == {}
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=r"demo\.npz is damaged"):
        answers.load(path)
