# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import os
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.conversation import (
    UNFINISHED,
    LiveSpeech,
    Terminal,
    TerminalOptions,
    language_of,
)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch):
    """Standard input as a pipe; returns the end to write into."""
    reader, writer = os.pipe()
    stdin = os.fdopen(reader)
    monkeypatch.setattr(sys, "stdin", stdin)
    end = os.fdopen(writer, "wb", buffering=0)
    yield end
    end.close()
    stdin.close()


def test_lines_become_utterances(pipe, collect, running, sensing):
    source = Terminal(TerminalOptions(person_id="ada"))
    running(source, collect)
    text = "I am happy\n\n  我很难过  \nhal".encode()
    for place in range(len(text)):  # bytes may come one at a time, even within a character
        pipe.write(text[place : place + 1])
    got = collect.wait(lambda got: len(got) >= 2)
    assert [(u.text, u.language) for u in got] == [("I am happy", "en"), ("我很难过", "zh")]
    assert all(u.person_id == "ada" and u.source == "live:terminal" for u in got)
    assert got[0].confidence == 1.0
    assert abs(got[0].time - time.time()) < 20
    sensing.in_state(source, DeviceState.STREAMING)
    pipe.write(b"f a line")
    pipe.close()
    sensing.in_state(source, DeviceState.FINISHED)
    assert collect.samples[-1].text == "half a line"
    assert "ended" in source.status().detail


def test_invalid_bytes_do_not_stop_it(pipe, collect, running):
    running(Terminal(), collect)
    pipe.write(b"\xff\xfe broken\n")
    assert "broken" in collect.wait(len)[0].text


def test_stops_while_nobody_types(pipe, collect, running):
    source = Terminal()
    running(source, collect)
    source.stop()
    assert source.status().state is DeviceState.CLOSED


@pytest.mark.parametrize("stdin", [None, io.StringIO("text")])
def test_without_standard_input(monkeypatch, collect, running, sensing, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    source = Terminal()
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert "no standard input" in source.status().detail


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hello", "en"),
        ("你好", "zh"),
        ("我爱 music", "zh"),
        ("こんにちは", ""),
        ("日本語です", ""),
        ("123 ?!", ""),
        ("", ""),
    ],
)
def test_language_by_script(text, language):
    assert language_of(text) == language


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=30))
def test_language_never_fails(text):
    assert language_of(text) in ("", "en", "zh")


def test_live_speech():
    voice = LiveSpeech("live:/humans/voices/a/speech")
    assert voice("", "I am", "en_GB", 0.5, time=2.0, now=10.0) is None
    said = voice(" I am sad ", "", "en_GB", 0.5, time=3.0, now=10.5, person_id="ada")
    assert said is not None
    assert (said.time, said.text, said.language) == (3.0, "I am sad", "en")
    assert (said.confidence, said.person_id) == (0.5, "ada")
    assert said.source == "live:/humans/voices/a/speech"
    assert voice.unfinished(99.0) is None  # the final result stands for what came before
    unsure = voice("我很好", "", "", 0.0, time=0.0, now=11.0)
    assert unsure is not None
    assert (unsure.language, unsure.confidence) == ("zh", 1.0)
    assert voice("", " ", "", 0.0, time=0.0, now=12.0) is None


def test_a_recogniser_without_final_results_is_heard():
    voice = LiveSpeech()
    voice("", "I am", "", 0.0, time=1.0, now=10.0)
    voice("", "I am lonely", "", 0.0, time=2.0, now=11.0)
    assert voice.unfinished(11.0 + UNFINISHED - 0.1) is None
    said = voice.unfinished(11.0 + UNFINISHED)
    assert said is not None
    assert (said.text, said.time) == ("I am lonely", 2.0)
    assert voice.unfinished(99.0) is None
