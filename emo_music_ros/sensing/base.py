# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The interface of a source plugin and the states of a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from emo_music_ros.plugins import NoOptions
from emo_music_ros.streams import Sample


class DeviceState(Enum):
    """Where a device is in its life."""

    CLOSED = "closed"  # not started, or stopped
    OPENING = "opening"  # being looked for; includes waiting between attempts
    STREAMING = "streaming"  # samples arrive
    LOST = "lost"  # was streaming, nothing arrives any more; being looked for again
    FINISHED = "finished"  # a recording came to its end


@dataclass(frozen=True)
class SourceStatus:
    """What a source says about itself, for diagnostics and the log."""

    state: DeviceState
    detail: str = ""  # device or file, and in trouble cause and remedy
    delivered: int = 0  # samples, frames or utterances handed over
    dropped: int = 0  # lost since the start


class Source(Protocol):
    """Delivers samples from its own thread until stopped.

    One that can deliver less often has an attribute `pace` (:mod:`emo_music_ros.pacing`).

    A missing or unplugged device is a state, not an exception: the source keeps trying with
    exponential back-off. Only a wrong option raises, from the constructor.
    """

    def start(self, deliver: Callable[[Sample], None]) -> None:
        """Begin; `deliver` is called from the source's thread(s), one call at a time per kind."""
        ...

    def stop(self) -> None:
        """End within a second and release the device. May be called twice."""
        ...

    def status(self) -> SourceStatus:
        """Return the state now. Cheap, callable from any thread."""
        ...


class Nothing:
    """A source that delivers nothing, for modalities that are switched off."""

    Options = NoOptions

    def __init__(self, options: NoOptions | None = None) -> None:
        del options

    def start(self, deliver: Callable[[Sample], None]) -> None:
        """Do nothing."""
        del deliver

    def stop(self) -> None:
        """Do nothing."""

    def status(self) -> SourceStatus:
        """Return CLOSED."""
        return SourceStatus(DeviceState.CLOSED, "switched off")
