# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The calibration of a camera, as ``camera_calibration`` writes it, as a message."""

from __future__ import annotations

from typing import Any

import yaml
from sensor_msgs.msg import CameraInfo

from emo_music_ros.errors import InputError
from emo_music_ros.paths import regular_file

_REMEDY = "Give the YAML file that 'ros2 run camera_calibration cameracalibrator' made"
#: Key in the file -> field of the message, and how many numbers it has; 0 = any.
_MATRICES = {
    "camera_matrix": ("k", 9),
    "rectification_matrix": ("r", 9),
    "projection_matrix": ("p", 12),
    "distortion_coefficients": ("d", 0),
}


def read_calibration(name: str) -> CameraInfo:
    """Return the calibration in a file, without a header.

    Raises
    ------
    InputError
        If there is no such file, or it holds something else.
    """
    path = regular_file(name.removeprefix("file://"), "camera_info")
    try:
        content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        info = CameraInfo(
            width=int(content["image_width"]),
            height=int(content["image_height"]),
            distortion_model=str(content["distortion_model"]),
        )
        for key, (field, count) in _MATRICES.items():
            numbers = [float(number) for number in content[key]["data"]]
            if count and len(numbers) != count:
                raise ValueError(f"{key} has {len(numbers)} numbers, not {count}")
            setattr(info, field, numbers)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"camera_info: {path} holds no calibration: {error!r}", _REMEDY) from error
    return info


def scaled(info: CameraInfo, width: int, height: int) -> CameraInfo:
    """Return a calibration for pictures of another size [pixels] of the same view."""
    across, down = width / info.width, height / info.height
    found = CameraInfo(
        width=width, height=height, distortion_model=info.distortion_model, d=info.d, r=info.r
    )
    for field, row in (("k", 3), ("p", 4)):
        numbers = list(getattr(info, field))
        numbers[:row] = [number * across for number in numbers[:row]]
        numbers[row : 2 * row] = [number * down for number in numbers[row : 2 * row]]
        setattr(found, field, numbers)
    return found
