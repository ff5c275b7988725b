# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The life of a device: looked for, streaming, lost, looked for again.

Every source of this package is a :class:`DeviceSource`: it only says how to connect, and one
:class:`Connection` only says how to read. Threads, states, back-off and counting are here.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.sensing.base import DeviceState, SourceStatus
from emo_music_ros.streams import Sample

log = logging.getLogger(__name__)

#: Longest time [s] a connection may wait inside `read`, so that stopping is quick.
PATIENCE = 0.2
#: A device that takes longer than this to open [s] is told of: some drivers never answer.
SLOW = 10.0


class EndOfRecording(Exception):
    """Raised by a connection that has nothing more to give, with the reason as its text."""


class Connection(Protocol):
    """One connection to a device, from the moment it is open until it is lost."""

    @property
    def detail(self) -> str:
        """The device in words, with whatever trouble does not stop it."""
        ...

    @property
    def dropped(self) -> int:
        """Samples lost since it was opened."""
        ...

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return the next samples, or nothing after waiting for at most `PATIENCE` seconds.

        Raises
        ------
        InputError
            If the device is gone.
        EndOfRecording
            If a recording came to its end.
        """
        ...

    def close(self) -> None:
        """Release the device."""
        ...


class Backoff:
    """Waiting times that double from `first` up to `longest` [s]."""

    def __init__(self, first: float = 0.5, longest: float = 10.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def next(self) -> float:
        """Return the time to wait now [s]."""
        delay = self._next
        self._next = min(2 * delay, self._longest)
        return delay

    def reset(self) -> None:
        """Begin again, after a success."""
        self._next = self._first


class DeviceSource:
    """A source that runs one device in its own thread and finds it again when it is lost.

    Parameters
    ----------
    name : str
        What the device is called before it is open.
    connect : callable
        ``connect(stop)`` opens the device; raises InputError if it is absent and
        EndOfRecording if there is nothing to wait for.
    backoff : callable
        Makes the waiting times between attempts.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[threading.Event], Connection],
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._name = name
        self._connect = connect
        self._make_backoff = backoff
        self._lock = threading.Lock()
        self._status = SourceStatus(DeviceState.CLOSED, name)
        self._began = math.nan  # when opening began, while it lasts [monotonic s]
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, deliver: Callable[[Sample], None]) -> None:
        """Begin looking for the device; samples go to `deliver` from the source's thread."""
        self.stop()
        # Each run has its own event: a thread that hangs in a driver can never come back to life.
        self._stop = threading.Event()
        self._status = SourceStatus(DeviceState.OPENING, self._name)
        self._thread = threading.Thread(
            target=self._run, args=(deliver, self._stop), name=self._name, daemon=True
        )
        self._thread.start()

    def request_stop(self) -> None:
        """Ask the thread to end, without waiting for it."""
        self._stop.set()

    def stop(self, patience: float = 1.0) -> None:
        """End within `patience` seconds; the device is released by its own thread."""
        self.request_stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(patience)
        self._thread = None
        with self._lock:
            self._status = SourceStatus(
                DeviceState.CLOSED, self._name, self._status.delivered, self._status.dropped
            )

    def status(self) -> SourceStatus:
        """Return the state now."""
        with self._lock:
            status = self._status
        waited = time.monotonic() - self._began
        if status.state is DeviceState.OPENING and waited > SLOW:
            told = f"{self._name} has not answered for {waited:.0f} s. Check it, or choose another"
            return replace(status, detail=told)
        return status

    def _set(
        self, stop: threading.Event, state: DeviceState, detail: str, delivered: int, dropped: int
    ) -> None:
        with self._lock:
            if not stop.is_set():
                self._status = SourceStatus(state, detail, delivered, dropped)

    def _run(self, deliver: Callable[[Sample], None], stop: threading.Event) -> None:
        backoff = self._make_backoff()
        delivered = dropped = 0
        waiting = DeviceState.OPENING  # LOST once it has streamed
        hand_over = _Receiver(deliver, self._name)
        while not stop.is_set():
            connection: Connection | None = None
            before = dropped
            try:
                self._began = time.monotonic()
                connection = self._connect(stop)
                self._began = math.nan
                while not stop.is_set():
                    samples = connection.read(stop)
                    for sample in samples:
                        if not stop.is_set():
                            hand_over(sample)
                            delivered += 1
                    dropped = before + connection.dropped
                    if samples:
                        backoff.reset()
                        waiting = DeviceState.LOST
                        self._set(
                            stop, DeviceState.STREAMING, connection.detail, delivered, dropped
                        )
            except EndOfRecording as end:
                self._set(stop, DeviceState.FINISHED, str(end), delivered, dropped)
                return
            except CompanionError as error:
                self._set(stop, waiting, str(error), delivered, dropped)
            except Exception as error:  # drivers raise anything; the device is looked for again
                failure = str(
                    InputError(f"{self._name} failed: {error!r}", "It is tried again; see the log")
                )
                if failure != self.status().detail:  # once, not at every attempt
                    log.exception("%s failed", self._name)
                self._set(stop, waiting, failure, delivered, dropped)
            finally:
                self._began = math.nan
                if connection is not None:
                    _close(connection, self._name)
            stop.wait(backoff.next())


class _Receiver:
    """Calls the receiver; its errors are logged once each and never blamed on the device."""

    def __init__(self, deliver: Callable[[Sample], None], name: str) -> None:
        self._deliver, self._name, self._last = deliver, name, ""

    def __call__(self, sample: Sample) -> None:
        try:
            self._deliver(sample)
        except Exception as error:
            if repr(error) != self._last:
                self._last = repr(error)
                log.exception("the receiver of %s failed", self._name)


def _close(connection: Connection, name: str) -> None:
    try:
        connection.close()
    except Exception:  # a device that was unplugged may not even close
        log.exception("closing %s failed", name)
