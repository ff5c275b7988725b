# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.pictures import compressed_picture, picture

HEIGHT, WIDTH = 6, 8
#: Encoding -> bytes of a row, and rows.
PLAIN = {
    f"{name}{bits}": (WIDTH * channels * bits // 8, HEIGHT)
    for name, channels in (("bgr", 3), ("rgb", 3), ("bgra", 4), ("rgba", 4), ("mono", 1))
    for bits in (8, 16)
}
BAYER = {
    f"bayer_{pattern}{bits}": (WIDTH * bits // 8, HEIGHT)
    for pattern in ("rggb", "bggr", "gbrg", "grbg")
    for bits in (8, 16)
}
YUV = {
    **dict.fromkeys(("yuv422", "uyvy", "yuv422_yuy2", "yuyv"), (2 * WIDTH, HEIGHT)),
    **dict.fromkeys(("nv12", "nv21"), (WIDTH, HEIGHT * 3 // 2)),
    "nv24": (WIDTH, HEIGHT * 3),
}
TYPED = {"8UC1": (WIDTH, HEIGHT), "8UC3": (3 * WIDTH, HEIGHT), "16UC1": (2 * WIDTH, HEIGHT)}


def message(encoding, data, step, big=0, height=HEIGHT, width=WIDTH):
    return SimpleNamespace(
        encoding=encoding, height=height, width=width, step=step, is_bigendian=big, data=data
    )


def noise(step, rows, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, step), dtype=np.uint8)


def filled(encoding, colour):
    """Return a picture of one BGR colour as a driver of that encoding would send it."""
    blue, green, red = colour
    area = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    if encoding in YUV:
        planar = cv2.cvtColor(area, cv2.COLOR_BGR2YUV_I420)
        light, flat = planar[:HEIGHT], planar.reshape(-1)
        u, v = flat[HEIGHT * WIDTH], flat[HEIGHT * WIDTH * 5 // 4]
        if encoding.startswith("nv"):
            rows = {"nv12": HEIGHT // 2, "nv21": HEIGHT // 2, "nv24": 2 * HEIGHT}[encoding]
            pair = (v, u) if encoding == "nv21" else (u, v)
            return np.vstack([light, np.tile(np.array(pair, np.uint8), (rows, WIDTH // 2))])
        packed = np.empty((HEIGHT, WIDTH, 2), np.uint8)
        first = encoding in ("yuv422", "uyvy")
        packed[:, :, int(first)] = light
        packed[:, ::2, int(not first)], packed[:, 1::2, int(not first)] = u, v
        return packed.reshape(HEIGHT, 2 * WIDTH)
    values = {"r": red, "g": green, "b": blue}
    pattern = encoding.removeprefix("bayer_").rstrip("0123456789")
    mosaic = np.array([values[letter] for letter in pattern], np.uint8).reshape(2, 2)
    mosaic = np.tile(mosaic, (HEIGHT // 2, WIDTH // 2))
    return mosaic if encoding.endswith("8") else (mosaic.astype("<u2") * 257).view(np.uint8)


@pytest.mark.parametrize("encoding", [*BAYER, *YUV])
@pytest.mark.parametrize("colour", [(200, 60, 90), (40, 180, 70), (50, 70, 210), (128, 128, 128)])
def test_colours_come_out_as_they_are(encoding, colour):
    data = filled(encoding, colour)
    found = picture(message(encoding, data.tobytes(), data.shape[1]))
    assert found.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(found.astype(int) - colour).max() <= 3


#: Encodings that every cv_bridge converts.
EVERYWHERE = {"mono8", "bgr8", "rgb8", "bgra8", "rgba8", "bayer_rggb8", "bayer_bggr8"}


@pytest.mark.parametrize("encoding", [*PLAIN, *BAYER, *YUV])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_result_is_that_of_cv_bridge(encoding, seed):
    bridge = pytest.importorskip("cv_bridge", reason="cv_bridge is not installed")
    images = pytest.importorskip("sensor_msgs.msg", reason="ROS is not installed")
    step, rows = {**PLAIN, **BAYER, **YUV}[encoding]
    sent = images.Image(
        height=HEIGHT,
        width=WIDTH,
        encoding=encoding,
        step=step,
        data=noise(step, rows, seed).tobytes(),
    )
    try:
        wanted = bridge.CvBridge().imgmsg_to_cv2(sent, "bgr8")
    except KeyError as error:  # the wheel knows fewer encodings than the one of a robot
        assert encoding not in EVERYWHERE
        pytest.skip(f"this cv_bridge does not convert it: {error!r:.80}")
    found = picture(sent)
    if found.ndim == 2:
        found = np.repeat(found[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("encoding", [*PLAIN, *BAYER, *YUV, *TYPED])
def test_what_pads_the_rows_is_left_out(encoding):
    step, rows = {**PLAIN, **BAYER, **YUV, **TYPED}[encoding]
    data = noise(step, rows)
    padding = 4  # a whole number of values
    padded = np.pad(data, ((0, 0), (0, padding)), constant_values=255)
    if encoding == "nv24":  # two rows of colours for every row of brightness
        light, colours = data[:HEIGHT], data[HEIGHT:].reshape(HEIGHT, 2 * WIDTH)
        padded = np.vstack(
            [
                np.pad(light, ((0, 0), (0, padding))),
                np.pad(colours, ((0, 0), (0, 2 * padding))).reshape(2 * HEIGHT, -1),
            ]
        )
    np.testing.assert_array_equal(
        picture(message(encoding, padded.tobytes(), step + padding)),
        picture(message(encoding, data.tobytes(), step)),
    )


@pytest.mark.parametrize("encoding", ["mono16", "bgr16", "rgba16", "bayer_rggb16", "16UC1"])
def test_the_order_of_bytes_is_that_of_the_message(encoding):
    step, rows = {**PLAIN, **BAYER, **TYPED}[encoding]
    values = noise(step, rows).view("<u2")
    np.testing.assert_array_equal(
        picture(message(encoding, values.astype(">u2").tobytes(), step, big=1)),
        picture(message(encoding, values.tobytes(), step)),
    )


def test_sixteen_bits_become_eight_over_the_whole_range():
    values = np.array([[0, 257, 32768, 65535]], "<u2")
    found = picture(message("mono16", values.tobytes(), 8, height=1, width=4))
    assert found.tolist() == [[0, 1, 128, 255]]
    typed = picture(message("16UC1", values.tobytes(), 8, height=1, width=4))
    np.testing.assert_array_equal(typed, found)


def test_brightness_as_a_share_and_not_as_a_distance():
    shares = np.array([[0.0, 0.5, 1.0, np.nan]], "<f4")
    assert picture(message("32FC1", shares.tobytes(), 16, height=1, width=4)).tolist() == [
        [0, 128, 255, 0]
    ]
    with pytest.raises(InputError, match="distances"):
        picture(message("32FC1", (shares * 3).tobytes(), 16, height=1, width=4))


@pytest.mark.parametrize(
    "encoding", ["", "16SC1", "8SC3", "32SC1", "64FC1", "8UC2", "jpeg", "bayer_xxxx8", "bayer_"]
)
def test_what_names_no_picture_is_refused_with_what_would_work(encoding):
    with pytest.raises(InputError) as caught:
        picture(message(encoding, bytes(10000), WIDTH * 8))
    assert f"'{encoding}'" in caught.value.cause
    assert "bgr8" in caught.value.remedy


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*PLAIN, *BAYER, *YUV, *TYPED, "32FC1"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 80),
    st.binary(max_size=500),
)
def test_any_message_is_a_picture_or_refused(encoding, height, width, step, data):
    try:
        found = picture(message(encoding, data, step, height=height, width=width))
    except InputError:
        return
    assert found.dtype == np.uint8
    assert found.shape[:2] == (height, width)


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_compressed_pictures(ending):
    image = np.full((20, 30, 3), (200, 60, 90), np.uint8)
    data = cv2.imencode(ending, image)[1].tobytes()
    found = compressed_picture(SimpleNamespace(format="bgr8; jpeg compressed bgr8", data=data))
    assert np.abs(found.astype(int) - image).max() <= 4


@pytest.mark.parametrize(
    ("name", "data"),
    [("jpeg", b""), ("h264", b"\0\0\0\1abc"), ("16UC1; compressedDepth png", b"\x89PNG")],
)
def test_compressed_what_is_no_picture_is_refused(name, data):
    with pytest.raises(InputError, match=name.split(";")[0]) as caught:
        compressed_picture(SimpleNamespace(format=name, data=data))
    assert "jpeg" in caught.value.remedy
