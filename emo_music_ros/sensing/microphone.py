# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound from a microphone or an audio file, as 16 kHz mono."""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.clock import unix
from emo_music_ros.errors import InputError
from emo_music_ros.io.resampling import mono
from emo_music_ros.names import shown
from emo_music_ros.options import option
from emo_music_ros.portaudio import LOCK, silence_libraries
from emo_music_ros.sensing.device import PATIENCE, Connection, DeviceSource
from emo_music_ros.sensing.media import AUDIO_RATE, AudioBlocks, audio_lane
from emo_music_ros.sensing.recording import Playback
from emo_music_ros.streams import AudioBlock, Sample

#: A microphone that gives nothing for so long [s] is lost.
SILENCE = 2.0
#: Sound kept when the receiver is slow [s]; older blocks are dropped.
BUFFER = 2.0
#: Time one device buffer covers [s].
BLOCK = 0.05
#: Stamps further than this from the sample clock [s] start a new one.
DRIFT = 0.2


@dataclass(frozen=True)
class MicrophoneOptions:
    """What can be set."""

    device: str = option("", "index or part of the name of the device; empty = the default one")
    latency_offset: float = option(
        0.0, "time between sound and capture, subtracted from the stamp [s]", low=0.0, high=1.0
    )


class Microphone(DeviceSource):
    """Delivers :class:`~emo_music_ros.streams.AudioBlock` of 50 ms from a sound device.

    Parameters
    ----------
    options : MicrophoneOptions
        Which device.
    """

    Options = MicrophoneOptions

    def __init__(self, options: MicrophoneOptions | None = None) -> None:
        self._options = MicrophoneOptions() if options is None else options
        super().__init__(f"microphone {self._options.device}".rstrip(), self._open)

    def _open(self, stop: threading.Event) -> Connection:
        return LiveMicrophone(self._options)


class LiveMicrophone:
    """A PyAudio stream in callback mode.

    Raises
    ------
    InputError
        If PyAudio is missing, or there is no such device, or it cannot be opened.
    """

    def __init__(self, options: MicrophoneOptions) -> None:
        try:
            import pyaudio
        except ImportError as error:
            raise InputError(
                f"microphone: PyAudio cannot be imported: {error}",
                "Install the PortAudio headers (Debian: portaudio19-dev) and then PyAudio",
            ) from error
        self._pyaudio = pyaudio
        silence_libraries()
        self.dropped = 0
        self._latency_offset = options.latency_offset
        self._blocks: queue.Queue[tuple[float, bytes, bool]] = queue.Queue(round(BUFFER / BLOCK))
        self._overrun = 0  # samples lost because the receiver is slow; written by the callback
        self._skipped = 0  # samples of it already accounted for
        with LOCK:
            self._audio = pyaudio.PyAudio()
            try:
                info = self._find(options.device)
                self._rate = round(float(info["defaultSampleRate"]))
                self.detail = f"microphone {info['name']}, {self._rate} Hz"
                self._source = f"live:{info['name']}"
                self._stream, self._channels = self._start(info)
            except BaseException:
                self._audio.terminate()
                raise
        self._cut = AudioBlocks(self._rate)
        self._received = 0  # samples at the rate of the device
        self._origin: float | None = None  # when sample 0 was acquired, monotonic
        self._last = time.monotonic()

    def _find(self, device: str) -> dict[str, Any]:
        try:
            if not device:
                return dict(self._audio.get_default_input_device_info())
            entries = [
                dict(self._audio.get_device_info_by_index(index))
                for index in range(self._audio.get_device_count())
            ]
        except OSError as error:
            raise InputError(
                f"microphone: there is no input device: {error}", "Connect a microphone"
            ) from error
        for index, entry in enumerate(entries):
            named = device.lower() in str(entry["name"]).lower()
            if entry["maxInputChannels"] and (str(index) == device if device.isdigit() else named):
                return entry
        known = ", ".join(
            f"{index} '{entry['name']}'"
            for index, entry in enumerate(entries)
            if entry["maxInputChannels"]
        )
        raise InputError(
            f"microphone: there is no input device '{device}'",
            f"Connect it, or use one of: {known or 'none is connected'}",
        )

    def _start(self, info: dict[str, Any]) -> tuple[Any, int]:
        error: Exception | None = None
        for channels in (1, 2):  # some devices have no mono mode
            try:
                stream = self._audio.open(
                    rate=self._rate,
                    channels=channels,
                    format=self._pyaudio.paFloat32,
                    input=True,
                    input_device_index=int(info["index"]),
                    frames_per_buffer=round(self._rate * BLOCK),
                    stream_callback=functools.partial(self._callback, channels),
                )
                return stream, channels
            except (OSError, ValueError) as failure:
                error = failure
        raise InputError(
            f"microphone '{info['name']}' cannot be opened: {error}",
            "Close what else uses it, or choose another device",
        )

    def _callback(
        self, channels: int, data: bytes, frames: int, times: dict[str, float], flags: int
    ) -> tuple[None, int]:
        age = times.get("current_time", 0.0) - times.get("input_buffer_adc_time", 0.0)
        if not 0.0 < age < 1.0:  # drivers without a clock report nonsense
            age = frames / self._rate
        overflow = bool(flags & self._pyaudio.paInputOverflow)
        if self._blocks.full():  # the oldest goes, so that what is lost lies before what is read
            with contextlib.suppress(queue.Empty):
                self._overrun += len(self._blocks.get_nowait()[1]) // (4 * channels)
        with contextlib.suppress(queue.Full):
            moment = time.monotonic() - age - self._latency_offset
            self._blocks.put_nowait((moment, data, overflow))
        return None, self._pyaudio.paContinue

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return the next blocks of sound."""
        try:
            moment, data, overflow = self._blocks.get(timeout=PATIENCE)
        except queue.Empty:
            if time.monotonic() - self._last > SILENCE or not self._stream.is_active():
                raise InputError(f"{self.detail} fell silent", "Connect it again") from None
            return ()
        self._last = time.monotonic()
        samples = mono(np.frombuffer(data, np.float32).reshape(-1, self._channels))
        # PortAudio does not say how much an overflow lost: at least one buffer is assumed.
        lost = self._overrun - self._skipped + overflow * len(samples)
        self._skipped = self._overrun
        self.dropped += lost
        self._received += lost
        blocks: list[Sample] = []
        first = self._cut.produced + round(self.dropped * AUDIO_RATE / self._rate)
        begin = moment - self._received / self._rate
        if self._origin is None or abs(begin - self._origin) > DRIFT:
            self._origin = begin
        else:  # follow the clock of the device, not the jitter of the callback
            self._origin += 0.01 * (begin - self._origin)
        self._received += len(samples)
        for block in self._cut(samples):
            blocks.append(
                AudioBlock(
                    unix(self._origin + first / AUDIO_RATE),
                    block,
                    AUDIO_RATE,
                    first_sample=first,
                    dropped=self.dropped,
                    source=self._source,
                )
            )
            first += len(block)
        return blocks

    def close(self) -> None:
        """Release the device."""
        with LOCK:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._audio.terminate()


@dataclass(frozen=True)
class AudioFileOptions:
    """What can be set."""

    path: str = option("", "WAV, FLAC, OGG or MP3 file")
    loop: bool = option(True, "start again at the end")


class AudioFile(DeviceSource):
    """Delivers :class:`~emo_music_ros.streams.AudioBlock` of 50 ms from a file, in real time.

    Parameters
    ----------
    options : AudioFileOptions
        Which file.

    Raises
    ------
    InputError
        If no file is named.
    """

    Options = AudioFileOptions

    def __init__(self, options: AudioFileOptions | None = None) -> None:
        options = AudioFileOptions() if options is None else options
        if not options.path:
            raise InputError("audio file: no path is given", "Set path to an audio file")
        self._options = options
        super().__init__(f"audio file {options.path}", self._open)

    def _open(self, stop: threading.Event) -> Connection:
        path = Path(self._options.path).expanduser()
        lane = audio_lane(path, f"recorded:{shown(path.name)}")
        return Playback(f"audio file {path}", [lane], self._options.loop)
