"""Physiological streams found on the network by Lab Streaming Layer."""

from __future__ import annotations

import fnmatch
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError, OptionError
from emo_music_ros.options import nearest, option
from emo_music_ros.sensing.base import DeviceState, SourceStatus
from emo_music_ros.sensing.device import Backoff, DeviceSource
from emo_music_ros.sensing.outlet import KINDS
from emo_music_ros.streams import BiosignalBlock, FloatArray, Sample

log = logging.getLogger(__name__)

#: LSL stream type in lower case -> kind.
TYPES = {
    **{kind: kind for kind in KINDS},
    **{name.lower(): kind for kind, (name, _) in KINDS.items()},
    "ekg": "ecg",
    "bvp": "ppg",
    "gsr": "eda",
    "sc": "eda",
    "breathing": "respiration",
    "accelerometer": "acceleration",
}
#: Kind -> fewest and most channels that make sense.
CHANNELS = {
    "eeg": (1, 256),
    "ecg": (1, 15),
    "ppg": (1, 8),
    "eda": (1, 2),
    "respiration": (1, 4),
    "temperature": (1, 8),
    "acceleration": (3, 3),
}
#: Highest rate that is taken for a biosignal [Hz].
HIGHEST_RATE = 20000.0
#: Kind -> unit in lower case -> factor to the unit of the kind.
FACTORS = {
    "eeg": {"v": 1e6, "volts": 1e6, "mv": 1e3, "millivolts": 1e3},
    "ecg": {"v": 1e3, "volts": 1e3, "uv": 1e-3, "µv": 1e-3, "microvolts": 1e-3},
    "eda": {"s": 1e6, "siemens": 1e6, "ms": 1e3, "ns": 1e-3},
    "acceleration": {"mg": 1e-3, "m/s^2": 1 / 9.80665, "m/s2": 1 / 9.80665, "m/s²": 1 / 9.80665},
}
#: Time between two looks at a stream [s].
POLL = 0.03
#: What an inlet buffers at most [s].
BUFFER = 5
#: Patience for the description and the first clock offset of a stream [s].
HANDSHAKE = 2.0


@dataclass(frozen=True)
class LslOptions:
    """What can be set."""

    kinds: list[str] = option(list(KINDS), "kinds of signal to look for")
    name: str = option("*", "only streams whose name matches this pattern (* and ? allowed)")
    predicate: str = option("", "XPath predicate for the resolver; empty = every stream")
    resolve_interval: float = option(1.0, "time between looks for streams [s]", low=0.1, high=60.0)
    stale_after: float = option(
        5.0, "a stream without samples for this long is lost [s]", low=0.5, high=600.0
    )
    offset_interval: float = option(
        5.0, "time between estimates of the clock offset [s]", low=0.1, high=600.0
    )


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
            if kind not in KINDS:
                raise OptionError(
                    f"there is no biosignal kind '{kind}'", nearest(kind, list(KINDS))
                )
        self._finder = _Finder(self._options)
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
            "; ".join(told + refused),
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
            return Inlet(kind, info, self._options, stop)
        except RuntimeError as error:  # what pylsl raises
            raise InputError(
                f"LSL stream '{info.name()}' cannot be opened: {error}",
                "Check the network and the firewall; it is tried again",
            ) from error


class _Finder:
    """Watches the network in the background and chooses one usable stream for each kind."""

    def __init__(self, options: LslOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._resolver: Any = None
        self._found: dict[str, Any] = {}
        self._refused: dict[str, str] = {}
        self._looked = -math.inf

    def start(self) -> None:
        import pylsl

        predicate = self._options.predicate or None
        with self._lock:
            self._looked = -math.inf
            self._resolver = pylsl.ContinuousResolver(pred=predicate, forget_after=3.0)

    def stop(self) -> None:
        with self._lock:
            self._resolver = None
            self._found.clear()
            self._refused.clear()

    def find(self, kind: str) -> Any:
        """Return the stream of a kind, None if there is none."""
        with self._lock:
            self._look()
            return self._found.get(kind)

    def refused(self) -> list[str]:
        """Return why streams are not used."""
        with self._lock:
            self._look()
            return sorted(self._refused.values())

    def _look(self) -> None:
        if self._resolver is None or time.monotonic() - self._looked < 0.2:
            return
        self._looked = time.monotonic()
        self._found, refused = {}, {}
        # Oldest first: the choice does not flip when another stream appears.
        for info in sorted(
            self._resolver.results(), key=lambda info: (info.created_at(), info.uid())
        ):
            kind = TYPES.get(info.type().strip().lower())
            if kind not in self._options.kinds:
                continue
            if not fnmatch.fnmatchcase(info.name(), self._options.name):
                continue
            reason = unusable(kind, info)
            if not reason and kind in self._found:
                reason = f"not used, '{self._found[kind].name()}' already gives {kind}"
            if reason:
                refused[info.uid()] = f"LSL stream '{info.name()}' ({info.type()}): {reason}"
            else:
                self._found[kind] = info
        for uid in refused.keys() - self._refused.keys():
            log.warning("%s", refused[uid])
        self._refused = refused


def unusable(kind: str, info: Any) -> str:
    """Return why an LSL stream cannot be used for a kind, empty if it can."""
    import pylsl

    channels, rate = info.channel_count(), info.nominal_srate()
    fewest, most = CHANNELS[kind]
    if info.channel_format() == pylsl.cf_string:
        return "refused, it carries text. Send numbers (float32)"
    if not fewest <= channels <= most:
        expected = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        return f"refused, it has {channels} channels. A stream of {kind} has {expected}"
    if not 0 < rate <= HIGHEST_RATE:
        return f"refused, its rate is {rate:g} Hz. Declare the nominal rate of the device"
    return ""


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
    """

    def __init__(self, kind: str, info: Any, options: LslOptions, stop: threading.Event) -> None:
        import pylsl

        self.dropped = 0
        self._pylsl = pylsl
        self._kind = kind
        self._name = info.name()
        self._options = options
        self._rate = float(info.nominal_srate())
        self._inlet = pylsl.StreamInlet(info, max_buflen=BUFFER, recover=False)
        full = self._inlet.info(timeout=HANDSHAKE)
        self._channels, units = described(full, kind)
        unit = KINDS[kind][1]
        factors = [FACTORS.get(kind, {}).get(name.lower()) for name in units]
        self._units = tuple(
            name if factor is None and name else unit for name, factor in zip(units, factors)
        )
        self._factor = np.array([factor or 1.0 for factor in factors], np.float32)
        self._source = full.desc().child_value("source") or f"live:{self._name}"
        self._inlet.open_stream(timeout=HANDSHAKE)
        self._offset = 0.0  # remote clock minus local clock
        self._epoch = 0.0  # unix time minus local LSL clock
        self._estimated = -math.inf
        deadline = time.monotonic() + HANDSHAKE
        while not self._estimate(0.2) and time.monotonic() < deadline and not stop.is_set():
            pass
        self._gaps = Gaps(self._rate)
        self._index = 0
        self._newest = time.monotonic()

    @property
    def detail(self) -> str:
        """The stream in words."""
        return (
            f"{self._kind} from '{self._name}' ({self._source}), {len(self._channels)} x "
            f"{self._rate:g} Hz, clock offset {1e3 * self._offset:.2f} ms"
        )

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return everything that arrived since the last call, cut where samples are missing."""
        if stop.wait(POLL):
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
                raise InputError(
                    f"LSL stream '{self._name}' ({self._kind}) gives no samples for "
                    f"{self._options.stale_after:g} s",
                    "Check the device; it is looked for",
                )
            return ()
        self._newest = time.monotonic()
        return self._blocks(np.concatenate(pieces), np.concatenate(stamps))

    def close(self) -> None:
        """Leave the stream."""
        self._inlet.close_stream()

    def _estimate(self, timeout: float) -> bool:
        """Estimate the clocks again; return whether that worked. An old estimate stays valid."""
        self._epoch = time.time() - self._pylsl.local_clock()
        try:
            self._offset = -float(self._inlet.time_correction(timeout=timeout))
        except RuntimeError:  # what pylsl raises; no answer in time
            return False
        self._estimated = time.monotonic()
        return True

    def _blocks(self, values: FloatArray, stamps: FloatArray) -> list[Sample]:
        values = np.asarray(values, np.float32) * self._factor
        blocks: list[Sample] = []
        start = 0
        for position, lost in (*self._gaps.find(stamps), (len(stamps), 0)):
            if position > start:
                blocks.append(
                    BiosignalBlock(
                        time=float(stamps[start] - self._offset + self._epoch),
                        kind=self._kind,
                        samples=values[start:position],
                        rate=self._rate,
                        channels=self._channels,
                        units=self._units,
                        first_index=self._index,
                        dropped=self.dropped,
                        clock_offset=self._offset,
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
