# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.pcm import FORMATS, STRAY, Stream, decoded, scaled

WAVE = np.array([0.0, 0.5, -0.5, 0.25], np.float32)
BYTES = {
    "S16LE": (WAVE * 32768).astype("<i2").tobytes(),
    "S16BE": (WAVE * 32768).astype(">i2").tobytes(),
    "S24LE": b"".join(int(v * 8388608).to_bytes(3, "little", signed=True) for v in WAVE),
    "S32LE": (WAVE * 2147483648.0).astype("<i4").tobytes(),
    "S32BE": (WAVE * 2147483648.0).astype(">i4").tobytes(),
    "F32LE": WAVE.astype("<f4").tobytes(),
    "F32BE": WAVE.astype(">f4").tobytes(),
    "S8": (WAVE * 128).astype("i1").tobytes(),
    "U8": (WAVE * 128 + 128).astype("u1").tobytes(),
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_wave(form):
    np.testing.assert_allclose(decoded(BYTES[form], form), WAVE, atol=1e-6)
    np.testing.assert_allclose(decoded(BYTES[form], f" {form.lower()}"), WAVE, atol=1e-6)


@pytest.mark.parametrize(
    ("content", "form"), [(b"abc", "S16LE"), (b"abcd", "MP3"), (b"ab", "S24LE")]
)
def test_what_does_not_fit_is_refused(content, form):
    with pytest.raises(InputError, match=form):
        decoded(content, form)


def test_whole_numbers_are_scaled():
    assert scaled([0, 16384, -32768], 32768.0).tolist() == [0.0, 0.5, -1.0]
    assert scaled([128, 255, 0], 128.0, 128.0).tolist() == pytest.approx([0, 127 / 128, -1])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 2000), st.floats(-0.1, 0.1)), min_size=1, max_size=30),
    st.sampled_from([8000, 16000, 44100, 48000]),
)
def test_blocks_that_come_with_jitter_make_one_stream(arrivals, rate):
    stream, sent, numbers = Stream(), 0, []
    for count, jitter in arrivals:
        block, begin, first = stream(
            np.zeros(2 * count, np.float32), 2, rate, 100 + sent / rate + jitter
        )
        assert len(block) == count
        assert abs(begin - 100 - sent / rate) <= 0.21
        numbers.append(first == sent)
        sent += count
    assert all(numbers)


def test_a_gap_is_counted_and_a_restart_begins_anew():
    stream = Stream()
    block = np.zeros(1600, np.float32)
    assert stream(block, 1, 16000, 10.0)[1:] == (10.0, 0)
    assert stream(block, 1, 16000, 10.1 + 2 * STRAY)[1:] == (10.1 + 2 * STRAY, 1600 + 9600)
    assert stream(block, 1, 16000, 5.0)[1:] == (5.0, 0)
    assert stream(block, 1, 8000, 5.1)[1:] == (5.1, 0)


@pytest.mark.parametrize(("channels", "rate"), [(0, 16000), (2, 16000), (1, 100), (99, 16000)])
def test_nonsense_is_refused(channels, rate):
    with pytest.raises(InputError, match=f"{rate} Hz with {channels} channels"):
        Stream()(np.zeros(3, np.float32), channels, rate, 1.0)
