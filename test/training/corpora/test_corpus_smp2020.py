# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import smp2020
from emo_music_ros.training.corpora.repeats import groups_of_repeats

POSTS = [
    {"id": 1, "content": "气死姐姐了，快二是阵亡了吗，尼玛", "label": "angry"},
    {"id": 2, "content": "恭喜老陈[加油]", "label": "happy"},
    {"id": 3, "content": "  ", "label": "sad"},
    {"id": 4, "content": "好怕啊，不敢出门", "label": "fear"},
]


def write(folder: Path, name: str, content: Any) -> None:
    (folder / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def test_it_reads_both_parts(tmp_path: Path) -> None:
    write(tmp_path, "usual_test_labeled.txt", POSTS)
    write(
        tmp_path,
        "virus_train.txt",
        [
            {"id": 1, "content": "天哪，没想到！", "label": "surprise"},
            {"id": 2, "content": "恭喜 老陈 [加油]！", "label": "neutral"},
        ],
    )
    corpus = smp2020.load(tmp_path)
    assert [corpus.classes[i] for i in corpus.labels] == [
        "anger",
        "happiness",
        "fear",
        "surprise",
        "neutral",
    ]
    assert list(corpus.groups["part"]) == ["usual"] * 3 + ["virus"] * 2
    assert corpus.people[1] == corpus.people[4]  # the same text again
    assert corpus.count == 4


def test_files_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, "usual_train.txt", POSTS)
    write(tmp_path, "virus_train.txt", POSTS)
    assert len(smp2020.load(tmp_path, ["virus_train.txt"])) == 3


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"content": "x", "label": "sad"},
        [{"id": 1, "content": "没有标签"}],
        [{"id": 1, "content": "x", "label": "boredom"}],
        [{"id": 1, "content": "x", "label": "joyful"}],
        ["text"],
    ],
)
def test_odd_files_are_named(tmp_path: Path, content: Any) -> None:
    write(tmp_path, "virus_train.txt", content)
    with pytest.raises(InputError, match="virus_train.txt"):
        smp2020.load(tmp_path)


def test_a_cut_off_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file"):
        smp2020.load(tmp_path)
    (tmp_path / "usual_train.txt").write_text('[{"id": 1, "content": "断', "utf-8")
    with pytest.raises(InputError, match="usual_train.txt cannot be read"):
        smp2020.load(tmp_path)
    with pytest.raises(InputError, match=r"other\.txt cannot be read"):
        smp2020.load(tmp_path, ["other.txt"])


def test_repetitions_have_one_number() -> None:
    long = "This is a rather long text about the weather in the north of the country today"
    texts = [long, "something else", long + "!!!", long.upper() + " ok", "Something, else.", "?!"]
    found = groups_of_repeats(texts)
    assert found.tolist() == [0, 1, 0, 0, 1, 5]
    assert groups_of_repeats([]).shape == (0,)


def test_texts_that_share_little_stay_apart() -> None:
    texts = ["I love this song so much", "I love this film so much more than that", "", "12", "!!"]
    assert len(set(groups_of_repeats(texts).tolist())) == len(texts)
