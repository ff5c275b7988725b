# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN, from_labels
from emo_music_ros.errors import StorageError
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.explanation import changes, effects
from emo_music_ros.fusion.picture import draw
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.streams import Contribution, Emotion, Encoding, Estimate

SURE = {"face": (0.9, 0.05, 0.03, 0.02), "text": (0.4, 0.3, 0.2, 0.1)}


def evidence(name, probabilities):
    estimate = from_labels(STATES, np.array(probabilities), 1.0, 0.2)
    return Evidence(Encoding(name, 0.0, 0.0, estimate, np.zeros(0), {}, "simulated:test", "a"), 0.1)


def emotion(state, *parts, present=True):
    probabilities = np.full(4, 0.25)
    if state != UNKNOWN:
        probabilities = np.where(np.array(STATES) == state, 0.7, 0.1)
    estimate = Estimate(STATES, probabilities, 0.1, 0.1, 0.0, 0.5, 1.0)
    return Emotion(0.0, state, estimate, 0.5, parts, "logpool", "a", present)


def part(name, state, effect, age=0.5):
    probabilities = tuple(0.7 if one == state else 0.1 for one in STATES)
    return Contribution(name, 0.5, age, 1.0, "simulated:test", probabilities, effect)


def test_the_one_that_is_sure_moved_it_most():
    told = [evidence(name, said) for name, said in SURE.items()]
    fusion = LogPoolFusion()
    face, text = effects(fusion, told, fusion.fuse(told)[0])
    assert face > text >= 0
    result = fusion.fuse(told[:1])[0]
    (alone,) = effects(fusion, told[:1], result)
    assert alone == pytest.approx(np.abs(result.probabilities - 0.25).sum() / 2)
    assert effects(fusion, [], result) == ()


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), min_size=1, max_size=5))
def test_effects_are_shares(said):
    rows = [np.array(one) / sum(one) for one in said]
    told = [evidence(f"m{number}", row) for number, row in enumerate(rows)]
    fusion = LogPoolFusion()
    found = effects(fusion, told, fusion.fuse(told)[0])
    assert len(found) == len(told)
    assert all(0 <= one <= 1 for one in found)


def test_every_change_says_why():
    moments = [
        (0.25, emotion("calm", part("face", "calm", 0.5), part("text", "calm", 0.1))),
        (0.5, emotion("calm", part("face", "calm", 0.5))),
        (0.75, emotion(UNKNOWN, part("face", "calm", 0.4), part("text", "anxiety", 0.4))),
        (1.0, emotion("anxiety", part("text", "anxiety", 0.3, 2.0))),
        (1.25, emotion(UNKNOWN, part("text", "anxiety", 0.3))),
        (1.5, emotion("calm", part("face", "calm", 0.5))),
        (1.75, emotion(UNKNOWN)),
        (2.0, emotion("calm", part("face", "calm", 0.5))),
        (2.25, emotion(UNKNOWN, present=False)),
    ]
    found = changes(moments)
    assert [(one.time, one.after) for one in found][:3] == [
        *((0.25, "calm"), (0.75, UNKNOWN), (1.0, "anxiety")),
    ]
    assert (found[0].modality, found[0].before) == ("face", UNKNOWN)
    assert "face says calm, text says anxiety: they contradict" in str(found[1])
    assert "2.0 s old" in found[2].why
    assert [one.why for one in found if one.after == UNKNOWN][1:] == [
        *("what is said is too unsure", "nothing recent speaks for a state", "nobody is there"),
    ]


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_picture_of_moments_in_every_form(tmp_path, ending):
    moments = [
        (0.25 * n, emotion("calm" if n % 3 else UNKNOWN, part("face", "calm", 0.5)))
        for n in range(9)
    ]
    draw(moments, tmp_path / f"why.{ending}", "a <b> & $c$")
    assert (tmp_path / f"why.{ending}").stat().st_size > 1000
    draw([(0.0, emotion(UNKNOWN)), (1.0, emotion(UNKNOWN))], tmp_path / f"nothing.{ending}")


@pytest.mark.parametrize("name", ["why.xyz", "missing/why.svg"])
def test_a_picture_that_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(StorageError, match="why"):
        draw([(0.0, emotion(UNKNOWN)), (1.0, emotion(UNKNOWN))], tmp_path / name)
