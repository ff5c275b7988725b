"""Pictures as messages carry them, from ROS or from a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Encoding -> (channels, order that gives BGR).
ENCODINGS: dict[str, tuple[int, tuple[int, ...] | None]] = {
    "bgr8": (3, None),
    "rgb8": (3, (2, 1, 0)),
    "bgra8": (4, (0, 1, 2)),
    "rgba8": (4, (2, 1, 0)),
    "mono8": (1, None),
}


def picture(message: Any) -> NDArray[np.uint8] | None:
    """Return the picture of a sensor_msgs/Image, None if it cannot be used.

    Parameters
    ----------
    message : sensor_msgs/Image
        Or anything with its fields `encoding`, `height`, `width`, `step` and `data`.

    Returns
    -------
    array or None
        uint8 [height, width, 3] in BGR, or [height, width] grey; None if the message is empty,
        short or of another encoding.
    """
    if message.encoding not in ENCODINGS:
        return None
    channels, order = ENCODINGS[message.encoding]
    height, width, step = message.height, message.width, message.step
    data = np.frombuffer(message.data, np.uint8)
    if not height or not width or step < width * channels or data.size < height * step:
        return None
    found = data[: height * step].reshape(height, step)[:, : width * channels]
    if channels > 1:
        found = found.reshape(height, width, channels)
        found = found if order is None else found[:, :, list(order)]
    return found
