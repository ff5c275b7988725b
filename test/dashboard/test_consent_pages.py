# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Enrolment, consent by purpose, pausing at any time, one's own data, being forgotten."""

from __future__ import annotations

import time

import pytest
from web import PASSWORD

from emo_music_ros.consent.assent import ASK, REFUSED, REVIEW
from emo_music_ros.consent.rules import ASSENT, MODALITIES, PAUSE, SENSING, Consent, Terms
from emo_music_ros.dashboard.sensing_section import SENSING_ACTS, standing
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.errors import InputError

PURPOSES = ("sensing", *MODALITIES, "learning", "recording")
FORM = {
    "person": "anna",
    "decided_by": "proxy",
    "decider": "Dora, daughter",
    "document": "power of attorney, 2024",
    "scope": "health",
    "until": "2099-12-31",
}


def asked(site):
    return {call[2]: call for call in site.services.calls if call[0] == "consent"}


def test_a_therapist_enrols_somebody_by_purpose_and_modality(site):
    browser = site.signed_in("therapist")
    ticked = {"sensing": "yes", "text": "yes", "learning": "yes"}
    assert browser.post("/people/consent", **FORM, **ticked).status == 303
    assert "It holds now for anna." in browser.get("/people").body
    found = asked(site)
    assert set(found) == set(PURPOSES)
    assert {purpose for purpose, call in found.items() if call[3]} == set(ticked)
    _, person, _, _, source, terms = found["sensing"]
    assert (person, source) == ("anna", "Dora, daughter")
    assert (terms.decided_by, terms.document) == ("proxy", "power of attorney, 2024")
    assert time.strftime("%Y-%m-%d", time.localtime(terms.until - 1)) == "2099-12-31"
    given = [call[3] for call in site.services.calls]
    assert given == sorted(given)  # nothing opens before what is forbidden is closed
    acts = " ".join(each.act for each in site.site._audit.latest())
    assert "consent to sensing, text, learning, decided by proxy" in acts
    assert "anna" not in acts  # it is kept longer than what is kept of her


@pytest.mark.parametrize("role", ["carer", "therapist", "developer"])
def test_nobody_of_the_staff_can_be_enrolled(site, role):
    site.signed_in(role)
    browser = site.signed_in("therapist")
    name = f"{role} 0"
    for person in (name, f" {name.upper()} "):
        browser.post("/people/consent", **{**FORM, "person": person}, sensing="yes")
        assert "Nobody of the staff can be enrolled" in browser.get("/people").body
    assert not site.services.calls


def test_nobody_who_is_enrolled_gets_an_account_of_the_staff(site):
    browser = site.signed_in("therapist")
    site.board.consents((Consent("anna", SENSING, True), Consent("bert", SENSING, False)))

    def add(name, role):
        form = {"name": name, "password": PASSWORD, "role": role}
        return browser.post("/accounts/add", **form).body

    for role in ("carer", "therapist", "developer"):
        assert "is enrolled" in add(" ANNA", role)
    assert "Saved." in add("anna", "resident")
    assert "Saved." in add("bert", "carer")


def test_a_resident_who_has_an_account_can_be_enrolled(site):
    site.signed_in("resident")
    browser = site.signed_in("therapist")
    browser.post("/people/consent", **{**FORM, "person": "resident 0"}, sensing="yes")
    assert asked(site)["sensing"][3]


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": ""}, {"person": "x" * 81}, {"decided_by": ""}, {"decided_by": "neighbour"},
        {"until": "tomorrow"}, {"until": "9999-12-31"}, {"until": "2027-02-30"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_asked_of_nobody(site, wrong):
    browser = site.signed_in("therapist")
    browser.post("/people/consent", **{**FORM, **wrong}, sensing="yes")
    assert "Not done" in browser.get("/people").body
    assert not site.services.calls
    assert site.site._audit.latest(1)[0].outcome == "not done"


def test_the_page_says_who_decided_until_when_and_what_does_not_hold_any_more(site):
    proxy = Terms("proxy", "court <order>", "health", time.time() + 86400 * 400)
    site.board.consents(
        (
            Consent("anna", "sensing", True, 1.6e9, "Dora", proxy),
            Consent("anna", "face", False, 1.6e9, "herself"),
            Consent("bert", "sensing", True, 1.6e9, "x", Terms("person", until=1.7e9)),
        )
    )
    page = site.signed_in("therapist").get("/people").body
    anna, bert = page.partition("<h2>bert</h2>")[::2]
    assert "a legal proxy, with a document · Dora · court &lt;order&gt; · health · until" in anna
    assert "<td>by the face</td><td>no</td>" in anna
    assert "<td>yes</td>" in anna
    assert "<td>yes</td>" not in bert  # it has ended


def test_the_form_begins_with_what_was_decided(site):
    terms = Terms("proxy", "order", "health", 4_102_444_800.0)
    site.board.consents(
        (
            Consent("an na", "sensing", True, 1.6e9, "Dora", terms),
            Consent("an na", "face", False, 1.6e9, "Dora", terms),
        )
    )
    browser = site.signed_in("therapist")
    assert 'href="/people?person=an%20na#enrol"' in browser.get("/people").body
    page = browser.get("/people?person=an%20na").body
    for shown in ('value="an na"', 'value="Dora"', 'value="order"', 'value="proxy" selected'):
        assert shown in page
    ticked = {each for each in PURPOSES if f'name="{each}" value="yes" checked' in page}
    assert ticked == {"sensing", *MODALITIES} - {"face"}
    assert "checked" not in browser.get("/people").body
    assert time.strftime("%Y-%m-%d", time.localtime(4_102_444_799.0)) in page


def test_two_refusals_are_reviewed_by_a_therapist_only(site):
    site.board.consents((Consent("anna", ASSENT, False, terms=Terms(scope=REVIEW)),))
    browser = site.signed_in("therapist")
    assert "Said no twice in a row" in browser.get("/people").body
    browser.post("/sensing/reviewed", page="people", person="anna")
    assert site.services.calls == [("sensing", "reviewed", "therapist therapist 0", "anna")]
    assert site.signed_in("carer").post("/sensing/reviewed", person="anna").status == 403


@pytest.mark.parametrize("role", ["resident", "carer", "therapist"])
@pytest.mark.parametrize("act", ["pause", "resume", "assent", "refuse"])
def test_everybody_who_is_there_pauses_and_answers(site, role, act):
    browser = site.signed_in(role)
    page = "/resident" if role == "resident" else "/carer"
    assert f'action="/sensing/{act}"' in browser.get(page).body
    answer = browser.post(f"/sensing/{act}", page=page[1:], person="somebody else")
    assert answer.header("location") == page
    assert site.services.calls == [("sensing", act, f"{role} {role} 0", "")]
    assert site.site._audit.latest(1)[0].act == f"sensing: {act}"


def test_why_it_was_not_done_is_said(site):
    site.services.refusal = InputError("'anna' said no this time", "Ask at the next start")
    browser = site.signed_in("carer")
    browser.post("/sensing/assent", page="carer")
    assert "said no this time" in browser.get("/carer").body


@pytest.mark.parametrize(
    ("silent", "consents", "how"),
    [
        ("", (), "on"),
        ("no consent", (), "off"),
        ("paused", (Consent("anna", PAUSE, False),), "paused"),
        ("x", (Consent("bert", PAUSE, False),), "off"),
        ("x", (Consent("anna", ASSENT, False, terms=Terms(scope=ASK)),), "ask"),
        ("x", (Consent("anna", ASSENT, False, terms=Terms(scope=REFUSED)),), "refused"),
        ("x", (Consent("anna", ASSENT, False, terms=Terms(scope=REVIEW)),), "refused"),
    ],
)
def test_the_notice_says_how_it_stands(silent, consents, how):
    assert standing(Snapshot(person="anna", silent=silent, consents=consents)) == how


@pytest.mark.parametrize("view", ["resident", "carer", "live"])
def test_a_notice_is_visible_while_sensing(site, view):
    browser = site.signed_in("therapist")
    site.board.person("anna", "")
    assert "This machine watches and listens now." in browser.get(f"/{view}").body
    site.board.consents((Consent("anna", PAUSE, False),))
    site.board.person("anna", "sensing of 'anna' is paused")
    assert "Paused: this machine neither" in browser.get(f"/{view}").body


def test_forgetting_needs_the_name_and_shows_what_was_removed(site):
    browser = site.signed_in("therapist")
    browser.post("/people/forget", person="anna", typed="ana")
    assert "another one" in browser.get("/people").body
    assert not site.services.calls
    proof = browser.post("/people/forget", person="anna", typed="anna").body
    assert site.services.calls == [("forget", "anna")]
    for shown in ("12 records were removed", "/data/anna/1.mcap", "/log/ros", "withdrawal stays"):
        assert shown in proof
    assert "anna" not in " ".join(each.act for each in site.site._audit.latest())


def test_own_data_is_handed_over_to_be_saved(site):
    site.board.consents((Consent("anna & <b>", "sensing", True),))
    browser = site.signed_in("therapist")
    assert "/people/data?person=anna%20%26%20%3Cb%3E" in browser.get("/people").body
    answer = browser.get("/people/data?person=anna%20%26%20%3Cb%3E")
    assert answer.body == "PK"
    assert answer.header("content-type") == "application/zip"
    assert "attachment" in answer.header("content-disposition")
    assert site.services.calls == [("own_data", "anna & <b>")]
    assert browser.get("/people/data").header("location") == "/people"


def test_every_act_has_words():
    from emo_music_ros.dashboard.words import CATALOGUE

    assert all(f"sensing_{act}" in CATALOGUE for act in SENSING_ACTS)
