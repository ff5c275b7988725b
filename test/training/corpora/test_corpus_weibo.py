# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import weibo


def write(folder: Path, content: str, encoding: str = "utf-8") -> None:
    (folder / weibo.FILE).write_text(content, encoding)


CONTENT = (
    "label,review\n"
    "1,﻿更博了，爆照了，帅的呀，就是越来越爱你！[爱你][爱你]\n"
    '0,"梦想有多大，舞台就有多大![鼓掌], 他说""再见""\n第二行"\n'
    "0,[泪]\n"
)


def test_it_reads_the_published_columns(tmp_path: Path) -> None:
    write(tmp_path, CONTENT)
    corpus = weibo.load(tmp_path)
    assert corpus.labels.tolist() == [1, 0]  # the third is nothing but its emoticon
    assert "爱你！" in corpus.items[0]
    assert "[" not in corpus.items[0]
    assert '他说"再见"\n第二行' in corpus.items[1]
    assert corpus.classes == ("negative", "positive")


def test_emoticons_can_stay(tmp_path: Path) -> None:
    write(tmp_path, CONTENT, "utf-8-sig")
    corpus = weibo.load(tmp_path, emoticons=True)
    assert corpus.labels.tolist() == [1, 0, 0]
    assert corpus.items[2] == "[泪]"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "label,review\n",
        "label,text\n1,好\n",
        "label,review\n2,好\n",
        "label,review\n1\n",
        'label,review\n1,"never closed\n',
    ],
)
def test_odd_files_are_named(tmp_path: Path, content: str) -> None:
    write(tmp_path, content)
    with pytest.raises(InputError, match=weibo.FILE):
        weibo.load(tmp_path)


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        weibo.load(tmp_path)
    (tmp_path / weibo.FILE).write_bytes(b"label,review\n1,\xff\xfe\n")
    with pytest.raises(InputError, match="cannot be read"):
        weibo.load(tmp_path)
