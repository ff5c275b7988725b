# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Times, headers and arrays of messages. Arrays move as buffers, never element by element."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from emo_music_ros.io.mcap_messages import seconds as seconds


def stamp(time: float) -> Time:
    """Return a ROS time from unix seconds; not finite or negative becomes 0."""
    if not np.isfinite(time) or time < 0:
        return Time()
    nanoseconds = round(time * 1e9)
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def header(time: float, frame: str = "") -> Header:
    """Return a header with the acquisition time."""
    return Header(stamp=stamp(time), frame_id=frame)


def floats(values: Any) -> array[float]:
    """Return a float32 buffer for a message field."""
    buffer = array("f")
    buffer.frombytes(np.ascontiguousarray(values, np.float32).data.cast("B"))
    return buffer
