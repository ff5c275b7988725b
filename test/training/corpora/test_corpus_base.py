# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A corpus keeps its columns together."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.training.corpora.base import Corpus


def test_a_corpus_with_odd_columns_is_refused():
    with pytest.raises(ValueError, match="length"):
        Corpus("x", "", "", [1], np.array([0, 1]), ("a", "b"), np.array([1]))
    with pytest.raises(ValueError, match="label"):
        Corpus("x", "", "", [1], np.array([2]), ("a", "b"), np.array([1]))


def test_a_subset_keeps_its_columns_together():
    labels = np.arange(6) % 3
    sex = np.where(np.arange(6) % 2, "female", "male")
    whole = Corpus(
        "made", "here", "none", labels + 0.0, labels, ("a", "b", "c"), np.arange(6),
        groups={"sex": sex},
    )  # fmt: skip
    part = whole.subset(np.array([3, 5]))
    assert part.people.tolist() == [3, 5]
    assert part.groups["sex"].tolist() == ["female", "female"]
    assert part.items.tolist() == part.labels.tolist()
    assert part.count == 2
