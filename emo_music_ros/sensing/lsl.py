# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Physiological streams found on the network by Lab Streaming Layer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from emo_music_ros.errors import InputError, OptionError
from emo_music_ros.options import nearest
from emo_music_ros.sensing.base import DeviceState, SourceStatus
from emo_music_ros.sensing.device import Backoff, DeviceSource
from emo_music_ros.sensing.lsl_finder import Finder, LslOptions
from emo_music_ros.sensing.lsl_inlet import Inlet
from emo_music_ros.streams import UNITS, Sample


class LslInlets:
    """Delivers :class:`~emo_music_ros.streams.BiosignalBlock` of several streams at once.

    One stream is taken for each kind. A stream that cannot be used is named in the status with
    the reason, and the others go on; one that falls silent is looked for again. Samples lost
    on the way are seen in the time stamps, counted, and leave a jump in `first_index`.

    Parameters
    ----------
    options : LslOptions
        What to look for.

    Raises
    ------
    OptionError
        If a kind does not exist.
    """

    Options = LslOptions

    def __init__(self, options: LslOptions | None = None) -> None:
        self._options = LslOptions() if options is None else options
        for kind in self._options.kinds:
            if kind not in UNITS:
                raise OptionError(
                    f"there is no biosignal kind '{kind}'", nearest(kind, list(UNITS))
                )
        self._finder = Finder(self._options)
        interval = self._options.resolve_interval
        self._sources = {
            kind: DeviceSource(
                f"lsl {kind}",
                partial(self._connect, kind),
                partial(Backoff, first=min(interval, 0.25), longest=interval),
            )
            for kind in self._options.kinds
        }

    def start(self, deliver: Callable[[Sample], None]) -> None:
        """Begin looking for streams; each kind is delivered from its own thread."""
        self._finder.start()
        for source in self._sources.values():
            source.start(deliver)

    def stop(self) -> None:
        """End all streams within a second."""
        deadline = time.monotonic() + 1.0
        for source in self._sources.values():
            source.request_stop()
        for source in self._sources.values():
            source.stop(max(0.0, deadline - time.monotonic()))
        self._finder.stop()

    def status(self) -> SourceStatus:
        """Return the sum over the kinds; `detail` lists the streams and what is wrong."""
        each = {kind: source.status() for kind, source in self._sources.items()}
        states = {status.state for status in each.values()}
        state = next(
            (
                state
                for state in (DeviceState.STREAMING, DeviceState.LOST, DeviceState.OPENING)
                if state in states
            ),
            DeviceState.CLOSED,
        )
        told = [
            status.detail
            for status in each.values()
            if status.state in (DeviceState.STREAMING, DeviceState.LOST)
        ]
        refused = self._finder.refused()
        waiting = [kind for kind, status in each.items() if status.state is DeviceState.OPENING]
        if waiting:
            told.append(f"waiting for {', '.join(waiting)}")
        return SourceStatus(
            state,
            "; ".join(dict.fromkeys(told + refused)),
            sum(status.delivered for status in each.values()),
            sum(status.dropped for status in each.values()),
        )

    def _connect(self, kind: str, stop: threading.Event) -> Inlet:
        info = self._finder.find(kind)
        if info is None:
            raise InputError(
                f"no {kind} stream is on the network",
                "Start the device's LSL application on the same network",
            )
        try:
            judge = partial(self._finder.judge, info.uid())
            return Inlet(kind, info, self._options, stop, judge)
        except RuntimeError as error:  # what pylsl raises
            raise InputError(
                f"LSL stream '{info.name()}' cannot be opened: {error}",
                "Check the network and the firewall; it is tried again",
            ) from error
