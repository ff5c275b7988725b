from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from emo_music_ros.encoding import face_detection
from emo_music_ros.encoding.face_detection import (
    DETECTORS,
    BlazeFace,
    Face,
    HaarCascade,
    as_picture,
    crop,
)
from emo_music_ros.errors import ModelError

# Eileen Collins, NASA, in the public domain. Eyes at (104, 104) and (150, 110), mouth (121, 146).
PORTRAIT = Path(__file__).with_name("portrait.jpg")


@pytest.fixture(scope="module")
def portrait():
    return cv2.imread(str(PORTRAIT))


@pytest.fixture(scope="module", params=sorted(DETECTORS))
def detector(request):
    return DETECTORS[request.param]()


def test_finds_the_face_where_it_is(detector, portrait):
    (face,) = detector(portrait)
    assert np.hypot(face.centre[0] - 126, face.centre[1] - 110) < 15
    assert 90 < face.side < 135
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


def test_crop_is_upright_and_centred():
    picture = np.zeros((400, 400, 3), np.uint8)
    angle = 0.4
    along = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-np.sin(angle), np.cos(angle)])
    for place in (-30 * along - 20 * down, 30 * along - 20 * down, 40 * down):
        centre = tuple(int(v) for v in np.round(np.array([210, 190]) + place))
        cv2.circle(picture, centre, 9, (255, 255, 255), -1)
    face = crop(picture, Face((210.0, 190.0), 120.0, angle, 1.0, np.zeros((4, 2))))
    assert face.shape == (48, 48)
    count, _, _, middles = cv2.connectedComponentsWithStats((face > 100).astype(np.uint8))
    assert count == 4
    found = middles[1:][np.lexsort((middles[1:, 0], middles[1:, 1] > 24))]
    np.testing.assert_allclose(found, [[11.5, 15.5], [35.5, 15.5], [23.5, 39.5]], atol=1.0)


@given(
    st.floats(-500, 900), st.floats(-500, 900), st.floats(1, 2000), st.floats(-4, 4), st.booleans()
)
def test_crop_of_any_place_is_a_face_sized_picture(x, y, side, angle, colour):
    picture = np.full((40, 70, 3) if colour else (40, 70), 99, np.uint8)
    face = crop(picture, Face((x, y), side, angle, 1.0, np.zeros((4, 2))))
    assert face.shape == (48, 48)
    assert face.dtype == np.uint8
    assert set(np.unique(face)) <= {0, 99}


@settings(deadline=None)
@given(
    st.sampled_from([np.uint8, np.int16, np.uint16, np.float32, np.float64, np.bool_]).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    )
)
def test_every_array_is_a_picture_or_none(image):
    picture = as_picture(image)
    if picture is not None:
        assert picture.dtype == np.uint8
        assert picture.size > 0
        assert picture.ndim == 2 or picture.shape[2] == 3


def test_other_types_keep_their_shades():
    ramp = np.linspace(0, 255, 20).astype(np.uint8).reshape(4, 5)
    np.testing.assert_array_equal(as_picture(ramp[:, :, None]), ramp)
    np.testing.assert_allclose(as_picture(ramp / 255.0), ramp, atol=1)
    np.testing.assert_allclose(as_picture(ramp.astype(np.float32)), ramp, atol=1)
    np.testing.assert_array_equal(as_picture(ramp.astype(np.uint16) << 8), ramp)
    broken = ramp.astype(np.float32)
    broken[0, 0] = np.nan
    assert as_picture(broken)[0, 0] == 0


@pytest.mark.parametrize("detector_class", [BlazeFace, HaarCascade])
def test_missing_files_are_told(monkeypatch, tmp_path, detector_class):
    monkeypatch.setattr(face_detection, "find_spec", lambda name: None)
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path) + "/")
    with pytest.raises(ModelError, match="is missing"):
        detector_class()
