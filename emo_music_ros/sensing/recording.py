# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recordings played in real time: samples with times relative to a start, delivered when due."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from emo_music_ros.clock import unix
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.sensing.device import PATIENCE, EndOfRecording
from emo_music_ros.streams import AudioBlock, BiosignalBlock, ImageFrame, Sample

#: A picture that is this late [s] is skipped: a newer one is on its way.
LATE = 0.25
#: After falling behind by this much [s], as when a laptop slept, the rest is played from now on.
STALLED = 5.0


@dataclass(frozen=True)
class Lane:
    """One stream of a recording.

    Parameters
    ----------
    name : str
        What it is, for people.
    samples : callable
        Returns the samples in order; their times [s] count from the start of the recording.
    hold : float
        What follows the last sample before the lane is over [s]: the period of pictures, or
        a pause.
    notes : tuple of str
        What was left out of the file or assumed of it.
    """

    name: str
    samples: Callable[[], Iterator[Sample]]
    hold: float = 0.0
    notes: tuple[str, ...] = ()


def end_of(sample: Sample) -> float:
    """Return when the last part of a sample was acquired: a live device hands it over then."""
    if isinstance(sample, AudioBlock):
        return sample.time + len(sample.samples) / sample.sample_rate
    if isinstance(sample, BiosignalBlock):
        return sample.time + len(sample.samples) / sample.rate
    return sample.time


def shifted(sample: Sample, offset: float) -> Sample:
    """Return a sample `offset` seconds later in its recording; its running index moves along."""
    moved = sample.time + offset
    if isinstance(sample, AudioBlock):
        first = sample.first_sample + round(offset * sample.sample_rate)
        return replace(sample, time=moved, first_sample=first)
    if isinstance(sample, BiosignalBlock):
        first = sample.first_index + round(offset * sample.rate)
        return replace(sample, time=moved, first_index=first)
    return replace(sample, time=moved)


def repeated(lane: Lane) -> Lane:
    """Return a lane that plays again and again."""

    def samples() -> Iterator[Sample]:
        offset = 0.0
        while True:
            end = 0.0
            for sample in lane.samples():
                end = max(end, end_of(sample) + lane.hold)
                yield shifted(sample, offset)
            if end <= 0.0:
                return
            offset += end

    return Lane(lane.name, samples, lane.hold, lane.notes)


def in_sequence(name: str, lanes: Sequence[Lane]) -> Lane:
    """Return a lane that plays several one after the other."""

    def samples() -> Iterator[Sample]:
        offset = 0.0
        for lane in lanes:
            end = 0.0
            for sample in lane.samples():
                end = max(end, end_of(sample) + lane.hold)
                yield shifted(sample, offset)
            offset += end

    notes = tuple(note for lane in lanes for note in lane.notes)
    return Lane(name, samples, lanes[-1].hold if lanes else 0.0, notes)


class Playback:
    """Plays lanes side by side from one common start; a :class:`~.device.Connection`.

    Every sample is handed over when it would have been complete in life, with its time moved
    to now. A lane that breaks is named in `detail` and the others go on.

    Parameters
    ----------
    title : str
        What is played, for people.
    lanes : sequence of Lane
        The streams.
    loop : bool
        Start all of them again when the longest one ended.
    problems : sequence of str
        Trouble found before, kept in `detail`.
    """

    def __init__(
        self, title: str, lanes: Sequence[Lane], loop: bool, problems: Sequence[str] = ()
    ) -> None:
        self.dropped = 0
        self._title = title
        self._lanes = lanes
        self._loop = loop
        told = [note for lane in lanes for note in lane.notes]
        self._problems = dict.fromkeys([*problems, *told])
        self._offset = 0.0
        self._end = 0.0
        self._pending: Sample | None = None
        self._merged = self._merge()
        self._start: float | None = None  # monotonic

    @property
    def detail(self) -> str:
        """What is played, and what is wrong with it."""
        return "; ".join((self._title, *self._problems))

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return the next sample when it is due."""
        if self._pending is None:
            self._pending = self._advance()
        sample = self._pending
        if self._start is None:  # only now: opening the files took its time
            self._start = time.monotonic()
        early = self._start + self._offset + end_of(sample) - time.monotonic()
        if early > PATIENCE:
            stop.wait(PATIENCE)
            return ()
        if early > 0 and stop.wait(early):
            return ()
        self._pending = None
        if early < -STALLED:
            self._start -= early
        elif early < -LATE and isinstance(sample, ImageFrame):
            self.dropped += 1
            return ()
        restamped = shifted(sample, self._offset)
        return (replace(restamped, time=unix(restamped.time + self._start)),)

    def close(self) -> None:
        """Release the files."""
        self._merged.close()

    def _advance(self) -> Sample:
        sample = next(self._merged, None)
        if sample is not None:
            return sample
        if self._end <= 0.0:
            raise InputError(f"{self.detail}: nothing in it can be played", "Give another file")
        if not self._loop:
            raise EndOfRecording(f"{self.detail}; played to its end")
        self._offset += self._end
        self._end = 0.0
        self._merged = self._merge()
        return self._advance()

    def _merge(self) -> Generator[Sample, None, None]:
        tracks = [self._guarded(lane) for lane in self._lanes]
        for sample, hold in heapq.merge(*tracks, key=lambda entry: end_of(entry[0])):
            self._end = max(self._end, end_of(sample) + hold)
            yield sample

    def _guarded(self, lane: Lane) -> Iterator[tuple[Sample, float]]:
        try:
            for sample in lane.samples():
                yield sample, lane.hold
        except CompanionError as error:
            self._problems[str(error)] = None
        except Exception as error:  # decoders raise anything
            self._problems[f"{lane.name} broke: {error!r}"] = None
