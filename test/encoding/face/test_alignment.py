# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from emo_music_ros.encoding.face.alignment import (
    PLACES,
    SIZE,
    Region,
    aligned,
    as_picture,
    cut,
    places,
)

regions = st.builds(
    Region,
    st.tuples(st.floats(-500, 900), st.floats(-500, 900)),
    st.floats(1, 2000),
    st.floats(-math.pi, math.pi),
)


@settings(deadline=None, max_examples=50)
@given(regions)
def test_alignment_finds_the_region_of_an_average_face(region):
    found = aligned(places(region))
    assert found.side == pytest.approx(region.side, rel=1e-9)
    assert found.centre == pytest.approx(region.centre, abs=1e-6)
    assert math.remainder(found.angle - region.angle, math.tau) == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(regions, st.floats(0.3, 1.0))
def test_a_face_that_turns_away_does_not_grow(region, narrow):
    plain = places(Region((0.0, 0.0), region.side, 0.0))
    yawed, nodded = plain * [narrow, 1.0], plain * [1.0, narrow]
    for anchors in (yawed, nodded):
        assert aligned(anchors).side == pytest.approx(region.side, rel=1e-6)
        assert aligned(anchors).angle == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "anchors", [np.zeros((3, 2)), np.full((3, 2), np.nan), np.full((3, 2), 7.0)]
)
def test_no_alignment_without_a_face(anchors):
    assert aligned(anchors) is None


@settings(deadline=None, max_examples=50)
@given(arrays(np.float64, (3, 2), elements=st.floats(-1e4, 1e4)))
def test_any_points_give_a_finite_region_or_none(anchors):
    region = aligned(anchors)
    if region is not None:
        assert np.isfinite([*region.centre, region.side, region.angle]).all()
        assert region.side > 0


@pytest.mark.parametrize("side", [50.0, 120.0, 300.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, -1.0])
def test_cut_brings_eyes_and_mouth_to_their_places(side, angle):
    picture = np.zeros((500, 500, 3), np.uint8)
    region = Region((250.0, 240.0), side, angle)
    for x, y in places(region):
        cv2.circle(picture, (round(16 * x), round(16 * y)), round(side), (255,) * 3, -1, shift=4)
    face = cut(picture, region, SIZE)
    assert face.shape == (SIZE, SIZE)
    count, _, _, middles = cv2.connectedComponentsWithStats((face > 100).astype(np.uint8))
    assert count == 4
    found = middles[1:][np.lexsort((middles[1:, 0], middles[1:, 1] > 27))]
    np.testing.assert_allclose(found, PLACES, atol=0.6)


def test_cut_in_colour_and_of_grey_pictures():
    shades = np.random.default_rng(0).integers(0, 256, (80, 90)).astype(np.uint8)
    colour = np.stack([shades, shades // 2, shades // 4], axis=2)
    region = Region((40.0, 40.0), 48.0, 0.2)
    assert cut(colour, region, SIZE, colour=True).shape == (SIZE, SIZE, 3)
    np.testing.assert_array_equal(
        cut(shades, region, SIZE, colour=True)[:, :, 1], cut(shades, region, SIZE)
    )
    np.testing.assert_array_equal(
        cut(colour, region, SIZE, colour=True)[:, :, 2], cut(colour[:, :, 2], region, SIZE)
    )


@settings(deadline=None, max_examples=50)
@given(regions, st.booleans(), st.booleans())
def test_cut_of_any_place_has_its_size_and_no_new_shades(region, grey, colour):
    picture = np.full((40, 70) if grey else (40, 70, 3), 99, np.uint8)
    face = cut(picture, region, SIZE, colour)
    assert face.shape == ((SIZE, SIZE, 3) if colour else (SIZE, SIZE))
    assert face.dtype == np.uint8
    assert set(np.unique(face)) <= {0, 99}


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(
        [np.uint8, np.int16, np.uint16, np.float32, np.float64, np.bool_, np.complex64, np.int64]
    ).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    )
)
def test_every_array_is_a_picture_or_none(image):
    picture = as_picture(image)
    if picture is not None:
        assert picture.dtype == np.uint8
        assert picture.size > 0
        assert picture.ndim == 2 or picture.shape[2] == 3


@pytest.mark.parametrize("image", [None, "text", [[1, 2], [3]], {"a": 1}, b"bytes", object()])
def test_other_things_are_no_pictures(image):
    assert as_picture(image) is None


def test_other_types_keep_their_shades():
    ramp = np.linspace(0, 255, 20).astype(np.uint8).reshape(4, 5)
    np.testing.assert_array_equal(as_picture(ramp[:, :, None]), ramp)
    np.testing.assert_allclose(as_picture(ramp / 255.0), ramp, atol=1)
    np.testing.assert_allclose(as_picture(ramp.astype(np.float32)), ramp, atol=1)
    np.testing.assert_array_equal(as_picture(ramp.astype(np.uint16) << 8), ramp)
    broken = ramp.astype(np.float32)
    broken[0, 0] = np.nan
    assert as_picture(broken)[0, 0] == 0
    transparent = np.dstack([ramp, ramp // 2, ramp // 3, np.full_like(ramp, 255)])
    np.testing.assert_array_equal(as_picture(transparent), transparent[:, :, :3])
