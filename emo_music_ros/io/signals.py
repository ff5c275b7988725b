# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Physiology read from a file, and how it is cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emo_music_ros.streams import BiosignalBlock, FloatArray

#: Numbers above this where a time can stand are times [unix s]; those below count from a start.
UNIX_TIMES = 1e9


@dataclass(frozen=True)
class Signal:
    """The samples of one file.

    Parameters
    ----------
    kind : str
        One of :data:`emo_music_ros.streams.UNITS`.
    values : numpy.ndarray
        float32 [samples, channels], NaN where a value is missing.
    rate : float
        Samples per second [Hz].
    channels : tuple of str
        Their names.
    unit : str
        Of all channels.
    begin : float
        When it was recorded [unix s], 0 = not known.
    runs : tuple of (int, float)
        First sample of each run without a gap, and when it was acquired [s after `begin`].
    notes : tuple of str
        What was left out of the file or assumed of it.
    """

    kind: str
    values: FloatArray
    rate: float
    channels: tuple[str, ...]
    unit: str
    begin: float = 0.0
    runs: tuple[tuple[int, float], ...] = ((0, 0.0),)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clock:
    """What times count: `seconds` is the length of one unit."""

    name: str
    seconds: float


_CLOCKS = (
    (1e17, Clock("unix time in nanoseconds", 1e-9)),
    (1e14, Clock("unix time in microseconds", 1e-6)),
    (1e11, Clock("unix time in milliseconds", 1e-3)),
    (UNIX_TIMES, Clock("unix time", 1.0)),
)


def clock_of(time: float) -> Clock | None:
    """Return the clock of a time by its size, None if it is no unix time."""
    return next((clock for least, clock in _CLOCKS if time > least), None)


def blocks(signal: Signal, seconds: float, start: float, source: str) -> Iterator[BiosignalBlock]:
    """Yield a signal in blocks of at most `seconds`; what `begin` stands for is at `start` [s].

    Samples are counted at the rate within a run. A gap ends a block and is left out of the
    running index, as where a device lost samples.
    """
    size = max(1, round(seconds * signal.rate))
    units = (signal.unit,) * len(signal.channels)
    index, due = 0, 0.0
    for place, (begin, offset) in enumerate(signal.runs):
        last = place + 1 == len(signal.runs)
        end = len(signal.values) if last else signal.runs[place + 1][0]
        # A clock that was set back does not take samples back.
        index += max(0, round((offset - due) * signal.rate)) if place else 0
        for first in range(begin, end, size):
            samples = signal.values[first : min(first + size, end)]
            yield BiosignalBlock(
                time=start + offset + (first - begin) / signal.rate,
                kind=signal.kind,
                samples=samples,
                rate=signal.rate,
                channels=signal.channels,
                units=units,
                first_index=index,
                source=source,
            )
            index += len(samples)
        due = offset + (end - begin) / signal.rate
