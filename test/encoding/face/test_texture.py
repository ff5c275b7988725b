# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.face.texture import (
    PATTERNS,
    binary_patterns,
    difference,
    texture,
    uniform_patterns,
)

pictures = st.tuples(st.integers(6, 10), st.integers(6, 10)).flatmap(
    lambda shape: arrays(np.uint8, shape)
)


def by_hand(picture):
    """Local binary patterns pixel by pixel, anticlockwise from the right."""
    angles = [2 * np.pi * k / 8 for k in range(8)]
    steps = [(-round(np.sin(a) * 1.42), round(np.cos(a) * 1.42)) for a in angles]
    height, width = picture.shape
    codes = np.zeros((height - 2, width - 2), int)
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            for bit, (down, right) in enumerate(steps):
                if picture[row + down, column + right] >= picture[row, column]:
                    codes[row - 1, column - 1] += 2**bit
    return codes


@settings(deadline=None, max_examples=30)
@given(pictures)
def test_patterns_are_those_counted_by_hand(picture):
    np.testing.assert_array_equal(binary_patterns(picture), by_hand(picture))


def test_there_are_58_uniform_patterns():
    table = uniform_patterns()
    assert np.count_nonzero(table < PATTERNS - 1) == 58
    assert len(set(table[table < PATTERNS - 1])) == 58
    assert table[0b00000000] == 0
    assert table[0b00001110] < PATTERNS - 1
    assert table[0b11000001] < PATTERNS - 1
    assert table[0b01000100] == PATTERNS - 1


@settings(deadline=None, max_examples=30)
@given(pictures, st.integers(1, 5))
def test_texture_is_a_distribution(picture, cells):
    if min(picture.shape) < 2 + cells:
        return
    shares = texture(picture, cells)
    assert shares.shape == (cells * cells * PATTERNS,)
    assert shares.min() >= 0
    assert np.square(shares).sum() == pytest.approx(1, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(arrays(np.uint8, (12, 13), elements=st.integers(0, 100)), st.integers(0, 50))
def test_brightness_and_contrast_do_not_matter(picture, more):
    np.testing.assert_array_equal(texture(picture), texture(picture + np.uint8(more)))
    np.testing.assert_array_equal(texture(picture), texture(picture * np.uint8(2)))


def test_cells_see_their_own_part():
    picture = np.zeros((14, 14), np.uint8)
    changed = picture.copy()
    changed[9:13, 9:13] = np.random.default_rng(0).integers(0, 256, (4, 4))
    one, other = (texture(entry, 2).reshape(4, PATTERNS) for entry in (picture, changed))
    np.testing.assert_array_equal(one[:3], other[:3])
    assert not np.array_equal(one[3], other[3])


@settings(deadline=None, max_examples=30)
@given(pictures, pictures)
def test_difference_is_symmetric_and_bounded(first, second):
    one, other = texture(first, 2), texture(second, 2)
    assert difference(one, one) == pytest.approx(0, abs=1e-6)
    assert difference(one, other) == pytest.approx(difference(other, one))
    assert 0 <= difference(one, other) <= 1
    hellinger = 0.5 * np.sum((one.astype(float) - other) ** 2)
    assert difference(one, other) == pytest.approx(hellinger, abs=1e-5)


def test_nothing_in_common_is_1():
    one, other = np.zeros(10, np.float32), np.zeros(10, np.float32)
    one[:2] = np.sqrt(0.5)
    other[5] = 1.0
    assert difference(one, other) == pytest.approx(1.0)
