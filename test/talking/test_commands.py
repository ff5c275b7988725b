# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is a command, and what is none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.talking.commands import (
    COMMANDS,
    OTHER,
    URGENT,
    languages,
    phrases,
    plain,
    table,
    understand,
)
from emo_music_ros.talking.lines import FAILED, UNTITLED, line


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("stop", "stop"),
        ("Stop!", "stop"),
        ("stop, stop, stop", "stop"),
        ("please stop the music now", "stop"),
        ("Louder, please.", "louder"),
        ("softer", "softer"),
        ("something calmer", "calmer"),
        ("I like this", "like"),
        ("never again", "never"),
        ("I don\u2019t like this", "never"),
        ("who's singing?", "who"),
        ("could you turn it up please", "louder"),
        ("Help me!", "help"),
        ("help help", "help"),
    ],
)
def test_english_is_understood(text, command):
    assert understand(text, "en") == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("停", "stop"),
        ("请停下来。", "stop"),
        ("停停停", "stop"),
        ("大声点吧", "louder"),
        ("小声一点好吗", "softer"),
        ("来点 安静 的", "calmer"),
        ("我喜欢这个", "like"),
        ("不要再放这个", "never"),
        ("谁在唱歌？", "who"),
        ("救命！", "help"),
    ],
)
def test_chinese_is_understood(text, command):
    assert understand(text, "zh-CN") == command


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("do not stop", "en"),
        ("don't stop", "en"),
        ("stop worrying about it", "en"),
        ("the bus stop", "en"),
        ("with a little help from my friends", "en"),
        ("help me if you can i am feeling down", "en"),
        ("help yourself", "en"),
        ("I dislike this", "en"),
        ("i never said i like this", "en"),
        ("shop", "en"),
        ("不要停", "zh"),
        ("我不喜欢", "zh"),
        ("救命的恩人", "zh"),
        ("", "en"),
        ("?!", "en"),
        ("stop", "fr"),
        ("stop", ""),
    ],
)
def test_what_is_no_command_asks_for_nothing(text, language):
    assert understand(text, language) == ""


def test_a_wrong_letter_in_a_long_phrase_is_forgiven_but_no_yes_for_a_no():
    assert understand("something calmr", "en") == "calmer"
    assert understand("who is singin", "en") == "who"
    assert understand("i do not like thi", "en") == "never"
    assert understand("stp", "en") == ""


@given(st.text(max_size=40), st.sampled_from(["en", "zh", "de", ""]))
def test_any_text_is_a_command_or_nothing(text, language):
    assert understand(text, language) in ("", *COMMANDS)


@given(st.sampled_from(table("phrases")), st.integers(1, 4))
def test_saying_it_again_changes_nothing(row, times):
    language, command, text = row
    wanted = "" if command == OTHER else command
    assert understand(" ".join([text] * times), language) == wanted


def test_every_command_has_phrases_and_a_line_in_every_language():
    assert languages() == ("en", "zh")
    for language in languages():
        known = set(phrases(language).values())
        assert known == {*COMMANDS, OTHER}
        for command in (*COMMANDS, UNTITLED, FAILED):
            assert line(command, language, "Title", "Artist")
    assert set(COMMANDS) > URGENT


def test_no_phrase_stands_for_two_commands():
    seen: dict[tuple[str, str], str] = {}
    for language, command, text in table("phrases"):
        key = language, plain(text, language)
        assert seen.setdefault(key, command) == command, text


def test_the_robot_says_nothing_that_it_would_obey():
    for language, command, text in table("lines"):
        for part in re.split(r"[.,。，]", text):
            assert understand(part, language) == "", (command, text)
        words = plain(text, language).split() if language == "en" else text
        urgent = [p for p, c in phrases(language).items() if c in URGENT and " " not in p]
        assert not [phrase for phrase in urgent if phrase in words]


def test_what_plays_is_named_only_as_far_as_it_is_known():
    assert line("who", "en", "Clair de lune", "Debussy") == "This is Clair de lune by Debussy."
    assert line("who", "zh", "月光", "德彪西") == "这是德彪西的月光。"
    assert line("who", "en", "Clair de lune") == "Clair de lune."
    assert line("who", "en") == line(UNTITLED, "en")
    assert line("stop", "fr") == line("stop", "en")
