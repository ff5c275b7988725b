# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import elderreact

LABELS = {
    "train": ["50_50_1.mp4 0 0 0 1 0 1 m 6.0", "gta2_7.mp4 1 0 1 0 0 0 f 2.3333333333333335"],
    "dev": ["50_50_spider_3.mp4 0 1 0 0 1 0 f 4.0"],
}


def publish(root):
    for part, labels in LABELS.items():
        (root / f"{part}_labels.txt").write_text("\n".join(labels) + "\n")
        names = [line.split()[0].removesuffix(".mp4") for line in labels]
        lines = [
            f"{name}\t" + " ".join(str(index + row / 4) for index in range(148))
            for row, name in enumerate(names)
        ]
        (root / f"{part}_audio.txt").write_text("\n".join(reversed(lines)) + "\n")
    return root


def test_clips_as_published(tmp_path):
    corpus = elderreact.load(publish(tmp_path))
    assert corpus.items.shape == (3, 148)
    np.testing.assert_array_equal(corpus.items[:, 0], [0.0, 0.25, 0.0])  # matched by name
    assert corpus.labels.dtype == bool
    assert corpus.labels.sum(axis=1).tolist() == [2, 2, 2]
    told = [word for word, on in zip(corpus.classes, corpus.labels[1]) if on]
    assert told == ["anger", "fear"]
    assert corpus.people.tolist() == ["50_50", "gta2", "50_50_spider"]
    assert corpus.unit == "videos"
    assert corpus.groups["sex"].tolist() == ["male", "female", "female"]
    assert corpus.groups["part"].tolist() == ["train", "train", "dev"]
    np.testing.assert_allclose(elderreact.valence(tmp_path), [2 / 3, -5 / 9, 0.0])


def test_missing_numbers_become_zero(tmp_path):
    path = publish(tmp_path) / "dev_audio.txt"
    path.write_text(path.read_text().replace("147.0", "nan"))
    assert elderreact.load(tmp_path).items[2, -1] == 0.0


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("train_labels.txt", "gta2_7.mp4", "gta2_8.mp4"),
        ("train_labels.txt", " m 6.0", " m"),
        ("train_labels.txt", " m 6.0", " m 8.5"),
        ("dev_labels.txt", " f ", " x "),
        ("dev_labels.txt", "0 1 0 0", "0 2 0 0"),
        ("train_audio.txt", " 147.0", ""),
        ("dev_audio.txt", " 147.0", " word"),
    ],
)
def test_odd_lines_are_told(tmp_path, name, old, new):
    path = publish(tmp_path) / name
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=name):
        elderreact.load(tmp_path)


def test_a_missing_file_is_told(tmp_path):
    (publish(tmp_path) / "dev_audio.txt").unlink()
    with pytest.raises(InputError, match=r"dev_audio\.txt"):
        elderreact.load(tmp_path)
