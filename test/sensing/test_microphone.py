# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

import emo_music_ros
from emo_music_ros.errors import InputError
from emo_music_ros.sensing import microphone
from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.microphone import (
    AudioFile,
    AudioFileOptions,
    LiveMicrophone,
    Microphone,
    MicrophoneOptions,
)


def fake_pyaudio(rate: float = 48000.0, mono: bool = True) -> Any:
    """A PyAudio with two devices whose callback the test calls."""
    entries = [
        {"index": 0, "name": "Speaker", "maxInputChannels": 0, "defaultSampleRate": rate},
        {"index": 1, "name": "USB Headset", "maxInputChannels": 1, "defaultSampleRate": rate},
    ]

    class Stream:
        active = True

        def is_active(self) -> bool:
            return self.active

        def close(self) -> None:
            self.active = False

    class Audio:
        opened: list[dict[str, Any]] = []
        stream = Stream()
        terminated = 0

        def get_default_input_device_info(self) -> dict[str, Any]:
            return entries[1]

        def get_device_count(self) -> int:
            return len(entries)

        def get_device_info_by_index(self, index: int) -> dict[str, Any]:
            return entries[index]

        def open(self, **settings: Any) -> Stream:
            if settings["channels"] == 1 and not mono:
                raise ValueError("no mono")
            Audio.opened.append(settings)
            return self.stream

        def terminate(self) -> None:
            Audio.terminated += 1

    return SimpleNamespace(PyAudio=Audio, paFloat32=1, paInputOverflow=2, paContinue=0, Audio=Audio)


@pytest.fixture
def pyaudio(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = fake_pyaudio()
    monkeypatch.setitem(sys.modules, "pyaudio", module)
    return module


def feed(module: Any, samples: np.ndarray, flags: int = 0, age: float = 0.05) -> None:
    callback = module.Audio.opened[-1]["stream_callback"]
    times = {"current_time": 10.0, "input_buffer_adc_time": 10.0 - age}
    callback(samples.astype(np.float32).tobytes(), len(samples), times, flags)


def read_all(device: LiveMicrophone) -> list[Any]:
    import threading

    blocks: list[Any] = []
    while not device._blocks.empty():
        blocks += device.read(threading.Event())
    return blocks


def test_without_pyaudio_the_state_says_what_to_install(monkeypatch, collect, running, sensing):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    source = Microphone()
    running(source, collect)
    sensing.until(lambda: "portaudio19-dev" in source.status().detail)
    assert source.status().state is DeviceState.OPENING


def test_any_rate_becomes_16_khz_with_stamps_of_the_sample_clock(pyaudio):
    device = LiveMicrophone(MicrophoneOptions())
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    begin = time.time()
    for part in np.split(tone, 20):
        feed(pyaudio, part)
    blocks = read_all(device)
    assert all(len(block.samples) == 800 for block in blocks)
    assert [block.first_sample for block in blocks] == [800 * i for i in range(len(blocks))]
    sound = np.concatenate([block.samples for block in blocks])
    assert len(sound) >= 15200
    np.testing.assert_allclose(
        sound, 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(sound)) / 16000), atol=0.02
    )
    assert blocks[0].time == pytest.approx(begin - 0.05, abs=0.5)
    assert blocks[0].source == "live:USB Headset"
    device.close()
    assert pyaudio.Audio.terminated == 1


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_step_of_the_system_clock_is_followed_by_what_waits_and_what_comes(
    pyaudio, monkeypatch, step
):
    device = LiveMicrophone(MicrophoneOptions())
    real, by = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + by[0])
    for seconds in (0.0, step, 0.0):
        for _ in range(10):
            feed(pyaudio, np.zeros(2400))
        by[0] = seconds  # while the blocks wait to be read
        blocks = read_all(device)
        assert blocks
        # Ten blocks of 50 ms that came at once.
        for block in blocks:
            assert block.time == pytest.approx(time.time(), abs=5)
    assert device.dropped == 0
    device.close()


def test_overflow_and_overrun_are_counted_and_leave_a_gap(pyaudio):
    device = LiveMicrophone(MicrophoneOptions())
    block = np.zeros(2400)
    feed(pyaudio, block)
    feed(pyaudio, block, flags=pyaudio.paInputOverflow)
    blocks = read_all(device)
    assert device.dropped == 2400
    assert blocks[-1].dropped == 2400
    assert blocks[-1].first_sample % 800 == 0
    assert blocks[-1].first_sample >= 800
    for _ in range(50):  # the receiver sleeps for 2.5 s; 2 s are kept
        feed(pyaudio, block)
    read_all(device)
    assert device.dropped == 2400 + 10 * 2400


def test_device_by_name_index_or_not_at_all(pyaudio):
    for device in ("usb", "1"):
        LiveMicrophone(MicrophoneOptions(device=device))
        assert pyaudio.Audio.opened[-1]["input_device_index"] == 1
    for device in ("Speaker", "0", "7", "Bluetooth"):
        with pytest.raises(InputError, match="no input device") as caught:
            LiveMicrophone(MicrophoneOptions(device=device))
        assert "USB Headset" in caught.value.remedy


def test_device_without_mono_is_mixed_down(monkeypatch):
    module = fake_pyaudio(16000.0, mono=False)
    monkeypatch.setitem(sys.modules, "pyaudio", module)
    device = LiveMicrophone(MicrophoneOptions())
    feed(module, np.tile([0.5, 0.1], 800))
    np.testing.assert_allclose(read_all(device)[0].samples, 0.3, atol=1e-6)


def test_silent_device_is_lost(pyaudio, monkeypatch, collect, running, sensing):
    monkeypatch.setattr(microphone, "SILENCE", 0.1)
    source = Microphone()
    running(source, collect)
    sensing.until(lambda: pyaudio.Audio.opened)
    for _ in range(3):
        feed(pyaudio, np.zeros(2400))
    collect.wait(len)
    sensing.in_state(source, DeviceState.LOST)
    assert "fell silent" in source.status().detail


ALSA = """
pcm.null { type null }
pcm.!default { type file slave { pcm null } file "/dev/null" infile "FILE" format "raw" }
"""
SCRIPT = """
import json, sys, threading
import numpy as np
from emo_music_ros.sensing.microphone import Microphone
blocks, enough = [], threading.Event()
def deliver(block):
    blocks.append(block)
    if len(blocks) >= 20: enough.set()
source = Microphone()
source.start(deliver)
found = enough.wait(15)
status = source.status()
source.stop()
print(json.dumps({
    "found": found, "detail": status.detail, "state": status.state.value,
    "rates": sorted({b.sample_rate for b in blocks}),
    "sound": np.concatenate([b.samples for b in blocks[:20]] or [np.zeros(1)]).tolist(),
}))
"""


@pytest.mark.skipif(importlib.util.find_spec("pyaudio") is None, reason="PyAudio is not installed")
def test_real_pyaudio_records_from_an_alsa_file(tmp_path: Path):
    sound = 0.25 * np.sin(2 * np.pi * 440 * np.arange(44100 * 30) / 44100)
    (tmp_path / "in.raw").write_bytes(sound.astype("<f4").tobytes())
    (tmp_path / "asoundrc").write_text(ALSA.replace("FILE", str(tmp_path / "in.raw")))
    root = Path(emo_music_ros.__file__).resolve().parents[1]
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={
            **os.environ,
            "ALSA_CONFIG_PATH": str(tmp_path / "asoundrc"),
            "PYTHONPATH": os.pathsep.join((str(root), os.environ.get("PYTHONPATH", ""))),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = json.loads(result.stdout.splitlines()[-1])
    if "no input device" in told["detail"]:
        pytest.skip(f"ALSA has no file plugin here: {told['detail']}")
    assert told["found"], told
    assert told["rates"] == [16000]
    # The file comes faster than real time, so blocks of 22 whole cycles each may be missing.
    tone = np.array(told["sound"])[1600:]
    assert np.argmax(np.abs(np.fft.rfft(tone))) * 16000 / len(tone) == pytest.approx(440, abs=2)
    assert 0.2 < np.abs(tone).max() < 0.3
    assert "ALSA lib" not in result.stderr
    assert "jack server" not in result.stderr


def test_audio_file_is_paced(tmp_path: Path, collect, running, sensing):
    path = tmp_path / "speech.wav"
    soundfile.write(path, np.full(4000, 0.25), 8000)
    begin = time.monotonic()
    source = AudioFile(AudioFileOptions(path=str(path), loop=False))
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert time.monotonic() - begin >= 0.5
    blocks = collect.samples
    assert sum(len(block.samples) for block in blocks) == pytest.approx(8000, abs=2)
    times = np.array([block.time for block in blocks])
    firsts = np.array([block.first_sample for block in blocks])
    np.testing.assert_allclose(times - times[0], firsts / 16000, atol=1e-6)
    assert blocks[0].source == "recorded:speech.wav"


def test_bad_audio_files(tmp_path: Path, collect, running, sensing):
    with pytest.raises(InputError, match="no path"):
        AudioFile()
    truncated = tmp_path / "cut.wav"
    soundfile.write(truncated, np.zeros(16000), 16000)
    truncated.write_bytes(truncated.read_bytes()[:10000])
    source = AudioFile(AudioFileOptions(path=str(truncated)))
    running(source, collect)
    sensing.until(lambda: "truncated or damaged" in source.status().detail)
    assert source.status().state is DeviceState.STREAMING
    absent = AudioFile(AudioFileOptions(path=str(tmp_path / "absent.wav")))
    running(absent, collect)
    sensing.until(lambda: "cannot be read" in absent.status().detail)
    assert absent.status().state is DeviceState.OPENING
