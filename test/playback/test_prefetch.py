# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.io.audio import CHUNK
from emo_music_ros.playback.prefetch import Prefetch


class Counting:
    """A reader whose frames are numbered."""

    def __init__(self, frames):
        self.left = frames
        self.next = 0
        self.closed = False

    def read(self, frames):
        count = min(frames, self.left)
        index = np.arange(self.next, self.next + count, dtype=np.float32)
        self.next += count
        self.left -= count
        return np.stack([index, index], 1)

    def close(self):
        self.closed = True


@settings(deadline=None)
@given(
    st.integers(0, 30000),
    st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), min_size=1, max_size=20),
)
def test_frames_come_out_in_order_and_complete(total, steps):
    prefetch = Prefetch(Counting(total), 1000)
    out, step = [], 0
    while not prefetch.complete or prefetch.ready:
        fill, read = steps[step % len(steps)]
        prefetch.fill(fill)
        out.append(prefetch.read(read))
        assert prefetch.ready <= CHUNK
        step += 1
    assert np.array_equal(np.concatenate(out)[:, 0], np.arange(total))
    assert prefetch.reader.closed


def test_reading_an_empty_ring_does_not_wait():
    prefetch = Prefetch(Counting(10), 1000)
    assert prefetch.read(5).shape == (0, 2)
    assert not prefetch.complete
