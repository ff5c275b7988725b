# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which moments can be confirmed."""

from __future__ import annotations

import numpy as np
import pytest
from confirmed import says

from emo_music_ros.emotion import STATES, from_labels, unknown
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation.head import LEAST, centred
from emo_music_ros.fusion.adaptation.recent import SPAN, Recent


def recent(*said, start=100.0, step=0.25):
    found = Recent()
    for place, state in enumerate(said):
        estimate = unknown(STATES) if state is None else from_labels(STATES, says(state))
        found.add(start + step * place, estimate, ())
    return found


def fused(state):
    return pytest.approx(centred(says(state).astype(np.float32), LEAST), abs=1e-6)


def test_the_answer_of_a_moment_is_what_was_said_last_before_it():
    kept = recent(0, 1, 2, step=10.0)
    assert kept.at(0.0, 120.0).fused == fused(2)
    assert kept.at(1.0, 120.0).fused == fused(1)
    assert kept.at(15.0, 120.0).fused == fused(0)


@pytest.mark.parametrize("age", [SPAN + 1, 1e9, -2.0, float("nan"), float("inf")])
def test_a_moment_too_old_or_in_the_future_is_refused(age):
    with pytest.raises(InputError, match="cannot be confirmed"):
        recent(0).at(age, 100.0)


def test_where_nobody_was_there_is_nothing_to_confirm():
    kept = recent(0, None, 1, step=10.0)
    with pytest.raises(InputError, match="nobody was there"):
        kept.at(5.0, 120.0)
    with pytest.raises(InputError, match="nobody was there"):
        kept.at(30.0, 120.0)  # before the first
    with pytest.raises(InputError, match="nobody was there"):
        Recent().at(0.0, 100.0)


def test_a_minute_is_kept_and_no_more_however_often_something_is_said():
    kept = recent(*[1] * 2000, step=0.05)
    assert kept.at(SPAN - 1, 200.0).fused == fused(1)
    assert len(kept._answers) < 400
