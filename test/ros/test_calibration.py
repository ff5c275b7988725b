# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.ros.calibration import read_calibration, scaled

FILE = """
image_width: 640
image_height: 480
camera_name: head
camera_matrix: {rows: 3, cols: 3, data: [600, 0, 320, 0, 610, 240, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0, 0, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [590, 0, 321, 0, 0, 600, 241, 0, 0, 0, 1, 0]}
"""


def test_a_calibration_is_read_and_fits_smaller_pictures(tmp_path: Path):
    (tmp_path / "head.yaml").write_text(FILE)
    info = read_calibration(f"file://{tmp_path / 'head.yaml'}")
    assert (info.width, info.height, info.distortion_model) == (640, 480, "plumb_bob")
    assert list(info.d) == [0.1, -0.2, 0, 0, 0]
    half = scaled(info, 320, 120)
    assert (half.width, half.height) == (320, 120)
    assert list(half.k) == [300, 0, 160, 0, 152.5, 60, 0, 0, 1]
    assert list(half.p) == [295, 0, 160.5, 0, 0, 150, 60.25, 0, 0, 0, 1, 0]
    assert list(half.r) == list(info.r)


@pytest.mark.parametrize("content", ["", "a: 1", FILE.replace("600, 0, 320, ", ""), "[", "- 1"])
def test_what_is_no_calibration_is_named(tmp_path: Path, content: str):
    (tmp_path / "head.yaml").write_text(content)
    with pytest.raises(InputError, match=r"head\.yaml holds no calibration"):
        read_calibration(str(tmp_path / "head.yaml"))
    with pytest.raises(InputError, match="does not exist"):
        read_calibration(str(tmp_path / "absent.yaml"))
