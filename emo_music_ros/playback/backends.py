# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Output backends: PyAudio (PortAudio), and a real clock without sound."""

from __future__ import annotations

import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.options import option
from emo_music_ros.playback.base import Render
from emo_music_ros.portaudio import LOCK, silence_libraries
from emo_music_ros.streams import FloatArray

log = logging.getLogger(__name__)

#: A clock that is later than this [s] has lost real time: one underrun.
LATE = 0.5
#: A write that takes longer [s] waited for the device, whose buffer is then full.
WAITED = 0.001
#: Niceness of the threads that must not be late: that of PulseAudio.
URGENT = -11
#: Longest wait between attempts to open a device [s].
LONGEST_RETRY = 30.0


def consume(
    render: Render, rate: int, block: int, stop: threading.Event, seconds: float = float("inf")
) -> int:
    """Take blocks in real time and throw them away, until stopped or for some seconds.

    Returns
    -------
    int
        How often real time could not be kept.
    """
    start = time.monotonic()
    taken, late = 0, 0
    while not stop.is_set() and taken < seconds * rate:
        ahead = start + taken / rate - time.monotonic()
        if ahead < -LATE:
            late += 1
            start -= ahead
            ahead = 0.0
        if ahead > 0 and stop.wait(ahead):
            break
        render(block, max(start + taken / rate - time.monotonic(), 0.0))
        taken += block
    return late


def hurry() -> None:
    """Ask for the priority that sound servers have for this thread; without the right it stays."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), URGENT)
    except OSError as error:
        log.debug("the player's threads have no priority: %s", error)


class Threaded(ABC):
    """A backend's thread: started once, stopped within a second."""

    name = ""

    def __init__(self) -> None:
        self.underruns = 0
        self.error = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, render: Render) -> None:
        """Begin calling `render`; returns at once."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._urgent, args=(render,), name=f"player-{self.name}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End within a second and release the device. May be called twice."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)
        self._thread = None

    def _urgent(self, render: Render) -> None:
        hurry()
        self._run(render)

    @abstractmethod
    def _run(self, render: Render) -> None:
        """Call `render` in real time until `_stop` is set."""


class NullBackend(Threaded):
    """A real clock without sound, for machines without a loudspeaker."""

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        rate: int = option(44100, "frames per second [Hz]", low=8000, high=192000)
        block: int = option(512, "frames per block", low=64, high=8192)

    name = "null"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.options = options or self.Options()
        self.rate = self.options.rate

    def _run(self, render: Render) -> None:
        self.underruns += consume(render, self.rate, self.options.block, self._stop)


@dataclass(frozen=True)
class DeviceOptions:
    """What can be set of every device that may come and go."""

    rate: int = option(
        44100, "frames per second [Hz]; 0 = the device's default", low=0, high=192000
    )
    block: int = option(512, "frames per block", low=64, high=8192)
    retry: float = option(
        2.0, "first wait before a missing device is tried again [s]", low=0.1, high=60.0
    )


class DeviceBackend(Threaded):
    """A device that may be away: opened, written to, and tried again until it is back.

    Attributes
    ----------
    device : str
        What plays, as a calibration knows it; empty = it was not opened yet.
    """

    options: Any
    rate: int

    def __init__(self) -> None:
        super().__init__()
        self.device = ""

    def _run(self, render: Render) -> None:
        retry = self.options.retry
        while not self._stop.is_set():
            try:
                device = self._open()
            except CompanionError as error:
                self._trouble(error)
                consume(render, self.rate, self.options.block, self._stop, retry)
                retry = min(2 * retry, LONGEST_RETRY)
                continue
            if self.error:
                log.info("sound device is back")
            self.error = ""
            try:
                self._write(device, render)
                retry = self.options.retry
            except OSError as error:
                self._trouble(
                    InputError(
                        f"the sound device {self._wanted()} stopped working ({error})",
                        "Check that it is plugged in; it is tried again by itself",
                    )
                )
                consume(render, self.rate, self.options.block, self._stop, retry)
                retry = min(2 * retry, LONGEST_RETRY)
            finally:
                device.close()

    def _wanted(self) -> str:
        return f"'{self.options.device}'" if self.options.device else "(default)"

    def _trouble(self, error: CompanionError) -> None:
        if str(error) != self.error:
            log.warning("%s", error)
        self.error = str(error)

    @abstractmethod
    def _open(self) -> Any:
        """Return the device, open, with a method `close`; raise CompanionError if it is absent."""

    @abstractmethod
    def _write(self, device: Any, render: Render) -> None:
        """Hand sound to the device until `_stop` is set; raise OSError when it goes away."""


@dataclass
class _Device:
    """An open PortAudio stream: where blocks are written, and how long they take to be heard."""

    audio: Any
    stream: Any
    convert: Callable[[FloatArray], FloatArray]
    latency: float  # of a full buffer [s]

    def close(self) -> None:
        for end in (self.stream.close, self.audio.terminate):
            try:
                with LOCK:
                    end()
            except OSError as error:  # an unplugged device may refuse even this
                log.debug("closing the sound device: %s", error)


class PyAudioBackend(DeviceBackend):
    """Sound through PortAudio, written from a thread of its own.

    Underruns are counted where PortAudio reports one and where the clock says that the buffer
    must have run dry, since not every driver reports them.
    """

    @dataclass(frozen=True)
    class Options(DeviceOptions):
        """What can be set."""

        device: str = option("", "part of the device's name, or its index; empty = default")
        latency: float = option(0.046, "device buffer [s]", low=0.005, high=1.0)

    name = "pyaudio"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.options = options or self.Options()
        self.rate = self.options.rate or self._default_rate()

    def _write(self, device: _Device, render: Render) -> None:
        block = self.options.block
        dry = time.monotonic() + device.latency  # when the device will have played everything
        first = True
        while not self._stop.is_set():
            now = time.monotonic()
            samples = device.convert(render(block, max(dry - now, 0.0)))
            begun = time.monotonic()
            ran_dry = not first and begun > dry
            if len(samples):
                try:
                    device.stream.write(
                        np.ascontiguousarray(samples, np.float32).tobytes(),
                        exception_on_underflow=True,
                    )
                except OSError as error:
                    if "underflow" not in str(error).lower():
                        raise
                    ran_dry = not first
            self.underruns += ran_dry
            first = False
            end = time.monotonic()
            if end - begun > WAITED:
                dry = end + device.latency
                continue
            dry = max(dry, end) + block / self.rate
            # A device that never waits, such as a file, would swallow a track at once.
            excess = dry - end - 2 * device.latency - block / self.rate
            if excess > 0:
                self._stop.wait(excess)

    def _portaudio(self) -> Any:
        try:
            import pyaudio
        except ImportError as error:
            raise InputError(
                f"PyAudio is not installed ({error})",
                "Install the package 'portaudio19-dev' of the system and then 'pyaudio';"
                " until then there is no sound",
            ) from error
        silence_libraries()
        try:
            with LOCK:
                return pyaudio.PyAudio()
        except OSError as error:
            raise InputError(
                f"PortAudio cannot start ({error})", "Check the sound configuration"
            ) from error

    def _default_rate(self) -> int:
        try:
            audio = self._portaudio()
        except CompanionError:
            return 44100
        try:
            return int(self._find(audio)["defaultSampleRate"])
        except CompanionError:
            return 44100
        finally:
            with LOCK:
                audio.terminate()

    def _find(self, audio: Any) -> dict[str, Any]:
        """Return the PortAudio description of the device that was asked for."""
        wanted = self.options.device
        try:
            if not wanted:
                default: dict[str, Any] = audio.get_default_output_device_info()
                return default
            devices = [
                audio.get_device_info_by_index(index) for index in range(audio.get_device_count())
            ]
        except OSError as error:
            raise InputError(
                f"there is no sound device ({error})",
                "Plug in a loudspeaker or choose the player plugin 'null'; it is tried again"
                " by itself",
            ) from error
        outputs = [device for device in devices if device["maxOutputChannels"] > 0]
        for device in outputs:
            named = wanted.lower() in str(device["name"]).lower()
            if wanted == str(device["index"]) if wanted.isdigit() else named:
                return dict(device)
        names = ", ".join(f"{device['index']}: {device['name']}" for device in outputs)
        raise InputError(
            f"there is no sound device '{wanted}'",
            f"Plug it in or choose one of: {names or 'none found'}; it is tried again by itself",
        )

    def _open(self) -> _Device:
        audio = self._portaudio()
        try:
            with LOCK:
                return self._open_on(audio)
        except CompanionError:
            with LOCK:
                audio.terminate()
            raise

    def _open_on(self, audio: Any) -> _Device:
        import pyaudio

        info = self._find(audio)
        channels = min(2, int(info["maxOutputChannels"]))
        rate = self.rate
        try:
            audio.is_format_supported(
                rate,
                output_device=info["index"],
                output_channels=channels,
                output_format=pyaudio.paFloat32,
            )
        except ValueError:
            rate = int(info["defaultSampleRate"])
        try:
            stream = audio.open(
                format=pyaudio.paFloat32,
                channels=channels,
                rate=rate,
                output=True,
                output_device_index=info["index"],
                # PortAudio keeps two periods on ALSA
                frames_per_buffer=max(round(self.options.latency * rate / 2), 64),
            )
        except (OSError, ValueError) as error:
            raise InputError(
                f"the sound device '{info['name']}' cannot be opened ({error})",
                "Close the programs that use it, or choose another; it is tried again by itself",
            ) from error
        room = stream.get_write_available() / rate
        self.device = f"pyaudio: {info['name']}"
        log.info("sound device '%s' opened at %d Hz", info["name"], rate)
        return _Device(
            audio,
            stream,
            converter(self.rate, rate, channels),
            max(room, float(stream.get_output_latency())),
        )


def converter(rate: int, device_rate: int, channels: int) -> Callable[[FloatArray], FloatArray]:
    """Return what turns stereo blocks at `rate` into blocks for the device."""
    resampler = (
        soxr.ResampleStream(rate, device_rate, channels, dtype="float32")
        if rate != device_rate
        else None
    )

    def convert(samples: FloatArray) -> FloatArray:
        if channels == 1:
            samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        return samples if resampler is None else resampler.resample_chunk(samples)

    return convert
