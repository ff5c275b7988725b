# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import muse


def publish(root, *names, seconds=8):
    for number, name in enumerate(names):
        generator = np.random.default_rng(number)
        lines = ["timestamps,TP9,AF7,AF8,TP10,Right AUX"]
        for index, row in enumerate(20 * generator.normal(size=(seconds * 256, 5))):
            values = ",".join(f"{value:.3f}" for value in row)
            lines.append(f"{1533222559.25 + index / 256:.3f},{values}")
        (root / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return root


def test_people_and_states_come_from_the_names(tmp_path):
    publish(tmp_path, "subjecta-relaxed-1", "subjectb-concentrating-2", "notes-of-nothing")
    corpus = muse.load(tmp_path)
    assert set(corpus.people) == {"subjecta", "subjectb"}
    assert {(who, corpus.classes[label]) for who, label in zip(corpus.people, corpus.labels)} == {
        ("subjecta", "relaxed"),
        ("subjectb", "concentrating"),
    }
    assert len(corpus) == 8  # the windows of 4 s that end at full seconds
    item = corpus.items[0]
    assert item.time - item.start == pytest.approx(4.0, abs=0.02)
    assert item.waves.shape == (4, 512)


def test_the_folder_above_is_taken(tmp_path):
    (tmp_path / "muse_mental_state").mkdir()
    publish(tmp_path / "muse_mental_state", "a-neutral-1")
    assert muse.load(tmp_path).people.tolist() == ["a"] * 4


def test_missing_and_damaged_takes_are_told(tmp_path):
    with pytest.raises(InputError, match="Muse"):
        muse.load(tmp_path)
    (tmp_path / "a-neutral-1.csv").write_text("timestamps,TP9\n1,2\n")
    with pytest.raises(InputError, match=r"a-neutral-1\.csv.*AF7"):
        muse.load(tmp_path)
