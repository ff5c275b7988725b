# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Send physiology out through a real LSL outlet, as a device on the network would."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence

import numpy as np

from emo_music_ros.clock import ahead
from emo_music_ros.streams import UNITS, BiosignalBlock, FloatArray, Sample

#: Kind -> LSL stream type.
TYPES = {
    "eeg": "EEG",
    "ecg": "ECG",
    "ppg": "PPG",
    "eda": "EDA",
    "respiration": "RESP",
    "temperature": "TEMP",
    "acceleration": "ACC",
}
#: What an outlet keeps for a slow inlet [s].
BUFFER = 10
#: Ports in which streams of this machine are looked for.
PORTS = 128


def local_configuration(session: str) -> str:
    """Return a liblsl configuration that keeps streams on this machine and in one session.

    Write it to a file and name that in the environment variable ``LSLAPICFG`` before any
    process of the session starts; then neither other machines nor other sessions see the
    streams, and the session does not see theirs.
    """
    # Of the 32 ports that liblsl has of itself every stream takes two, and what got none of them
    # is not found by anybody on this machine: three sessions were too many.
    return (
        f"[ports]\nPortRange = {PORTS}\n[multicast]\nResolveScope = machine\n"
        f"[lab]\nSessionID = {session}\n[log]\nlevel = -3\n"
    )


class Outlet:
    """One LSL stream that others can find.

    Parameters
    ----------
    kind : str
        One of `TYPES`.
    channels : sequence of str
        Channel names.
    rate : float
        Samples per second [Hz].
    units : sequence of str
        One per channel; empty takes the unit of the kind.
    source : str
        ``recorded:...`` or ``simulated:...``; written into the description of the stream, where
        :class:`~emo_music_ros.sensing.lsl.LslInlets` reads it.
    source_id : str
        Identifies the device across reconnects; empty makes one.
    """

    def __init__(
        self,
        kind: str,
        channels: Sequence[str],
        rate: float,
        units: Sequence[str] = (),
        source: str = "",
        source_id: str = "",
    ) -> None:
        import pylsl

        info = pylsl.StreamInfo(
            f"emo_music_ros {kind}",
            TYPES[kind],
            len(channels),
            rate,
            "float32",
            source_id or uuid.uuid4().hex,
        )
        info.set_channel_labels(list(channels))
        info.set_channel_units(list(units) or [UNITS[kind]] * len(channels))
        if source:
            info.desc().append_child_value("source", source)
        self._clock = pylsl.local_clock
        self._outlet = pylsl.StreamOutlet(info, max_buffered=BUFFER)
        self._rate = rate

    def push(self, samples: FloatArray, first: float | None = None) -> None:
        """Send consecutive samples [samples, channels]; `first` is the time of the first one.

        `first` is in unix seconds; without it the last sample was acquired now.
        """
        samples = np.ascontiguousarray(samples, np.float32)
        if not len(samples):
            return
        newest = 0.0  # now, to liblsl
        if first is not None:
            newest = first + (len(samples) - 1) / self._rate - ahead(time.time, self._clock)
        self._outlet.push_chunk(samples, newest)

    def have_consumers(self) -> bool:
        """Return whether anybody listens."""
        return bool(self._outlet.have_consumers())


class Outlets:
    """Sends biosignals out through LSL and hands everything else on.

    One outlet per kind is opened with the first block of it. The source identifiers stay the
    same when the recording is started again, so that inlets find the streams back.
    """

    def __init__(self) -> None:
        self._identity = uuid.uuid4().hex
        self._open: dict[tuple[object, ...], Outlet] = {}

    def routed(self, deliver: Callable[[Sample], None]) -> Callable[[Sample], None]:
        """Return a receiver that takes biosignals out of the way of `deliver`."""

        def receive(sample: Sample) -> None:
            if isinstance(sample, BiosignalBlock):
                self.announce(sample).push(sample.samples, sample.time)
            else:
                deliver(sample)

        return receive

    def announce(self, block: BiosignalBlock) -> Outlet:
        """Return the outlet for the stream of a block, opened if need be."""
        key = (block.kind, block.channels, block.rate, block.units, block.source)
        if key not in self._open:
            self._open[key] = Outlet(
                block.kind,
                block.channels,
                block.rate,
                block.units,
                block.source,
                f"{self._identity}-{len(self._open)}",
            )
        return self._open[key]

    def close(self) -> None:
        """Take the streams off the network."""
        self._open.clear()
