# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The interface of an output backend, the plugin of the player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from emo_music_ros.streams import FloatArray

#: ``render(frames, delay)`` returns the next float32 [frames, 2], -1..1; the first of them leaves
#: the loudspeaker `delay` seconds from now, output latency included.
Render = Callable[[int, float], FloatArray]


class Backend(Protocol):
    """Asks for sound in real time from a thread of its own, and lets it be heard.

    A device that is absent or unplugged is a state, not an exception: the backend says so in
    `error`, keeps trying with back-off and consumes the sound silently in the meantime.

    Attributes
    ----------
    name : str
        Plugin name; ``null`` makes no sound.
    rate : int
        Frames per second [Hz] asked for; fixed from construction on.
    underruns : int
        Times the device ran dry, or real time could not be kept, since the start.
    error : str
        Cause and remedy while there is no sound; empty = none.
    """

    name: str
    rate: int
    underruns: int
    error: str

    def start(self, render: Render) -> None:
        """Begin calling `render`; returns at once."""
        ...

    def stop(self) -> None:
        """End within a second and release the device. May be called twice."""
        ...
