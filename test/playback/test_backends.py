# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest

import emo_music_ros
from emo_music_ros.playback.backends import NullBackend, PyAudioBackend, consume, converter

DEADLINE = 20.0


def until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Recorder:
    """A render function that remembers its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, frames, delay):
        self.calls.append((frames, time.monotonic() + delay))
        return np.full((frames, 2), 0.25, np.float32)


def test_null_backend_consumes_in_real_time():
    backend, recorder = NullBackend(NullBackend.Options(rate=8000, block=80)), Recorder()
    began = time.monotonic()
    backend.start(recorder)
    backend.start(recorder)  # a second start changes nothing
    until(lambda: len(recorder.calls) >= 30)
    backend.stop()
    backend.stop()
    took = time.monotonic() - began
    assert took >= 29 * 0.01 - 0.001
    assert len(recorder.calls) <= took / 0.01 + 2
    heard = np.array([moment for _, moment in recorder.calls])
    assert (np.diff(heard) > -0.001).all()
    assert heard[0] >= began - 0.01
    assert backend.error == ""


def test_lost_real_time_is_counted():
    stop, blocks = threading.Event(), []

    def render(frames, delay):
        blocks.append(frames)
        if len(blocks) == 2:
            time.sleep(0.7)  # what is tested is a machine that stood still
        if len(blocks) == 5:
            stop.set()
        return np.zeros((frames, 2), np.float32)

    assert consume(render, 8000, 80, stop) == 1


def test_consume_ends_after_its_time():
    recorder = Recorder()
    consume(recorder, 8000, 80, threading.Event(), seconds=0.05)
    assert len(recorder.calls) == 5


def test_conversion_for_devices_of_other_rates_and_channels():
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100).astype(np.float32)
    stereo = np.stack([wave, 0 * wave], 1)
    assert converter(44100, 44100, 2)(stereo) is stereo
    mono = converter(44100, 44100, 1)(stereo)
    assert mono.shape == (44100, 1)
    assert np.allclose(mono[:, 0], wave / 2, atol=1e-6)
    convert = converter(44100, 48000, 2)
    out = np.concatenate([convert(stereo[i : i + 512]) for i in range(0, 44100, 512)])
    assert len(out) == pytest.approx(48000, abs=1000)
    spectrum = np.abs(np.fft.rfft(out[4800 : 4800 + 24000, 0]))
    assert spectrum.argmax() * 2 == 440


class FakeStream:
    def __init__(self, module):
        self.module = module

    def write(self, data, exception_on_underflow=False):
        self.module.written.append(np.frombuffer(data, np.float32).reshape(-1, 2))
        time.sleep(0.002)  # a device that paces its writer
        if self.module.failures:
            raise OSError(self.module.failures.pop(0))

    def get_write_available(self):
        return 2048

    def get_output_latency(self):
        return 0.02

    def close(self):
        self.module.closed += 1


def fake_pyaudio():
    module = types.ModuleType("pyaudio")
    module.written, module.failures, module.closed, module.devices = [], [], 0, []
    module.paFloat32 = 1
    module.supported = lambda rate: True

    class PyAudio:
        def get_default_output_device_info(self):
            if not module.devices:
                raise OSError("No Default Output Device Available")
            return module.devices[0]

        def get_device_count(self):
            return len(module.devices)

        def get_device_info_by_index(self, index):
            return module.devices[index]

        def is_format_supported(self, rate, **_):
            if not module.supported(rate):
                raise ValueError("Invalid sample rate")
            return True

        def open(self, **arguments):
            module.opened = arguments
            return FakeStream(module)

        def terminate(self):
            pass

    module.PyAudio = PyAudio
    return module


def device(index, name, outputs=2, rate=48000.0):
    return {
        "index": index,
        "name": name,
        "maxOutputChannels": outputs,
        "defaultSampleRate": rate,
    }


@pytest.fixture
def pyaudio(monkeypatch):
    module = fake_pyaudio()
    monkeypatch.setitem(sys.modules, "pyaudio", module)
    return module


def options(**more):
    return PyAudioBackend.Options(**{"retry": 0.1, "block": 64, **more})


def test_an_absent_device_is_a_state_and_time_goes_on(pyaudio):
    backend, recorder = PyAudioBackend(options()), Recorder()
    backend.start(recorder)
    try:
        until(lambda: backend.error and len(recorder.calls) > 10)
        assert "no sound device" in backend.error
        assert "null" in backend.error  # the remedy
        assert not pyaudio.written
        pyaudio.devices.append(device(0, "Loudspeaker"))
        until(lambda: pyaudio.written)
        assert backend.error == ""
        assert (pyaudio.written[-1] == 0.25).all()
    finally:
        backend.stop()
    assert pyaudio.closed == 1


def test_an_unplugged_device_is_tried_again(pyaudio):
    pyaudio.devices.append(device(0, "Loudspeaker"))
    backend, recorder = PyAudioBackend(options()), Recorder()
    backend.start(recorder)
    try:
        until(lambda: len(pyaudio.written) > 3)
        pyaudio.failures.append("[Errno -9999] Unanticipated host error")
        until(lambda: backend.error)
        assert "stopped working" in backend.error
        until(lambda: not backend.error)
        count = len(pyaudio.written)
        until(lambda: len(pyaudio.written) > count + 3)
    finally:
        backend.stop()
    assert pyaudio.closed == 2


def test_underruns_that_portaudio_reports_are_counted(pyaudio):
    pyaudio.devices.append(device(0, "Loudspeaker"))
    backend, recorder = PyAudioBackend(options()), Recorder()
    backend.start(recorder)
    try:
        until(lambda: len(pyaudio.written) > 3)
        before = backend.underruns
        pyaudio.failures += ["[Errno -9980] Output underflowed"] * 2
        until(lambda: not pyaudio.failures)
        count = len(pyaudio.written)
        until(lambda: len(pyaudio.written) > count + 2)
        assert backend.underruns >= before + 2
        assert backend.error == ""
    finally:
        backend.stop()


def test_a_buffer_that_must_have_run_dry_is_counted(pyaudio):
    pyaudio.devices.append(device(0, "Loudspeaker"))
    late = threading.Event()
    recorder = Recorder()

    def render(frames, delay):
        if len(recorder.calls) == 20 and not late.is_set():
            late.set()
            time.sleep(0.3)  # longer than the 46 ms the device holds
        return recorder(frames, delay)

    backend = PyAudioBackend(options())
    backend.start(render)
    try:
        until(lambda: len(recorder.calls) > 30)
    finally:
        backend.stop()
    assert backend.underruns >= 1


def test_a_device_is_chosen_by_name_or_index(pyaudio):
    pyaudio.devices += [
        device(0, "Microphone", outputs=0),
        device(1, "HDMI 2"),
        device(2, "USB Speaker"),
    ]
    for wanted in ("usb", "2"):
        backend = PyAudioBackend(options(device=wanted))
        backend.start(Recorder())
        until(lambda: pyaudio.written)
        backend.stop()
        assert pyaudio.opened["output_device_index"] == 2
        pyaudio.written.clear()
    backend = PyAudioBackend(options(device="bluetooth"))
    backend.start(Recorder())
    until(lambda: backend.error)
    backend.stop()
    assert "'bluetooth'" in backend.error
    assert "2: USB Speaker" in backend.error


def test_rate_zero_takes_that_of_the_device(pyaudio):
    assert PyAudioBackend(options(rate=0)).rate == 44100
    pyaudio.devices.append(device(0, "Loudspeaker", rate=96000.0))
    assert PyAudioBackend(options(rate=0)).rate == 96000


def test_a_rate_the_device_refuses_is_converted(pyaudio):
    pyaudio.devices.append(device(0, "Loudspeaker", rate=48000.0))
    pyaudio.supported = lambda rate: rate == 48000
    backend = PyAudioBackend(options(rate=44100))
    backend.start(Recorder())
    until(lambda: pyaudio.written)
    backend.stop()
    assert pyaudio.opened["rate"] == 48000
    assert backend.rate == 44100


def test_without_pyaudio_there_is_no_sound_and_a_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    backend, recorder = PyAudioBackend(options()), Recorder()
    backend.start(recorder)
    until(lambda: backend.error and len(recorder.calls) > 3)
    backend.stop()
    assert "portaudio19-dev" in backend.error


PLAY = """
import sys, time
import numpy as np
from emo_music_ros.playback.backends import PyAudioBackend
from emo_music_ros.playback.player import Player
from emo_music_ros.streams import Track

backend = PyAudioBackend()
player = Player(backend, Player.Options(fade_in=0.0, volume=1.0, max_volume=1.0))
player.start()
player.play(Track("tone", sys.argv[1], loudness=-23.0, loudest=-20.0))
deadline = time.monotonic() + 30
while player.status().tracks_finished == 0 and time.monotonic() < deadline:
    time.sleep(0.05)
status = player.status()
player.close()
print(status.tracks_finished, backend.error or "-")
"""


def has_alsa():
    """Whether PyAudio is here and its PortAudio was built with ALSA."""
    if importlib.util.find_spec("pyaudio") is None:
        return False
    import pyaudio

    audio = pyaudio.PyAudio()
    try:
        audio.get_host_api_info_by_type(pyaudio.paALSA)
    except OSError:
        return False
    finally:
        audio.terminate()
    return True


@pytest.mark.skipif(not has_alsa(), reason="PyAudio with ALSA is not installed")
def test_portaudio_plays_the_tone_that_is_in_the_file(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * 44100) / 44100)
    soundfile.write(tmp_path / "tone.wav", np.stack([wave, wave], 1), 44100, subtype="FLOAT")
    raw = tmp_path / "played.raw"
    (tmp_path / "asound.conf").write_text(
        "pcm.null { type null }\n"
        f'pcm.default {{ type file slave.pcm "null" file "{raw}" format "raw" }}\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", PLAY, str(tmp_path / "tone.wav")],
        env={
            **os.environ,
            "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"),
            "PYTHONPATH": str(Path(emo_music_ros.__file__).parents[1]),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert raw.exists(), done.stdout
    assert done.stdout.split() == ["1", "-"]
    assert done.stderr == ""
    sound = np.fromfile(raw, np.float32).reshape(-1, 2)
    begin = np.flatnonzero(np.abs(sound[:, 0]) > 1e-4)[0]
    tone = sound[begin : begin + 2 * 44100, 0].astype(float)
    steady = tone[4410 : 4410 + 44100]
    assert np.abs(np.fft.rfft(steady)).argmax() == 440
    assert abs(steady).max() == pytest.approx(0.5, abs=0.001)
    material = 0.5 * (2 * np.pi * 440 / 44100) ** 2
    assert np.abs(np.diff(sound[:, 0].astype(float), n=2)).max() < 2 * material
