# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.ros.stamps import seconds, stamp


@given(st.floats(0, 4e9))
def test_time_survives_to_the_microsecond(time):
    assert seconds(stamp(time)) == pytest.approx(time, abs=1e-6)


@pytest.mark.parametrize("time", [math.nan, math.inf, -1.0])
def test_impossible_time_is_zero(time):
    assert seconds(stamp(time)) == 0
