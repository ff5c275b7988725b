# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Dynamic sampling: a modality is looked at as closely as what it says varies."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, from_labels, unknown
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.sampling import (
    POINTS,
    REPEAT,
    STILL,
    Range,
    Sampler,
    Sampling,
    frequency_variation,
    ranges,
)
from emo_music_ros.fusion.timeline import STALE_AFTER
from emo_music_ros.streams import Emotion, Encoding, Estimate

FACE = Range(3.0, 15.0)
HAPPY, SAD = (0.9, 0.1), (0.1, 0.9)
CHANCES = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2)


def say(sampler, values, times):
    for time in times:
        sampler.say(time, values)


def encoding(time, values, person="ada", modality="face"):
    estimate = Estimate(("a", "b"), np.array(values), math.nan, math.nan, math.nan, 0.8)
    return Encoding(modality, time, time, estimate, np.zeros(1), person_id=person)


def feels(time, state="calm", present=True, person="ada", uncertainty=0.2):
    estimate = unknown(STATES) if state == "unknown" else from_labels(STATES, np.full(4, 0.25))
    return Emotion(time, state, estimate, uncertainty, (), "logpool", person, present)


def asked(sampling, emotions, now):
    return {one.modality: one for one in sampling.step(emotions, now)}


# -- the frequency variation rate ------------------------------------------------------------------


@given(st.lists(CHANCES, min_size=2, max_size=12))
def test_variation_agrees_with_the_equations_written_out(rows):
    """Eq. 1 as a sum, Eq. 2 over the bins, of the window without its mean and as many zeros."""
    table = np.array(rows)
    size = 2 * len(table)
    padded = np.concatenate([table - table.mean(axis=0), np.zeros_like(table)])
    spectrum = [
        sum(padded[n] * cmath.exp(-2j * math.pi * f * n / size) for n in range(size))
        for f in range(len(table) + 1)
    ]
    steps = [
        math.sqrt(sum(abs(x) ** 2 for x in spectrum[f] - spectrum[f - 1]) / 2)
        for f in range(1, len(spectrum))
    ]
    assert frequency_variation(table) == pytest.approx(sum(steps) / len(steps), abs=1e-9)


@given(CHANCES, st.integers(1, 20))
def test_stillness_has_no_variation_whatever_is_said(values, count):
    assert frequency_variation(np.tile(values, (count, 1))) == pytest.approx(0, abs=1e-9)


def test_the_newest_counts_most():
    still = np.tile(HAPPY, (POINTS, 1))
    variations = []
    for place in (0, POINTS // 2, POINTS - 1):
        table = still.copy()
        table[place] = SAD
        variations.append(frequency_variation(table))
    assert variations == sorted(variations)
    assert variations[-1] == pytest.approx(2 * 0.8, rel=0.15)


# -- one modality ----------------------------------------------------------------------------------


def test_it_looks_closely_at_first_and_a_still_signal_falls_to_the_floor():
    sampler = Sampler(FACE, 0.0)
    assert sampler.level(0.0) == 1.0
    levels = []
    for step in range(60):
        sampler.say(step / 15, HAPPY)
        levels.append(sampler.level(step / 15))
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 0.0
    assert sampler.variation == pytest.approx(0.0)


@pytest.mark.parametrize("rate", [3.0, 7.0, 15.0])
def test_a_step_rises_to_the_ceiling_within_two_answers_and_falls_slowly(rate):
    sampler = Sampler(FACE, 0.0)
    say(sampler, HAPPY, np.arange(0, 10, 1 / rate))
    assert sampler.level(10.0) == 0.0
    say(sampler, SAD, 10.0 + np.arange(1, 3) / rate)
    top = 10.0 + 2 / rate
    assert sampler.level(top) == 1.0
    say(sampler, SAD, top + np.arange(1, 150) / rate)
    window = POINTS / FACE.floor
    assert 0.0 < sampler.level(top + 0.5 * window) <= 1.0
    assert sampler.level(top + 2.2 * window) == 0.0


def test_noise_of_a_sure_answer_is_no_change():
    random = np.random.default_rng(0)
    sampler = Sampler(FACE, 0.0)
    for time in np.arange(0, 60, 1 / 3):
        chance = 0.9 + random.normal(0, 0.03)
        sampler.say(time, (chance, 1 - chance))
        if time > 10:
            assert sampler.level(time) == 0.0


@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 5.0),
            st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1), max_size=4),
        ),
        max_size=30,
    )
)
def test_whatever_is_said_the_level_is_a_share(answers):
    sampler, now = Sampler(FACE, 0.0), 0.0
    for wait, values in answers:
        now += wait
        sampler.say(now, np.clip(values, -10, 10) if np.isfinite(values).all() else values)
        assert 0.0 <= sampler.level(now) <= 1.0
        assert not sampler.variation < 0


def test_the_rate_of_the_answers_itself_changes_nothing():
    slow, fast = Sampler(FACE, 0.0), Sampler(FACE, 0.0)
    for time in np.arange(0, 9, 1 / 3):
        values = HAPPY if time < 6 else SAD
        say(slow, values, [time + 0.01])
        say(fast, values, time + 0.01 + np.arange(5) / 15)
    assert fast.level(9.0) == slow.level(9.0)
    assert fast.variation == pytest.approx(slow.variation)


def test_what_comes_late_is_left_out_and_other_words_begin_anew():
    sampler = Sampler(FACE, 0.0)
    say(sampler, HAPPY, [10.0, 10.4])
    say(sampler, SAD, [9.0])
    sampler.level(20.0)
    assert sampler.variation == pytest.approx(0)
    say(sampler, (0.1, 0.8, 0.1), [20.4])
    sampler.level(20.5)
    assert sampler.variation == pytest.approx(0)


# -- what is asked for -----------------------------------------------------------------------------


def still(sampling, until, person="ada", values=HAPPY):
    """Let a person who says the same be looked at until a time; return what was asked for."""
    found = []
    for now in np.arange(0, until + 1e-9, 0.25):
        sampling.add(encoding(now, values, person), now)
        found += sampling.step([feels(now, person=person)], now)
    return found


def test_a_still_person_is_asked_for_at_the_floor_and_the_request_is_repeated():
    found = still(Sampling({"face": FACE}), 12.0)
    assert found[0].rate == FACE.ceiling
    last = found[-1]
    assert (last.rate, last.floor, last.ceiling) == (FACE.floor, FACE.floor, FACE.ceiling)
    assert (last.person_id, last.reason) == ("", "all is still")
    assert last.variation == pytest.approx(0)
    assert found[-1].time - found[-2].time == pytest.approx(REPEAT)
    rates = [one.rate for one in found]
    assert rates == sorted(rates, reverse=True)


def test_what_varies_raises_the_rate_and_says_whose_it_is():
    sampling = Sampling({"face": FACE, "eeg": Range(0.4, 1.0)})
    still(sampling, 60.0)
    for now in (60.25, 60.5, 60.75):
        sampling.add(encoding(now, SAD), now)
        found = asked(sampling, [feels(now)], now)
        if "face" in found:
            break
    assert found["face"].rate > FACE.floor
    assert found["face"].variation > STILL
    assert found["face"].person_id == "ada"
    assert found["face"].reason == "what it says varies"
    assert "eeg" not in found or found["eeg"].rate == 0.4  # which said nothing new


@pytest.mark.parametrize(
    ("emotion", "reason"),
    [
        (feels(0.0, "anxiety"), "the state turned to anxiety"),
        (feels(0.0, "depression"), "the state turned to depression"),
        (feels(0.0, "unknown"), "it is no longer clear how the person feels"),
        (feels(0.0, uncertainty=0.95), "it is no longer clear how the person feels"),
    ],
)
def test_distress_and_doubt_raise_every_modality_at_once_and_only_when_they_come(emotion, reason):
    sampling = Sampling({"face": FACE, "eeg": Range(0.4, 1.0)})
    still(sampling, 60.0)
    found = asked(sampling, [emotion], 60.1)
    assert found["face"].rate == FACE.ceiling
    assert found["eeg"].rate == 1.0
    assert found["face"].reason == found["eeg"].reason == reason
    for now in np.arange(60.2, 120.0, 0.25):  # it goes on: more looking tells no more
        for request in sampling.step([emotion], now):
            found[request.modality] = request
    assert found["face"].rate == FACE.floor
    assert found["eeg"].rate == 0.4


def test_what_is_unclear_for_a_moment_and_then_as_before_is_no_turn():
    sampling = Sampling({"face": FACE})
    still(sampling, 60.0)
    sampling.step([feels(60.25, "unknown")], 60.25)
    for now in np.arange(60.5, 70.0, 0.25):
        sampling.step([feels(now, "calm", uncertainty=0.85)], now)  # not clear again yet
    found = [sampling.step([feels(now, "unknown")], now) for now in (70.25, 70.5, 71.5)]
    assert {one.rate for requests in found for one in requests} == {FACE.floor}


def test_somebody_who_comes_is_looked_at_and_an_empty_room_is_not():
    sampling = Sampling({"face": FACE})
    for now in np.arange(0.0, 10.0, 0.25):
        sampling.step([feels(now, "unknown", present=False)], now)
    (request,) = sampling.step([feels(11.5, "unknown", present=False)], 11.5)
    assert request.rate == FACE.floor
    (request,) = sampling.step([feels(11.75)], 11.75)
    assert (request.rate, request.reason) == (FACE.ceiling, "somebody came")


def test_small_variation_does_not_make_the_rate_flutter():
    sampling = Sampling({"face": FACE})
    random = np.random.default_rng(1)
    found = []
    for now in np.arange(0.0, 60.0, 0.25):
        chance = 0.7 + random.normal(0, 0.06)
        sampling.add(encoding(now, (chance, 1 - chance)), now)
        found += sampling.step([feels(now)], now)
    rates = [one.rate for one in found if one.time > 10]
    assert np.count_nonzero(np.diff(rates)) <= 4


def test_of_several_people_the_one_who_needs_it_most_counts():
    sampling = Sampling({"face": FACE})
    still(sampling, 20.0, "bob")
    both = [feels(20.25, person="bob"), feels(20.25, "anxiety", person="ada")]
    found = asked(sampling, both, 20.25)
    assert (found["face"].rate, found["face"].person_id) == (FACE.ceiling, "ada")
    sampling.forget("ada")
    found = asked(sampling, both[:1], 25.0)
    assert found["face"].rate == FACE.floor


@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 3.0),
            CHANCES,
            st.sampled_from(["calm", "anxiety", "unknown"]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_whatever_happens_what_is_asked_for_lies_between_floor_and_ceiling(course):
    sampling, now = Sampling({"face": FACE}), 0.0
    for wait, values, state, present in course:
        now += wait
        sampling.add(encoding(now, values), now)
        for request in sampling.step([feels(now, state, present)], now):
            assert FACE.floor <= request.rate <= FACE.ceiling
            assert math.isnan(request.variation) or request.variation >= 0


# -- the option ------------------------------------------------------------------------------------


def test_ranges_are_read_and_a_floor_keeps_what_is_said_fresh():
    assert ranges("", STALE_AFTER) == {}
    found = ranges(" face=3-15, eeg = 0.1-1 ", STALE_AFTER)
    assert found == {"face": FACE, "eeg": Range(1.5 / STALE_AFTER["eeg"], 1.0)}


@pytest.mark.parametrize(
    "text",
    ["face", "face=3", "face=15-3", "face=-1-3", "face=nan-3", "face=3-inf", "smell=1-2",
     "face=3-15, face=3-15"],
)  # fmt: skip
def test_ranges_that_are_none_are_refused_by_name(text):
    with pytest.raises(OptionError, match="sampling '.*' is refused"):
        ranges(text, STALE_AFTER)
