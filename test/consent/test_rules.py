# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be done with whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.consent.rules import (
    LEARNING,
    PURPOSES,
    RECORDING,
    SENSING,
    Consent,
    Consents,
    valid_person,
)
from emo_music_ros.errors import InputError


def test_where_nothing_was_decided_the_rule_of_the_site_holds():
    assert Consents(required=False).allows("anna", SENSING)
    assert not Consents(required=True).allows("anna", SENSING)


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("given_", [False, True])
def test_a_decision_holds_under_either_rule_for_its_person_and_purpose_alone(required, given_):
    consents = Consents(required, [Consent("anna", SENSING, given_)])
    assert consents.allows("anna", SENSING) is given_
    assert consents.allows("anna", LEARNING) is not required
    assert consents.allows("bert", SENSING) is not required


def test_the_reason_names_person_and_purpose():
    consents = Consents(True, [Consent("anna", SENSING, False)])
    assert "'anna' has withdrawn consent to sensing" in consents.reason("anna", SENSING)
    assert "no consent of 'bert' to learning" in consents.reason("bert", LEARNING)
    consents.replace([Consent("bert", LEARNING, True)])
    assert consents.reason("bert", LEARNING) == ""


decisions = st.lists(
    st.builds(Consent, st.sampled_from(["anna", "bert"]), st.sampled_from(PURPOSES), st.booleans()),
    max_size=6,
)


@given(st.lists(decisions, min_size=1, max_size=6), st.booleans())
def test_a_withdrawal_that_was_seen_ends_only_by_consent(lists, required):
    consents = Consents(required)
    withdrawn = set()
    for known in lists:
        consents.replace(known)
        for entry in known:
            (withdrawn.discard if entry.given else withdrawn.add)((entry.person_id, entry.purpose))
        assert not any(consents.allows(*key) for key in withdrawn)


def test_consent_that_is_no_longer_listed_no_longer_counts():
    consents = Consents(True, [Consent("anna", SENSING, True)])
    consents.replace([])
    assert not consents.allows("anna", SENSING)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "汉" * 27, "an\nna", "a\0b", "\x1b[2J"])
def test_what_names_no_person(name):
    with pytest.raises(InputError, match="names no person"):
        valid_person(name)


def test_a_person_is_named_without_spaces_around():
    assert valid_person(" Änne Müller ") == "Änne Müller"


@pytest.mark.parametrize("required", [False, True])
def test_nobody_agreed_to_raw_recordings_who_was_not_asked_for_that(required):
    consents = Consents(required, [Consent("anna", each, True) for each in PURPOSES])
    assert not consents.allows("anna", RECORDING)
    assert "no consent of 'anna' to recording" in consents.reason("anna", RECORDING)
    consents.replace([Consent("anna", RECORDING, True)])
    assert consents.allows("anna", RECORDING)
