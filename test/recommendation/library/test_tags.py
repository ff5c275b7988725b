# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import mutagen
import mutagen.id3
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.names import LONGEST
from emo_music_ros.recommendation.library.tags import decoded, read_place, read_tags


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("月亮代表我的心", "gbk"),
        ("邓丽君 - 甜蜜蜜 (1979)", "gbk"),
        ("二泉映月", "gb2312"),
        ("Für Elise", "utf-8"),
        ("月亮", "utf-8"),
        ("Катюша", "cp1251"),
        ("Подмосковные вечера 1956", "cp1251"),
    ],
)
def test_old_codes_are_found_out_where_they_are_clear(text, code):
    assert decoded(text.encode(code).decode("latin-1")) == text


@pytest.mark.parametrize(
    "text",
    [
        "Für Elise", "Søren", "naïve", "Dvorák", "À la créée", "¿Qué será?", "Edelweiß", "ÉTÉ",
        "Ça ira", "Mañana", "plain", "", "Größe", "Œuvre", "月亮", "Ólafur Arnalds", "Noël Coward",
    ],
)  # fmt: skip
def test_what_is_right_stays(text):
    assert decoded(text) == text


@given(st.text(max_size=300))
def test_any_text_gives_a_text(text):
    assert isinstance(decoded(text), str)


def test_tags_are_one_line_of_bounded_length(tmp_path, caplog):
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.zeros(8000, np.float32), 8000)
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text="x" * 2_000_000))
    tags.add(mutagen.id3.TPE1(encoding=3, text="\x1b[2J\x1b]0;owned\x07line\nnext\u202e"))
    tags.save(path)
    with caplog.at_level(logging.DEBUG):
        title, artist, _ = read_tags(path)
    assert len(title) == LONGEST
    assert artist.isprintable()
    assert "line next" in artist
    assert len(caplog.text) < 1000


def test_a_title_of_an_old_chinese_tag_can_be_read(tmp_path):
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.zeros(8000, np.float32), 8000)
    old = b"TAG" + "月亮代表我的心".encode("gbk").ljust(30, b"\0")
    old += "邓丽君".encode("gbk").ljust(30, b"\0") + b"\0" * 65
    path.write_bytes(path.read_bytes() + old)
    assert read_tags(path)[:2] == ("月亮代表我的心", "邓丽君")


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        ({"album": ["Suite"], "tracknumber": ["3/12"]}, ("Suite", 3)),
        ({"album": ["Suite"], "tracknumber": ["03"], "discnumber": ["2"]}, ("Suite", 1003)),
        ({"album": ["Suite"]}, ("", 0)),
        ({"tracknumber": ["3"]}, ("", 0)),
        ({"album": ["Suite"], "tracknumber": ["A1"]}, ("", 0)),
        ({"album": ["Suite"], "tracknumber": ["99999999999"]}, ("", 0)),
        (None, ("", 0)),
    ],
)
def test_the_place_on_an_album_is_known_or_not(tmp_path, monkeypatch, tags, place):
    monkeypatch.setattr(mutagen, "File", lambda path, easy: tags)
    assert read_place(tmp_path / "a.ogg") == place


def test_the_place_of_a_file_of_flac_and_mp3(tmp_path):
    for ending in ("flac", "mp3"):
        path = tmp_path / f"a.{ending}"
        soundfile.write(path, np.zeros(8000, np.float32), 8000)
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        file["album"], file["tracknumber"] = "Winterreise", "5"
        file.save()
        assert read_place(path) == ("Winterreise", 5)
