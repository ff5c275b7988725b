# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be done with whom."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.consent.assent import ASK
from emo_music_ros.consent.rules import (
    ASSENT,
    LEARNING,
    MODALITIES,
    PAUSE,
    PURPOSES,
    RECORDING,
    SENSING,
    Consent,
    Consents,
    Terms,
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


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_modality_is_sensed_unless_it_or_all_sensing_was_forbidden(modality):
    consents = Consents(False, [Consent("anna", modality, False)])
    assert not consents.allows("anna", modality)
    assert f"withdrawn consent to {modality}" in consents.reason("anna", modality)
    assert consents.allows("anna", SENSING)
    others = [each for each in MODALITIES if each != modality]
    assert all(consents.allows("anna", each) for each in others)
    consents.replace([Consent("anna", SENSING, False), Consent("anna", modality, True)])
    assert not consents.allows("anna", modality)
    assert not Consents(True).allows("anna", modality)


def test_consent_ends_when_it_was_given_until_then():
    now = [100.0]
    terms = Terms("proxy", "power of attorney", "health", until=200.0)
    given_ = [Consent("anna", each, True, terms=terms) for each in PURPOSES]
    consents = Consents(False, given_, clock=lambda: now[0])
    assert consents.allows("anna", SENSING)
    now[0] = 200.0
    assert not consents.allows("anna", SENSING)
    assert not consents.allows("anna", "face")
    assert "consent of 'anna' to learning has ended" in consents.reason("anna", LEARNING)


def test_a_pause_and_a_refusal_hold_up_sensing_and_forget_nothing():
    for entry, why in (
        (Consent("anna", PAUSE, False), "is paused"),
        (Consent("anna", ASSENT, False, terms=Terms(scope=ASK)), "has to be asked first"),
    ):
        consents = Consents(False, [entry])
        assert why in consents.reason("anna", SENSING)
        assert not consents.allows("anna", "speech")
        assert consents.allows("anna", LEARNING)
        consents.replace([replace(entry, given=True)])
        assert consents.allows("anna", SENSING)
