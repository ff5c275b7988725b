# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""PulseAudio: a real server with null sinks where Debian's is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.playback import libpulse, pulse
from emo_music_ros.playback.libpulse import Sink
from emo_music_ros.playback.pulse import PulseBackend, find

DEADLINE = 20.0
SINKS = [Sink("alsa_output.pci", "Built-in Audio"), Sink("bluez_sink.AA_BB", "Kitchen Speaker")]


def until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("wanted", "found"), [("bluez_sink.AA_BB", 1), ("kitchen", 1), ("alsa", 0), ("SPEAKER", 1)]
)
def test_a_loudspeaker_is_found_by_name_or_description(wanted, found):
    assert find(wanted, SINKS) == SINKS[found]


def test_an_exact_name_goes_before_a_part_of_another():
    sinks = [Sink("kitchen.old", "Old"), Sink("kitchen", "New")]
    assert find("kitchen", sinks).description == "New"


def test_one_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(InputError, match=r"'garden'.*Kitchen Speaker.*bluez_sink"):
        find("garden", SINKS)
    with pytest.raises(InputError, match="none found"):
        find("garden", [])


def test_without_libpulse_it_is_said_and_the_music_goes_on(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open")

    libpulse._library.cache_clear()
    monkeypatch.setattr(libpulse.ctypes, "CDLL", missing)
    backend = PulseBackend(PulseBackend.Options(retry=0.1))
    taken = []
    backend.start(lambda frames, delay: taken.append(frames) or np.zeros((frames, 2), np.float32))
    until(lambda: "libpulse0" in backend.error and sum(taken) > 3000)
    backend.stop()
    libpulse._library.cache_clear()


@pytest.fixture
def server(monkeypatch):
    """A sound server with one loudspeaker."""
    if not shutil.which("pulseaudio") or not shutil.which("pactl"):
        pytest.skip("PulseAudio is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pulse"))  # a socket's path must be short
    monkeypatch.setenv("PULSE_SERVER", f"unix:{folder}/native")
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_RUNTIME_PATH": str(folder)}
    process = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
         "--disable-shm", "-L", f"module-native-protocol-unix socket={folder}/native"
         " auth-anonymous=1", "-L", "module-null-sink sink_name=built_in"],
        env=os.environ | home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: (folder / "native").exists())
        yield process
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def pactl(*words):
    done = subprocess.run(["pactl", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def bluetooth():
    return pactl(
        "load-module", "module-null-sink", "sink_name=bluez_sink.AA",
        "sink_properties=device.description=Kitchen",
    )  # fmt: skip


def test_a_bluetooth_loudspeaker_comes_and_goes_and_the_music_goes_on(server):
    frames = []

    def render(count, delay):
        frames.append(count)
        assert delay >= 0
        return np.full((count, 2), 0.1, np.float32)

    backend = PulseBackend(PulseBackend.Options(device="kitchen", retry=0.1))
    backend.start(render)
    try:
        until(lambda: "no loudspeaker 'kitchen'" in backend.error)
        assert "built_in" in backend.error
        module = bluetooth()
        until(lambda: backend.error == "" and backend.device == "pulse: bluez_sink.AA")
        until(lambda: "RUNNING" in pactl("list", "short", "sinks"))
        pactl("unload-module", module)
        until(lambda: backend.error)  # and not moved to the other one
        assert "bluez_sink" not in pactl("list", "short", "sink-inputs")
        before = sum(frames)
        until(lambda: sum(frames) > before + 4410)
        bluetooth()
        until(lambda: backend.error == "")
    finally:
        backend.stop()


def test_the_default_loudspeaker_plays_and_a_server_that_ends_is_named(server):
    backend = PulseBackend(PulseBackend.Options(retry=0.1))
    backend.start(lambda frames, delay: np.zeros((frames, 2), np.float32))
    try:
        until(lambda: backend.device == "pulse: built_in")
        server.kill()
        until(lambda: backend.error)
        until(lambda: "no sound server" in backend.error)
    finally:
        backend.stop()


def test_it_is_a_plugin():
    assert pulse.PulseBackend.name == "pulse"
