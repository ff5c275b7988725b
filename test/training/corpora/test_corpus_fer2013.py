# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import fer2013


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)


def row(image: np.ndarray, label: int, usage: str = "Training") -> str:
    return f"{label},{' '.join(str(pixel) for pixel in image.ravel())},{usage}"


def write(folder: Path, rows: list[str], header: str = "emotion,pixels,Usage") -> None:
    (folder / "fer2013.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")


def test_it_reads_the_published_table(tmp_path: Path) -> None:
    images = pictures(4)
    usages = ["Training", "Training", "PublicTest", "PrivateTest"]
    write(tmp_path, [row(i, n, usage) for n, (i, usage) in enumerate(zip(images, usages))])
    corpus = fer2013.load(tmp_path)
    np.testing.assert_array_equal(corpus.items, images[:2])
    assert [corpus.classes[label] for label in corpus.labels] == ["anger", "disgust"]
    assert corpus.count == 2
    test = fer2013.load(tmp_path, ["PublicTest", "PrivateTest"])
    np.testing.assert_array_equal(test.items, images[2:])
    assert [test.classes[label] for label in test.labels] == ["fear", "happiness"]


def test_labels_follow_the_names_of_the_archive(tmp_path: Path) -> None:
    names = ["neutral", "angry", "disgust", "fear", "happy", "sad", "surprise"]
    np.savez(tmp_path / "fer2013_train.npz", images=pictures(3), labels=[0, 1, 5], names=names)
    corpus = fer2013.load(tmp_path)
    assert [FER2013[label] for label in corpus.labels] == ["neutral", "anger", "sadness"]
    with pytest.raises(InputError, match="PublicTest"):
        fer2013.load(tmp_path, ["PublicTest"])


def test_duplicates_are_merged_and_contradictions_dropped() -> None:
    images = pictures(6)
    images[1] = images[0]  # same label: one stays
    images[3] = images[2]  # other label: both go
    kept, labels = fer2013.deduplicate(images, np.array([4, 4, 1, 2, 0, 3]))
    np.testing.assert_array_equal(labels, [4, 0, 3])
    np.testing.assert_array_equal(kept, images[[0, 4, 5]])


def test_near_copies_share_a_group_unless_a_leak_is_wanted(tmp_path: Path) -> None:
    images = np.repeat(pictures(20) // 2, 2, axis=0)
    images[1::2] += 9  # another exposure
    images = np.concatenate([images, images[:1]])
    write(tmp_path, [row(image, 3) for image in images])
    corpus = fer2013.load(tmp_path)
    assert len(corpus) == 40
    np.testing.assert_array_equal(corpus.people[::2], corpus.people[1::2])
    assert corpus.count == 20
    leaky = fer2013.load(tmp_path, keep_duplicates=True)
    assert len(leaky) == leaky.count == 41


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("3,1 2 3,Training", r"line 3.*3 pixels"),
        ("7," + " ".join(["0"] * 2304) + ",Training", r"line 3.*emotion is 7"),
        ("happy," + " ".join(["0"] * 2304) + ",Training", r"line 3"),
        ("3," + " ".join(["300"] * 2304) + ",Training", r"line 3.*0\.\.255"),
        ("3," + " ".join(["x"] * 2304) + ",Training", r"line 3"),
        ("3," + " ".join(["0"] * 2304), r"line 3"),
        ("3", r"line 3"),
        ("3," + " ".join(["0"] * 2304) + ",Validation", r"line 3.*Validation"),
    ],
)
def test_odd_rows_are_named(tmp_path: Path, line: str, match: str) -> None:
    write(tmp_path, [row(pictures(1)[0], 0), line])
    with pytest.raises(InputError, match=match) as caught:
        fer2013.load(tmp_path)
    assert "fer2013.csv" in str(caught.value)
    assert caught.value.remedy


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"fer2013\.csv"):
        fer2013.load(tmp_path / "absent")
    with pytest.raises(InputError, match="Choose of Training"):
        fer2013.load(tmp_path, ["Test"])
    write(tmp_path, [row(pictures(1)[0], 0)], header="label,pixels,Usage")
    with pytest.raises(InputError, match="no column 'emotion'"):
        fer2013.load(tmp_path)
    write(tmp_path, [row(pictures(1)[0], 0)])
    with pytest.raises(InputError, match="no row of PrivateTest"):
        fer2013.load(tmp_path, ["PrivateTest"])
    (tmp_path / "fer2013.csv").unlink()
    np.savez(tmp_path / "fer2013_train.npz", images=pictures(3), labels=[0, 1, 2], names=FER2013)
    whole = (tmp_path / "fer2013_train.npz").read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        (tmp_path / "fer2013_train.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"fer2013_train\.npz is no FER2013 archive"):
            fer2013.load(tmp_path)
    np.savez(tmp_path / "fer2013_train.npz", images=pictures(3), labels=[0, 1], names=FER2013)
    with pytest.raises(InputError, match="for 2 labels"):
        fer2013.load(tmp_path)
