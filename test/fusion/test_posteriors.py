# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers given from elsewhere, a moment a line."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import EKMAN, FER2013, RAVDESS, STATES, UNKNOWN
from emo_music_ros.fusion.posteriors import evidence_of, predict_posteriors
from emo_music_ros.fusion.strategies import AverageFusion, LogPoolFusion

KEYS = {
    *("state", "labels", "probabilities", "valence", "arousal", "confidence", "uncertainty"),
    *("credible", "weights"),
}


def sure(labels, word, share=0.9):
    rest = (1 - share) / (len(labels) - 1)
    return {
        "labels": list(labels),
        "probabilities": [share if one == word else rest for one in labels],
    }


def fused(*lines, fusion=None):
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return list(predict_posteriors(texts, fusion or LogPoolFusion()))


def check(result):
    assert KEYS <= set(result)
    assert result["state"] in (*STATES, UNKNOWN)
    assert result["labels"] == list(STATES)
    assert len(result["probabilities"]) == 4
    assert sum(result["probabilities"]) == pytest.approx(1)
    assert all(0 <= one <= 1 for one in result["probabilities"])
    json.dumps(result, allow_nan=False)


def test_agreeing_modalities_give_their_state_within_its_quadrant():
    line = {"face": sure(FER2013, "sadness"), "speech": sure(RAVDESS, "sadness")}
    (found,) = fused(line)
    check(found)
    assert found["state"] == "depression"
    assert found["valence"] < 0
    assert found["arousal"] < 0
    assert sum(found["weights"].values()) == pytest.approx(1)


def test_no_line_depends_on_another():
    happy, sad = {"face": sure(FER2013, "happiness")}, {"face": sure(FER2013, "sadness")}
    alone = fused(sad)[0]
    assert fused(happy, happy, happy, sad)[3] == alone
    assert fused(sad, happy)[0] == alone


@pytest.mark.parametrize("bad", ["", "garbage", "[1]", "3", "null", '{"face": ', "[" * 5000])
def test_a_bad_line_still_has_one_answer(bad):
    good = {"face": sure(FER2013, "fear")}
    before, between, after = fused(good, bad, good)
    assert before == after
    check(between)
    assert between["state"] == UNKNOWN
    assert "error" in between
    assert "error" not in before


@pytest.mark.parametrize(
    "entry",
    [
        {"labels": ["anger"], "probabilities": [0.5, 0.5]},
        {"labels": "anger", "probabilities": [1.0]},
        {"probabilities": [-1.0] + [0.5] * 6},
        {"probabilities": ["x"] * 7},
        {"probabilities": 3},
        {**sure(FER2013, "fear"), "quality": "good"},
        {**sure(FER2013, "fear"), "age": True},
        {**sure(FER2013, "fear"), "credible": 3},
        7,
    ],
)
def test_what_cannot_be_understood_is_left_out_by_name(entry):
    (found,) = fused({"face": entry, "text": sure(EKMAN, "sadness")})
    check(found)
    assert found["state"] == "depression"
    assert set(found["ignored"]) == {"face"}
    assert "face" not in found["weights"]


@pytest.mark.parametrize(
    "missing",
    [None, {}, {"probabilities": None}, {"probabilities": []}, {"probabilities": [None] * 7}],
)
def test_what_is_missing_is_no_error(missing):
    one, other = fused({"face": missing, "text": sure(EKMAN, "sadness")}, {"face": missing})
    assert "ignored" not in one
    assert one["state"] == "depression"
    assert other["state"] == UNKNOWN
    assert other["probabilities"] == [0.25] * 4


def test_missing_fields_have_their_defaults():
    full = {**sure(FER2013, "fear"), "quality": 1.0, "age": 0.0}
    bare = {"labels": None, "probabilities": full["probabilities"], "quality": None, "age": None}
    first, second = fused({"face": full}, {"face": bare})
    assert first == second
    assert evidence_of({"face": {**full, "age": 7.5}})[0][0].age == 7.5


def test_probabilities_need_not_be_scaled():
    whole = sure(FER2013, "fear")
    double = {**whole, "probabilities": [2 * one for one in whole["probabilities"]]}
    first, second = fused({"face": whole}, {"face": double})
    assert first["probabilities"] == pytest.approx(second["probabilities"])


def test_bad_quality_says_nothing():
    (found,) = fused({"face": {**sure(FER2013, "fear"), "quality": 0.0}})
    assert found["state"] == UNKNOWN


NUMBER = st.one_of(st.none(), st.floats(), st.integers(-3, 3), st.text(max_size=2))
ENTRY = st.one_of(
    st.none(),
    NUMBER,
    st.fixed_dictionaries(
        {"probabilities": st.one_of(st.none(), st.lists(NUMBER, max_size=8))},
        optional={
            "labels": st.one_of(
                st.none(), st.lists(st.sampled_from([*RAVDESS, "martian"]), max_size=8)
            ),
            "quality": NUMBER,
            "age": NUMBER,
            "valence": NUMBER,
            "confidence": NUMBER,
        },
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["face", "speech", "text", "music", "x"]), ENTRY))
def test_any_line_has_one_whole_answer(line):
    for fusion in (LogPoolFusion(), AverageFusion()):
        (found,) = fused(json.dumps(line), fusion=fusion)
        check(found)
        assert all(math.isfinite(one) for one in found["weights"].values())
