# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The output backend ``pulse``: PulseAudio and PipeWire, loudspeakers by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.playback.backends import DeviceBackend, DeviceOptions
from emo_music_ros.playback.base import Render
from emo_music_ros.playback.libpulse import Server, Sink, Stream

#: How long the server is waited for before it is looked whether to stop [s].
LOOK = 0.05
#: Rate where none is given [Hz]: the server resamples for its device.
RATE = 44100


class PulseBackend(DeviceBackend):
    """Sound through a sound server.

    A loudspeaker that is named is the only one that is played on: if it goes away, as Bluetooth
    ones do, the music goes on unheard until it is back. Underruns are those the server reports.
    """

    @dataclass(frozen=True)
    class Options(DeviceOptions):
        """What can be set."""

        device: str = option("", "part of the loudspeaker's name or description; empty = default")
        latency: float = option(0.3, "buffer in the server [s]", low=0.01, high=0.4)

    name = "pulse"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.options = options or self.Options()
        self.rate = self.options.rate or RATE
        self._filled = False

    def _open(self) -> Stream:
        server = Server()
        try:
            sink = ""
            if self.options.device:
                sink = find(self.options.device, server.sinks()).name
            stream = Stream(server, sink, self.rate, self.options.latency, self._ran_dry)
        except (OSError, InputError) as error:
            server.close()
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"the sound device {self._wanted()} cannot be opened ({error})",
                "Check it in the sound settings of the system; it is tried again by itself",
            ) from error
        self.device = f"pulse: {stream.sink}"
        return stream

    def _write(self, device: Stream, render: Render) -> None:
        block = self.options.block
        self._filled = False
        while not self._stop.is_set():
            room = device.room(LOOK)
            while room >= block and not self._stop.is_set():
                samples = render(block, device.delay)
                device.write(np.ascontiguousarray(samples, "<f4").tobytes())
                room -= block
                self._filled = True
            self.device = f"pulse: {device.sink}"

    def _ran_dry(self) -> None:
        self.underruns += self._filled  # before the first frames it is no fault of ours


def find(wanted: str, sinks: Sequence[Sink]) -> Sink:
    """Return the loudspeaker of a name, or with a name or description that holds it.

    Raises
    ------
    InputError
        If there is none; it names those there are.
    """
    for sink in sinks:
        if sink.name == wanted:
            return sink
    for sink in sinks:
        if wanted.casefold() in f"{sink.name} {sink.description}".casefold():
            return sink
    names = ", ".join(f"'{sink.description}' ({sink.name})" for sink in sinks)
    raise InputError(
        f"there is no loudspeaker '{wanted}'",
        f"Switch it on or choose one of: {names or 'none found'}; it is tried again by itself",
    )
