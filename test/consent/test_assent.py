# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who is enrolled is asked at each start; two refusals in a row end it until somebody looked."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.consent.assent import ASK, ASK_AGAIN, LASTS, REFUSED, REVIEW, Assents
from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.register import Register
from emo_music_ros.consent.rules import ASSENT, PAUSE, SENSING, Consent, Consents, Terms
from emo_music_ros.errors import InputError


@pytest.fixture
def keeper(tmp_path):
    return Keeper(Register(tmp_path / "consent.sqlite"))


def enrolled(keeper, by="proxy"):
    keeper.decide("anna", "", True, "daughter", Terms(by, "power of attorney", "health"))
    return Assents(keeper)


def sensed(keeper):
    return Consents(True, keeper.consents()).allows("anna", SENSING)


def test_a_proxy_does_not_replace_assent(keeper):
    assents = enrolled(keeper)
    assert sensed(keeper)
    assert assents.start("anna")
    assert not sensed(keeper)
    assert assents.standing("anna").why == ASK
    assents.assent("anna", "resident")
    assert sensed(keeper)
    assert assents.start("anna")  # at each start
    assert not sensed(keeper)


def test_a_refusal_is_for_this_time_and_two_in_a_row_until_somebody_looked(keeper):
    assents = enrolled(keeper)
    assents.start("anna")
    assents.refuse("anna", "turned away")
    assert assents.standing("anna").why == REFUSED
    with pytest.raises(InputError, match="next start"):
        assents.assent("anna", "carer")
    assents.start("anna")
    assert assents.standing("anna").why == ASK_AGAIN
    assents.refuse("anna", "said no")
    assert assents.standing("anna").why == REVIEW
    assert not assents.start("anna")
    with pytest.raises(InputError, match="therapist"):
        assents.assent("anna", "carer")
    assert not sensed(keeper)
    assents.reviewed("anna", "therapist")
    assert assents.standing("anna").why == ASK
    with pytest.raises(InputError, match="twice in a row"):
        assents.reviewed("anna", "therapist")
    assents.assent("anna", "resident")
    assert sensed(keeper)


def test_a_yes_between_two_refusals_starts_anew(keeper):
    assents = enrolled(keeper)
    for answer in ("refuse", "assent", "refuse"):
        assents.start("anna")
        getattr(assents, answer)("anna", "resident")
    assert assents.standing("anna").why == REFUSED


def test_a_refusal_without_being_asked_counts(keeper):
    assents = enrolled(keeper)
    assents.refuse("anna", "took the band off")
    assert not sensed(keeper)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["start", "assent", "refuse"]), max_size=12))
def test_who_refused_twice_in_a_row_is_never_sensed_without_a_review(tmp_path_factory, acts):
    keeper = Keeper(Register(tmp_path_factory.mktemp("c") / "consent.sqlite"))
    assents, answers = enrolled(keeper), []
    for act in acts:
        try:
            agreed = getattr(assents, act)(*(("anna",) if act == "start" else ("anna", "x")))
        except InputError:
            continue
        if act == "refuse" and answers[-1:] == ["start"]:
            answers.append("no")
        elif act == "assent":
            answers.append("yes")
        elif act == "start" and agreed:
            answers.append("start")
        told = [each for each in answers if each != "start"]
        if told[-2:] == ["no", "no"]:
            assert not sensed(keeper)


def test_an_answer_is_of_one_day(keeper):
    now = [time.time()]
    keeper.decide("anna", "", True, "herself", Terms("person"))
    assents = Assents(keeper, clock=lambda: now[0])
    assert not assents.lapse("anna")  # never asked
    assents.start("anna")
    assents.assent("anna", "resident")
    now[0] += LASTS - 1
    assert not assents.lapse("anna")
    now[0] += 1
    assert assents.lapse("anna")
    assert not assents.lapse("anna")  # the question stands
    assents.refuse("anna", "resident")
    now[0] += LASTS
    assert assents.lapse("anna")
    assert assents.standing("anna").why == ASK_AGAIN


def test_who_is_not_enrolled_is_not_asked(keeper):
    assents = Assents(keeper)
    assert not assents.start("bert")
    keeper.decide("anna", "", True, "start")  # of the command line
    assert not assents.start("anna")
    assert assents.standing("anna") is None
    keeper.decide("carl", "", False, "himself")
    assert not assents.start("carl")


def test_sensing_is_paused_by_anybody_and_stays_so(keeper, tmp_path):
    assents = enrolled(keeper)
    assents.pause("anna", True, "resident")
    assert not sensed(keeper)
    keeper.save()
    again = Keeper(Register(tmp_path / "consent.sqlite"))
    assert not sensed(again)
    Assents(again).pause("anna", False, "carer")
    assert sensed(again)


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        (Terms("neighbour"), "nobody decides"),
        (Terms("proxy"), "nothing shows"),
        (Terms("advance_wish", "  "), "nothing shows"),
        (Terms("person", until=1.0), "passed already"),
    ],
)
def test_terms_that_cannot_be_are_refused(keeper, terms, fault):
    with pytest.raises(InputError, match=fault):
        keeper.decide("anna", SENSING, True, "x", terms)
    keeper.decide("anna", SENSING, False, "x", terms)  # saying no needs no right


def test_who_decided_is_kept_and_what_ended_is_withdrawn(keeper, tmp_path):
    terms = Terms("proxy", "court order 7", "health", time.time() + 1000)
    keeper.decide("anna", SENSING, True, "daughter", terms)
    assert not keeper.expire()
    keeper.save()
    (entry,) = Register(tmp_path / "consent.sqlite").consents()
    assert entry.terms == terms
    keeper.hold(Consent("anna", SENSING, True, 0.0, "daughter", Terms("person", until=1.0)))
    assert keeper.expire()
    assert not keeper.decided("anna", SENSING).given
    assert not keeper.expire()


def test_assent_and_pause_are_no_purposes_that_somebody_may_set(keeper):
    for purpose in (ASSENT, PAUSE):
        with pytest.raises(InputError, match="no purpose"):
            keeper.decide("anna", purpose, True, "x")


def test_a_register_of_before_is_read(tmp_path):
    import sqlite3

    from emo_music_ros.consent import register

    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(register.MIGRATIONS[0])
        connection.execute("INSERT INTO consent VALUES ('anna', 'sensing', 0, 5, 'herself')")
        connection.execute(f"PRAGMA application_id = {register.APPLICATION}")
        connection.execute("PRAGMA user_version = 1")
    (entry,) = Register(path).consents()
    assert entry == Consent("anna", "sensing", False, 5.0, "herself")
