# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pictures as messages carry them, from ROS or from a recording.

Every encoding of ``sensor_msgs/image_encodings`` that names a picture is understood, with the
result that cv_bridge gives for ``bgr8``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError

#: Name of an encoding without its depth -> (channels, order that gives BGR).
_COLOURS: dict[str, tuple[int, tuple[int, ...] | None]] = {
    "bgr": (3, None),
    "rgb": (3, (2, 1, 0)),
    "bgra": (4, (0, 1, 2)),
    "rgba": (4, (2, 1, 0)),
    "mono": (1, None),
}
#: Encodings with plain pixels -> (type of a value, channels, order that gives BGR). Those that say
#: nothing of colours, as 8UC3, have the order of OpenCV.
_PLAIN: dict[str, tuple[str, int, tuple[int, ...] | None]] = {
    **{
        f"{name}{bits}": (f"u{bits // 8}", channels, order)
        for name, (channels, order) in _COLOURS.items()
        for bits in (8, 16)
    },
    **{
        f"{bits}c{channels}": (kind, channels, (0, 1, 2) if channels == 4 else None)
        for bits, kind in (("8u", "u1"), ("16u", "u2"), ("32f", "f4"))
        for channels in (1, 3, 4)
    },
}
#: Pattern of a Bayer sensor -> OpenCV's name of it, which begins at the second pixel of row two.
_BAYER = {"rggb": "BG", "bggr": "RG", "gbrg": "GR", "grbg": "GB"}
#: Two bytes a pixel -> OpenCV's name.
_PACKED = {"yuv422": "UYVY", "uyvy": "UYVY", "yuv422_yuy2": "YUY2", "yuyv": "YUY2"}
#: Brightness first, then colours of every 2 x 2 pixels.
_PLANES = {"nv12": "NV12", "nv21": "NV21"}

Picture = NDArray[np.uint8]

REMEDY = (
    "Send bgr8, rgb8, mono8, bgra8, rgba8, their 16-bit forms, 8UC1, 8UC3, 16UC1, 32FC1 (0 to 1), "
    "a bayer_* or yuv* encoding, nv12, nv21 or nv24"
)


def picture(message: Any) -> Picture:
    """Return the picture of a sensor_msgs/Image.

    Parameters
    ----------
    message : sensor_msgs/Image
        Or anything with its fields `encoding`, `height`, `width`, `step`, `data` and, where values
        have more than one byte, `is_bigendian`.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3] in BGR, or [height, width] grey.

    Raises
    ------
    InputError
        If the message is empty or short, or its encoding names no picture.
    """
    encoding = message.encoding.strip().lower()
    if not message.height or not message.width:
        raise _bad(message, "it is empty")
    if encoding in _PLAIN:
        return _plain(message, *_PLAIN[encoding])
    if encoding.startswith("bayer_"):
        pattern = encoding.removeprefix("bayer_").rstrip("0123456789")
        if pattern in _BAYER and encoding.endswith(("8", "16")):
            return _bayer(message, _BAYER[pattern], "u1" if encoding.endswith("8") else "u2")
    if encoding in _PACKED:
        return _yuv(message, 2, 1.0, f"COLOR_YUV2BGR_{_PACKED[encoding]}")
    if encoding in _PLANES:
        return _yuv(message, 1, 1.5, f"COLOR_YUV2BGR_{_PLANES[encoding]}")
    if encoding == "nv24":
        return _nv24(message)
    raise _bad(message, f"its encoding '{message.encoding}' names no picture")


def compressed_picture(message: Any) -> Picture:
    """Return the picture of a sensor_msgs/CompressedImage, uint8 [height, width, 3] in BGR.

    Raises
    ------
    InputError
        If it is none that OpenCV decodes: depth, or part of a video.
    """
    name = message.format.strip()
    content = np.frombuffer(message.data, np.uint8)
    if "compresseddepth" in name.lower():
        raise InputError(f"a compressed image of format '{name}' is depth", _COMPRESSED)
    cv2 = _opencv()
    found = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if found is None:
        size = f"{content.size} bytes" if content.size else "no data"
        raise InputError(
            f"a compressed image of format '{name}' with {size} cannot be decoded", _COMPRESSED
        )
    return found  # type: ignore[no-any-return]


_COMPRESSED = "Send jpeg or png, or the raw image"


def _opencv() -> Any:
    import cv2  # only here: most pictures need nothing of it

    return cv2


def _bad(message: Any, why: str) -> InputError:
    what = f"an image of {message.width} x {message.height} pixels in '{message.encoding}'"
    return InputError(f"{what} cannot be used: {why}", REMEDY)


def _rows(message: Any, kind: str, values: int, rows: int) -> NDArray[Any]:
    """Return [rows, values] of the type `kind` without what pads the rows.

    Raises
    ------
    InputError
        If there are fewer.
    """
    order = ">" if getattr(message, "is_bigendian", 0) else "<"
    size = np.dtype(kind).itemsize
    step = message.step or values * size
    data = np.frombuffer(message.data, np.uint8)
    if step < values * size or data.size < rows * step:
        raise _bad(message, f"it has {data.size} bytes in steps of {message.step}, too few")
    found = data[: rows * step].reshape(rows, step)[:, : values * size]
    if size == 1:
        return found
    return np.ascontiguousarray(found).view(order + kind).astype(kind)


def _plain(message: Any, kind: str, channels: int, order: tuple[int, ...] | None) -> Picture:
    found = _rows(message, kind, message.width * channels, message.height)
    if channels > 1:
        found = found.reshape(message.height, message.width, channels)
        found = found if order is None else found[:, :, list(order)]
    if kind == "f4":
        highest = float(np.nanmax(found)) if np.isfinite(found).any() else 0.0
        if highest > 1.0 or float(np.nanmin(found, initial=0.0)) < 0.0:
            raise _bad(
                message, f"its values reach {highest:g}, as distances do; brightness is 0..1"
            )
        return np.rint(np.nan_to_num(found) * 255).astype(np.uint8)
    return _eight_bits(found)


def _eight_bits(found: NDArray[Any]) -> Picture:
    if found.dtype == np.uint8:
        return found
    return np.rint(found * (255 / 65535)).astype(np.uint8)


def _bayer(message: Any, pattern: str, kind: str) -> Picture:
    if message.width < 2 or message.height < 2:
        raise _bad(message, "it is smaller than its colour pattern")
    cv2 = _opencv()
    mosaic = np.ascontiguousarray(_rows(message, kind, message.width, message.height))
    return _eight_bits(cv2.cvtColor(mosaic, getattr(cv2, f"COLOR_Bayer{pattern}2BGR")))


def _yuv(message: Any, values: int, share: float, name: str) -> Picture:
    height, width = message.height, message.width
    if width % 2 or (share > 1 and height % 2):
        raise _bad(message, "its size is odd, where two pixels share a colour")
    rows = np.ascontiguousarray(_rows(message, "u1", width * values, round(height * share)))
    cv2 = _opencv()
    if values > 1:
        rows = rows.reshape(height, width, values)
    return cv2.cvtColor(rows, getattr(cv2, name))  # type: ignore[no-any-return]


def _nv24(message: Any) -> Picture:
    """Return a picture with the colours of every pixel after the brightness of all.

    OpenCV knows no such form: each pixel becomes two that share their colour.
    """
    height, width = message.height, message.width
    data = np.frombuffer(message.data, np.uint8)
    step = message.step or width
    if step < width or data.size < 3 * height * step:
        raise _bad(message, f"it has {data.size} bytes in steps of {message.step}, too few")
    light = data[: height * step].reshape(height, step)[:, :width]
    colours = data[height * step : 3 * height * step].reshape(height, 2 * step)[:, : 2 * width]
    pairs = np.empty((height, 2 * width, 2), np.uint8)
    pairs[:, :, 0] = colours
    pairs[:, :, 1] = np.repeat(light, 2, axis=1)
    cv2 = _opencv()
    return cv2.cvtColor(pairs, cv2.COLOR_YUV2BGR_UYVY)[:, ::2]  # type: ignore[no-any-return]
