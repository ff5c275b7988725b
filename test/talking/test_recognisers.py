# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recognisers and voices that lack what they need say so, with a remedy."""

from __future__ import annotations

import stat
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emo_music_ros.errors import ModelError, PluginError
from emo_music_ros.talking.commands import phrases, understand
from emo_music_ros.talking.ear import ready
from emo_music_ros.talking.espeak import Espeak
from emo_music_ros.talking.recognisers.pocketsphinx import PocketSphinx
from emo_music_ros.talking.recognisers.vosk import Vosk
from emo_music_ros.talking.recognisers.whisper import FasterWhisper


@pytest.mark.parametrize("plugin", [Vosk, FasterWhisper])
def test_without_a_model_folder_its_place_is_asked_for(plugin, tmp_path):
    for folder in ("", str(tmp_path), str(tmp_path / "none")):
        with pytest.raises(ModelError, match="model") as error:
            ready(plugin(plugin.Options(model=folder)))
        assert error.value.remedy


@pytest.mark.parametrize(
    ("plugin", "module", "content"),
    [(Vosk, "vosk", "am/"), (FasterWhisper, "faster_whisper", "model.bin")],
)
def test_a_missing_package_is_named_with_how_to_install_it(
    plugin, module, content, tmp_path, monkeypatch
):
    made = tmp_path / content
    made.mkdir() if content.endswith("/") else made.write_bytes(b"")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PluginError, match="pip install"):
        ready(plugin(plugin.Options(model=str(tmp_path))))


def test_without_pocketsphinx_its_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(PluginError, match="pip install pocketsphinx"):
        ready(PocketSphinx())


def test_what_vosk_writes_is_passed_on(tmp_path, monkeypatch):
    class Kaldi:
        def __init__(self, model, rate):
            assert rate == 16000

        def SetWords(self, on):  # noqa: N802
            pass

        def AcceptWaveform(self, sound):  # noqa: N802
            self.length = len(sound)

        def FinalResult(self):  # noqa: N802
            if not self.length:
                return '{"text": ""}'
            return '{"text": "停 下来", "result": [{"conf": 1.0}, {"conf": 0.5}]}'

    (tmp_path / "am").mkdir()
    fake = SimpleNamespace(SetLogLevel=lambda level: None, Model=str, KaldiRecognizer=Kaldi)
    monkeypatch.setitem(sys.modules, "vosk", fake)
    recogniser = Vosk(Vosk.Options(model=str(tmp_path)))
    assert ready(recogniser)
    said = recogniser(np.zeros(100, np.float32))
    assert (said.text, said.language, said.confidence) == ("停 下来", "zh", 0.75)
    assert recogniser(np.zeros(0, np.float32)) is None


class TestPocketSphinx:
    @pytest.fixture(scope="class")
    def recogniser(self):
        pytest.importorskip("pocketsphinx", reason="requirements/dev-no-deps.txt")
        made = PocketSphinx()
        assert ready(made)
        return made

    def test_it_knows_every_word_of_the_phrases(self, recogniser):
        assert len(phrases("en")) > 40  # `ready` would have refused an unknown one

    def test_an_unknown_word_is_refused(self, recogniser):
        with pytest.raises(ModelError, match="xyzzy"):
            PocketSphinx().prepare({"en": ["xyzzy"]})

    def test_another_language_is_refused(self, recogniser):
        with pytest.raises(ModelError, match="English"):
            PocketSphinx().prepare({"zh": ["停"]})

    @pytest.mark.parametrize("kind", ["silence", "noise", "tone", "clipped", "nothing", "short"])
    def test_what_is_no_speech_is_no_command(self, recogniser, kind):
        random = np.random.default_rng(3)
        noise = random.normal(0, 0.1, 16000).astype(np.float32)
        tone = np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000).astype(np.float32)
        sound = {
            "silence": np.zeros(16000, np.float32),
            "noise": noise,
            "tone": 0.3 * tone,
            "clipped": 9 * tone,
            "nothing": np.zeros(0, np.float32),
            "short": noise[:200],
        }[kind]
        said = recogniser(sound)
        assert said is None or said.confidence < 0.5 or not understand(said.text, "en")

    def test_the_same_sound_gives_the_same_answer(self, recogniser):
        sound = np.random.default_rng(4).normal(0, 0.1, 12000).astype(np.float32)
        assert recogniser(sound) == recogniser(sound)


def program(folder: Path, text: str) -> str:
    """Return the path of a program of our own."""
    path = folder / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


class TestEspeak:
    def test_a_missing_program_is_named_with_the_remedy(self):
        with pytest.raises(PluginError, match="apt install espeak-ng"):
            Espeak(Espeak.Options(program="no-such-program")).say("hello", "en")

    def test_a_line_is_said_in_its_language_and_is_no_option(self, tmp_path):
        told = tmp_path / "told"
        path = program(tmp_path, f'for each in "$@"; do echo "$each"; done > {told}')
        voice = Espeak(Espeak.Options(program=path))
        for language, name in (("zh-CN", "cmn"), ("en", "en-gb"), ("de", "de"), ("", "en-gb")):
            voice.say("-w sound.wav", language)
            said = told.read_text().split("\n")
            assert said[:2] == ["-v", name]
            assert said[-3:-1] == ["--", "-w sound.wav"]

    def test_a_failure_is_told_in_its_own_words(self, tmp_path):
        path = program(tmp_path, "echo no such voice >&2; exit 1")
        with pytest.raises(PluginError, match="no such voice"):
            Espeak(Espeak.Options(program=path)).say("hello", "xx")

    def test_it_falls_silent_at_once(self, tmp_path):
        begun = tmp_path / "begun"
        voice = Espeak(Espeak.Options(program=program(tmp_path, f": > {begun}; exec sleep 60")))
        thread = threading.Thread(target=voice.say, args=("hello", "en"))
        thread.start()
        while not begun.exists():
            time.sleep(0.005)
        voice.hush()
        thread.join(30)
        assert not thread.is_alive()
        voice.hush()  # nothing is said any more
