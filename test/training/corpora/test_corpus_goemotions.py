# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros import emotion
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import goemotions


def write(folder: Path, edition: str, part: str, content: str) -> Path:
    path = folder / edition / f"{part}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(
        tmp_path,
        "original",
        "train",
        "My favourite food is anything I didn't cook myself.\t27\teebbqej\n"
        "WHY THE F*** IS HE SINGING\t2\teezlygj\n"
        "Thank you, I love “this” one\t15,18\ted7ypvh\n",
    )
    write(tmp_path, "original", "dev", "Oh no, poor [NAME]!\t25\tabc\nOk\t27,4\txyz\n")
    write(tmp_path, "ekman", "train", "Thank you\t3\ted7ypvh\n")
    return tmp_path


def test_it_reads_the_published_files(folder: Path) -> None:
    corpus = goemotions.load(folder)
    assert len(corpus) == 5
    assert corpus.labels.shape == (5, 28)
    assert corpus.labels.dtype == bool
    assert corpus.items[2] == "Thank you, I love “this” one"
    named = [{corpus.classes[i] for i in np.flatnonzero(row)} for row in corpus.labels]
    assert named == [
        {"neutral"},
        {"anger"},
        {"gratitude", "love"},
        {"sadness"},
        {"neutral", "approval"},
    ]
    assert list(corpus.groups["part"]) == ["train"] * 3 + ["dev"] * 2


def test_the_other_edition_has_seven_classes(folder: Path) -> None:
    corpus = goemotions.load(folder, "ekman", ["train"])
    assert corpus.classes == emotion.EKMAN
    assert corpus.classes[int(corpus.labels[0].argmax())] == "happiness"


def test_rows_with_one_label_have_class_numbers(folder: Path) -> None:
    corpus = goemotions.single(goemotions.load(folder))
    assert [corpus.classes[i] for i in corpus.labels] == ["neutral", "anger", "sadness"]
    assert list(corpus.groups["part"]) == ["train", "train", "dev"]


def test_line_ends_of_another_system_are_read(tmp_path: Path) -> None:
    write(tmp_path, "original", "train", "So sad\t25\tabc\r\nHa ha\t1\tdef\r\n")
    assert len(goemotions.load(tmp_path, parts=["train"])) == 2


def test_an_odd_character_does_not_end_a_line(tmp_path: Path) -> None:
    write(tmp_path, "original", "train", "one\u2028line\x85only\t25\tabc\n")
    assert goemotions.load(tmp_path, parts=["train"]).items == ["one\u2028line\x85only"]


@pytest.mark.parametrize(
    "content",
    ["", "no tabs at all\n", "two\t3\n", "text\t28\tid\n", "text\t-1\tid\n", "text\tjoy\tid\n"],
)
def test_odd_files_are_named(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, "original", "train", content)
    with pytest.raises(InputError, match=str(path)):
        goemotions.load(tmp_path, parts=["train"])


def test_missing_and_binary_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="train.tsv"):
        goemotions.load(tmp_path)
    write(tmp_path, "original", "train", "")
    (tmp_path / "original" / "train.tsv").write_bytes(b"\xff\xfe\x00broken\t1\tid\n")
    with pytest.raises(InputError, match="cannot be read"):
        goemotions.load(tmp_path)


def test_the_sentiment_of_every_label_is_known() -> None:
    assert set(goemotions.SENTIMENT) == set(emotion.GOEMOTIONS)
    counts = [sum(sign == value for sign in goemotions.SENTIMENT.values()) for value in (1, -1, 0)]
    assert counts == [12, 11, 5]  # positive, negative; ambiguous (4) and neutral
