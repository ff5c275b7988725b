# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One stream of Lab Streaming Layer: its samples on our clock, cut where some are missing."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from emo_music_ros.clock import ahead
from emo_music_ros.errors import InputError
from emo_music_ros.io.units import standard
from emo_music_ros.sensing.device import PATIENCE
from emo_music_ros.sensing.lsl_clock import StampError, StreamClock, restarts
from emo_music_ros.sensing.lsl_finder import LslOptions
from emo_music_ros.streams import BiosignalBlock, FloatArray, Sample

#: Time between two looks at a stream [s], and how many of its samples that may be: of skin
#: conductance a look in a tenth of a second finds one sample, and costs as much as any.
POLL, SAMPLES = 0.03, 4
#: What an inlet buffers at most [s].
BUFFER = 5
#: Patience for the description and the first clock offset of a stream [s].
HANDSHAKE = 2.0


class Inlet:
    """One open stream; a :class:`~emo_music_ros.sensing.device.Connection`.

    Parameters
    ----------
    kind : str
        One of the kinds.
    info : pylsl.StreamInfo
        As found by the resolver.
    options : LslOptions
        Times.
    stop : threading.Event
        Ends waiting for the first clock offset.
    judge : callable, optional
        Gets why the stream is refused, or an empty text when it can be used.
    """

    def __init__(
        self,
        kind: str,
        info: Any,
        options: LslOptions,
        stop: threading.Event,
        judge: Callable[[str], None] = lambda reason: None,
    ) -> None:
        import pylsl

        self.dropped = 0
        self._pylsl = pylsl
        self._kind = kind
        self._name, self._type = info.name(), info.type()
        self._options = options
        self._judge = judge
        self._rate = float(info.nominal_srate())
        slow = SAMPLES / self._rate if self._rate > 0 else POLL
        self._poll = min(max(POLL, slow), PATIENCE)
        self._inlet = pylsl.StreamInlet(info, max_buflen=BUFFER, recover=False)
        full = self._inlet.info(timeout=HANDSHAKE)
        self._channels, self._given = described(full, kind)
        _, self._units = self._standard(np.zeros((0, len(self._channels)), np.float32))
        self._source = full.desc().child_value("source") or f"live:{self._name}"
        self._inlet.open_stream(timeout=HANDSHAKE)
        self._clock = StreamClock()
        self._offset = 0.0  # remote clock minus local clock
        self._estimated = -math.inf
        deadline = time.monotonic() + HANDSHAKE
        while not self._estimate(0.2) and time.monotonic() < deadline and not stop.is_set():
            pass
        self._last = math.nan  # stamp of the newest sample
        self._gaps = Gaps(self._rate)
        self._index = 0
        self._newest = time.monotonic()

    @property
    def detail(self) -> str:
        """The stream in words."""
        clock = f"stamped by the LSL clock, offset {1e3 * self._offset:.2f} ms"
        if self._clock.name == "unix":
            clock = f"stamped with unix time, delay {1e3 * self._clock.delay:.2f} ms"
        return (
            f"{self._kind} from '{self._name}' ({self._source}), {len(self._channels)} x "
            f"{self._rate:g} Hz, {clock}"
        )

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return everything that arrived since the last call, cut where samples are missing."""
        if stop.wait(self._poll):
            return ()
        if time.monotonic() - self._estimated > self._options.offset_interval:
            self._estimate(0.05)
        pieces, stamps = [], []
        try:
            while True:
                values, times = self._inlet.pull_chunk(max_samples=1024, as_numpy=True)
                if not len(times):
                    break
                pieces.append(values)
                stamps.append(times)
        except RuntimeError as error:  # what pylsl raises when a stream is lost
            if not pieces:
                raise InputError(
                    f"LSL stream '{self._name}' ({self._kind}) ended",
                    "Start the device again; it is looked for",
                ) from error
        if not pieces:
            if time.monotonic() - self._newest > self._options.stale_after:
                silent = InputError(
                    f"LSL stream '{self._name}' ({self._kind}) gives no samples for "
                    f"{self._options.stale_after:g} s",
                    "Check the device; it is looked for",
                )
                self._judge(str(silent))  # another one of its kind may do better
                raise silent
            return ()
        now = time.monotonic()
        elapsed, self._newest = now - self._newest, now
        return self._blocks(np.concatenate(pieces), np.concatenate(stamps), elapsed)

    def close(self) -> None:
        """Leave the stream."""
        self._inlet.close_stream()

    def _estimate(self, timeout: float) -> bool:
        """Estimate the clocks again; return whether that worked. An old estimate stays valid."""
        try:
            self._offset = -float(self._inlet.time_correction(timeout=timeout))
        except RuntimeError:  # what pylsl raises; no answer in time
            return False
        self._estimated = time.monotonic()
        self._clock.renew()
        return True

    def _blocks(self, values: FloatArray, stamps: FloatArray, elapsed: float) -> list[Sample]:
        values, _ = self._standard(values)
        last = stamps[0] if math.isnan(self._last) else self._last
        anew = restarts(stamps, last, elapsed)
        blocks: list[Sample] = []
        for start, end in pairwise(sorted({0, *anew.tolist(), len(stamps)})):
            if start in anew:
                self._clock.restart()
                self._gaps = Gaps(self._rate)
            times = self._unix(stamps[start:end])
            blocks += self._cut(values[start:end], stamps[start:end], times)
        self._last = float(stamps[-1])
        return blocks

    def _standard(self, values: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
        """Return values in the unit of their kind, and units; refuse the stream by its unit."""
        try:
            title = f"LSL stream '{self._name}' ({self._type})"
            return standard(self._kind, np.asarray(values, np.float32), self._given, title)
        except InputError as error:
            self._judge(str(error))
            raise

    def _unix(self, stamps: FloatArray) -> FloatArray:
        """Return the unix times of stamps; refuse the stream if they are of no known clock."""
        # Taken anew every time: a step of the system clock is followed at once.
        epoch = ahead(time.time, self._pylsl.local_clock)
        try:
            local = self._clock(stamps, -self._offset, self._pylsl.local_clock(), epoch)
        except StampError as error:
            doubt = "" if math.isfinite(self._estimated) else "; its machine tells no clock offset"
            refusal = InputError(
                f"LSL stream '{self._name}' ({self._type}): refused, {error}{doubt}",
                "Stamp samples with LSL's local_clock() or unix time in seconds; it is tried again",
            )
            self._judge(str(refusal))
            raise refusal from error
        self._judge("")
        return local + epoch

    def _cut(self, values: FloatArray, stamps: FloatArray, times: FloatArray) -> list[Sample]:
        """Return consecutive samples as blocks, cut where some are missing."""
        blocks: list[Sample] = []
        start = 0
        offset = self._offset if self._clock.name == "LSL" else max(-self._clock.delay, 0.0)
        for position, lost in (*self._gaps.find(stamps), (len(stamps), 0)):
            if position > start:
                blocks.append(
                    BiosignalBlock(
                        time=float(times[start]),
                        kind=self._kind,
                        samples=values[start:position],
                        rate=self._rate,
                        channels=self._channels,
                        units=self._units,
                        first_index=self._index,
                        dropped=self.dropped,
                        clock_offset=offset,
                        source=self._source,
                    )
                )
            self._index += position - start + lost
            self.dropped += lost
            start = position
        return blocks


class Gaps:
    """Finds samples that are missing between the time stamps of a stream.

    Two stamps more than 1.5 sample intervals apart have lost samples between them, unless as
    many came too close together before: devices that stamp whole packets do that.

    Parameters
    ----------
    rate : float
        Nominal rate [Hz].
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._last: float | None = None
        self._ahead = 0.0  # intervals that came early

    def find(self, stamps: FloatArray) -> list[tuple[int, int]]:
        """Return (position, number lost before it) for each gap in the next stamps [samples]."""
        before = stamps[0] - 1 / self._rate if self._last is None else self._last
        intervals = np.diff(np.concatenate(([before], stamps))) * self._rate
        self._last = float(stamps[-1])
        gaps = []
        for position in np.flatnonzero((intervals < 0.5) | (intervals > 1.5)):
            excess = float(intervals[position]) - 1.0
            if excess < 0:
                self._ahead = min(self._ahead - excess, self._rate)
                continue
            lost = round(max(0.0, excess - self._ahead))
            self._ahead = max(0.0, self._ahead - excess)
            if lost:
                gaps.append((int(position), lost))
        return gaps


def described(info: Any, kind: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the channel names and units of a full stream description.

    Names that are missing, or a list that does not fit the channels, become ``<kind>1`` and so on.
    """
    names: list[str] = []
    units: list[str] = []
    channel = info.desc().child("channels").child("channel")
    while not channel.empty():
        names.append(channel.child_value("label"))
        units.append(channel.child_value("unit"))
        channel = channel.next_sibling("channel")
    count = info.channel_count()
    if len(names) != count:
        names, units = [""] * count, [""] * count
    return tuple(name or f"{kind}{place + 1}" for place, name in enumerate(names)), units
