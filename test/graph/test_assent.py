# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Real nodes: a modality that is forbidden falls silent alone; who said no twice is not sensed."""

import time

import pytest

from emo_music_ros import msg, srv
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.stamps import stamp

ACTS = srv.SetSensing.Request


@pytest.fixture
def states(probe, start, until):
    """Start the node that keeps the register; return what it tells."""
    start("interaction", person_id="anna")
    told = probe.listen(msg.ConsentState, "consent/state", LATCHED)
    until(lambda: told, "the register")
    return told


def given(states, purpose):
    found = [each for each in states[-1].consents if each.purpose == purpose]
    return found[0].given if found else None


def test_a_modality_is_forbidden_alone_and_consent_ends_by_itself(probe, start, until, states):
    start("text_encoder", person_id="anna", require_consent=True)
    encodings = probe.listen(msg.ModalityEncoding, "encoding/text")
    says = probe.publisher(msg.Utterance, "conversation/utterance")

    def consent(purpose, given_, **terms):
        request = srv.SetConsent.Request(purpose=purpose, given=given_, source="Dora", **terms)
        return probe.call(srv.SetConsent, "set_consent", request)

    def heard():
        before = len(encodings)
        said = msg.Utterance(source="live:test", text="I am so glad", language="en", confidence=1.0)
        said.header.stamp = probe.stamp()
        says.publish(said)
        probe.spin(0.3)
        return len(encodings) > before

    assert not consent("", True, decided_by="proxy").success  # without a document
    assert consent("", True).success
    until(heard, "the words")
    assert consent("text", False).success
    until(lambda: not heard(), "silence")
    assert consent("text", True).success
    until(heard, "the words again")
    ends = stamp(time.time() + 1.0)
    assert consent("sensing", True, until=ends).success
    until(lambda: given(states, "sensing") is False, "the end of consent")
    until(lambda: not heard(), "silence after the end")


def test_who_says_no_twice_in_a_row_is_not_asked_again_until_somebody_looked(
    probe, start, until, states
):
    def sensing(action):
        request = srv.SetSensing.Request(action=action, source="carer Carl")
        return probe.call(srv.SetSensing, "set_sensing", request)

    enrol = srv.SetConsent.Request(given=True, source="Dora", decided_by="proxy", document="order")
    assert probe.call(srv.SetConsent, "set_consent", enrol).success
    until(lambda: given(states, "assent") is False, "the question")
    assert sensing(ACTS.REFUSE).success
    assert "said no this time" in sensing(ACTS.ASSENT).message
    turn = probe.call(srv.SetPerson, "set_person", srv.SetPerson.Request(person_id="bert"))
    assert turn.success
    again = probe.call(srv.SetPerson, "set_person", srv.SetPerson.Request(person_id="anna"))
    assert "said no last time" in again.message
    assert sensing(ACTS.REFUSE).success
    refused = sensing(ACTS.ASSENT)
    assert not refused.success
    assert "twice in a row" in refused.message
    assert sensing(ACTS.REVIEWED).success
    assert sensing(ACTS.ASSENT).success
    until(lambda: given(states, "assent"), "the yes")
    paused = sensing(ACTS.PAUSE)
    assert "is paused" in paused.message
    assert sensing(ACTS.RESUME).message == ""
    assert not sensing(99).success
