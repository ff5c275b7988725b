# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whose an utterance is, with voices that are angles in the hands of the test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.encoding.speech.attribution import (
    BRIEF,
    COMPANY,
    OWN,
    QUIET,
    SEVERAL,
    STRANGER,
    UNKNOWN,
    Attribution,
    Enrolment,
)

RATE = 16000
ADA, BOB, CARER = 0.0, 0.8, 1.5  # rad
angles = st.floats(0.0, math.pi / 2)


def one(angle):
    return np.array([math.cos(angle), math.sin(angle)], np.float32)


def prints(samples):
    """Return one print a second: the sound is the angle."""
    seconds = samples.reshape(-1, RATE)[:, 0] if len(samples) >= RATE else []
    return np.array([one(angle) for angle in seconds], np.float32).reshape(-1, 2)


class Angles:
    """Makes a print of every second of sound."""

    same, strange, apart, command, version = 0.9, 0.8, 0.7, 0.75, "1"

    def __call__(self, samples):
        return prints(samples)


def says(*angles):
    return np.repeat(np.array(angles, np.float32), RATE)


def told(person="ada", strict=False, **enrolled):
    found = Attribution(Angles(), strict)
    found.person, found.enrolled = person, {name: one(angle) for name, angle in enrolled.items()}
    return found


def test_of_two_speakers_only_the_enrolled_one_counts():
    told_apart = told(ada=ADA)
    assert told_apart(says(ADA + 0.1, ADA), 1.0)[:2] == (True, OWN)
    assert told_apart(says(CARER, CARER), 3.0)[:2] == (False, STRANGER)
    assert told_apart(says(ADA), 5.0).own  # the carer being there takes nothing from ada


def test_nobody_enrolled_and_two_voices_nothing_counts_until_one_is_alone_again():
    told_apart = told()
    assert told_apart(says(ADA), 1.0)[:2] == (True, UNKNOWN)
    assert told_apart(says(CARER), 3.0)[:2] == (False, SEVERAL)
    assert told_apart(says(ADA), 5.0)[:2] == (False, SEVERAL)
    assert told_apart(says(ADA), 5.0 + COMPANY)[:2] == (True, UNKNOWN)


@pytest.mark.parametrize("enrolled", [{}, {"ada": ADA}])
def test_two_people_in_one_utterance_are_nobodys(enrolled):
    assert not told(**enrolled)(says(ADA, ADA, ADA, CARER), 1.0).own


def test_the_voice_of_somebody_else_who_is_enrolled_is_never_the_persons():
    assert not told(bob=BOB)(says(BOB), 1.0).own
    near = told(ada=0.0, bob=0.3)
    assert not near(says(0.29), 1.0).own  # near enough to ada, nearer to bob
    assert near(says(0.01), 2.0).own


def test_strict_drops_everything_until_the_person_is_enrolled():
    strict = told(strict=True, bob=BOB)
    assert strict(says(ADA), 1.0)[:2] == (False, UNKNOWN)
    strict.enrolled = {"ada": one(ADA)}
    assert strict(says(ADA), 2.0).own


def test_what_is_too_short_to_tell_is_dropped():
    assert told()(np.zeros(100, np.float32), 1.0)[:2] == (False, BRIEF)
    assert told(ada=ADA)(np.zeros(0, np.float32), 1.0)[:2] == (False, BRIEF)


def test_many_voices_in_a_row_are_taken_for_a_television():
    told_apart = told(ada=0.0)
    for at, angle in enumerate((0.0, 0.05, 0.8)):
        told_apart(says(angle), float(at))
    assert (told_apart.voices, told_apart.television) == (2, False)
    told_apart(says(1.6), 4.0)
    assert told_apart.television
    told_apart.reset()
    assert told_apart.voices == 0


def test_a_clock_that_jumps_back_forgets_who_was_heard():
    told_apart = told()
    told_apart(says(ADA), 1000.0)
    assert told_apart(says(CARER), 10.0).own


def test_commands_are_anybodys_while_nobody_is_enrolled():
    assert told().commands(np.zeros(10, np.float32), 0.0)


def test_with_somebody_enrolled_commands_are_theirs_or_spoken_into_a_quiet_room():
    known = told(ada=ADA, bob=BOB)
    assert known.commands(says(ADA + 0.3), 0.0)
    assert known.commands(says(BOB), 0.0)
    assert not told(ada=ADA).commands(says(CARER), 0.0)
    assert not told(ada=ADA).commands(says(CARER), QUIET - 0.1)
    assert told(ada=ADA).commands(says(CARER), QUIET)
    assert not known.commands(np.zeros(10, np.float32), 0.0)


@given(st.lists(st.lists(angles, min_size=1, max_size=4), min_size=1, max_size=8))
def test_whatever_is_heard_only_the_like_of_the_enrolled_counts(spoken):
    told_apart = told(ada=ADA)
    for at, utterance in enumerate(spoken):
        verdict = told_apart(says(*utterance), float(at))
        assert verdict.own == (verdict.reason == OWN)
        if verdict.own:
            assert verdict.likeness >= Angles.same
            assert all(math.cos(angle) >= Angles.strange - 1e-3 for angle in utterance)


def test_a_voice_is_learnt_from_enough_speech_of_one_person():
    enrolment = Enrolment(Angles(), 3.0)
    enrolment.add(np.zeros(100, np.float32))
    enrolment.add(says(0.1, -0.1))
    assert (enrolment.complete, enrolment.heard) == (False, 2.0)
    enrolment.add(says(0.0))
    assert enrolment.complete
    np.testing.assert_allclose(enrolment.result(), one(0.0), atol=0.01)


def test_no_voice_is_learnt_from_two_people_or_from_nothing():
    enrolment = Enrolment(Angles(), 3.0)
    assert enrolment.result() is None
    enrolment.add(says(0.0, 0.0, 0.0, 1.5, 1.5))
    assert enrolment.result() is None
