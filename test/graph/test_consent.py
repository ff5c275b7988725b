# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Consent and person in the running graph: obeyed by every node, across kills and restarts."""

import os
import signal

import numpy as np
import pytest
import soundfile
from std_srvs.srv import SetBool

from emo_music_ros import msg, srv
from emo_music_ros.consent.register import Register
from emo_music_ros.ros.qos import EVENT, LATCHED, SIGNAL


def consent(probe, given, **request):
    if not request:
        return probe.call(SetBool, "consent", SetBool.Request(data=given))
    return probe.call(srv.SetConsent, "set_consent", srv.SetConsent.Request(given=given, **request))


def states(probe):
    return probe.listen(msg.ConsentState, "consent/state", LATCHED)


def speaker(probe):
    """Return a function that lets a person say something."""
    publisher = probe.publisher(msg.Utterance, "conversation/utterance")

    def say(text="What a lovely day!", person=""):
        said = msg.Utterance(text=text, person_id=person, source="simulated:test", confidence=1.0)
        said.header.stamp = probe.stamp()
        publisher.publish(said)

    return say


def turn(probe, person):
    request = srv.SetPerson.Request(person_id=person)
    assert probe.call(srv.SetPerson, "set_person", request).success


def came(found, probe, publish=lambda: None):
    """Return how many messages came in two seconds."""
    before = len(found)
    for _ in range(20):
        publish()
        probe.spin(0.1)
    return len(found) - before


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "voice.wav"
    soundfile.write(path, np.zeros(16000 * 600, np.float32), 16000)
    return path


def sensors(start, sound, **parameters):
    return start("microphone", plugin="audio_file", audio_file__path=str(sound), **parameters)


def test_nothing_leaves_a_sensor_before_consent_nor_after_its_withdrawal(
    probe, start, until, sound
):
    start("interaction", require_consent=True)
    sensors(start, sound, require_consent=True)
    heard = probe.listen(msg.AudioChunk, "microphone/audio", SIGNAL)
    known = states(probe)
    until(lambda: known and known[-1].required, "the rule of the site")
    assert came(heard, probe) == 0

    answer = consent(probe, True)
    assert answer.success
    assert "'resident'" in answer.message
    until(lambda: heard, "sound after consent")

    answer = consent(probe, False)
    assert answer.success
    until(lambda: known and any(not each.given for each in known[-1].consents), "the withdrawal")
    until(lambda: came(heard, probe) == 0, "silence")  # how soon depends on the machine


@pytest.mark.parametrize("required", [False, True])
def test_a_withdrawal_survives_kills_of_whoever_knew_of_it(probe, start, until, sound, required):
    keeper = start("interaction", require_consent=required)
    sensor = sensors(start, sound, require_consent=required)
    heard = probe.listen(msg.AudioChunk, "microphone/audio", SIGNAL)
    assert consent(probe, True).success
    until(lambda: heard, "sound after consent")
    assert consent(probe, False).success
    for process in (keeper, sensor):
        os.kill(process.popen.pid, signal.SIGKILL)
        process.popen.wait(10)
    # first the sensor alone: it must know by itself
    sensors(start, sound, require_consent=required)
    nodes = probe.node.get_node_names
    until(lambda: "microphone" in nodes(), "the sensor")
    heard.clear()
    assert came(heard, probe) == 0
    start("interaction", require_consent=required, consent=True)  # never overrules a withdrawal
    known = states(probe)
    until(lambda: known and known[-1].consents, "the decisions")
    assert not any(each.given for each in known[-1].consents)
    assert came(heard, probe) == 0
    assert consent(probe, True).success
    until(lambda: heard, "sound after consent")


def test_encoders_and_fusion_fall_silent_and_take_up_again(probe, start, until):
    start("interaction")
    start("text_encoder")
    start("fusion")
    encodings = probe.listen(msg.ModalityEncoding, "encoding/text")
    emotions = probe.listen(msg.EmotionState, "emotion")
    say = speaker(probe)

    def speak():
        say("I am so happy today!")

    def spoken():
        speak()
        probe.spin(0.2)
        return encodings and emotions and emotions[-1].state == msg.EmotionState.POSITIVE

    until(spoken, "an emotion")
    assert consent(probe, False).success
    probe.spin(1.0)
    assert came(encodings, probe, speak) == 0
    assert came(emotions, probe, speak) == 0
    assert consent(probe, True).success
    emotions.clear()
    until(lambda: emotions, "an emotion after consent")
    assert emotions[0].state == msg.EmotionState.UNKNOWN  # nothing of before is left
    until(spoken, "an emotion after consent")


def test_decisions_are_of_one_person_and_purpose_and_name_whom_they_are_for(probe, start, until):
    start("interaction")
    known = states(probe)
    answer = consent(probe, False, person_id="bert", purpose="learning", source="asked aloud")
    assert (answer.success, answer.person_id) == (True, "bert")
    assert "'bert' to learning is withdrawn" in answer.message
    until(lambda: known and known[-1].consents, "the decision")
    (decision,) = known[-1].consents
    assert (decision.person_id, decision.purpose, decision.given) == ("bert", "learning", False)
    assert decision.source == "asked aloud"
    for wrong in ({"person_id": "a\nb"}, {"purpose": "everything"}):
        answer = consent(probe, True, **wrong)
        assert not answer.success
        assert answer.message


def test_consent_on_the_dashboard_is_kept_too(probe, start, until, tmp_path):
    start("interaction")
    known = states(probe)
    publisher = probe.publisher(msg.InteractionEvent, "dashboard/event", EVENT)
    publisher.publish(
        msg.InteractionEvent(action=msg.InteractionEvent.CONSENT, value=0.0, person_id="bert")
    )
    until(lambda: known and known[-1].consents, "the withdrawal")

    def stored():
        consents = Register(tmp_path / "cache" / "consent.sqlite").consents()
        return {(each.person_id, each.given) for each in consents}

    until(lambda: stored() == {("bert", False)}, "the withdrawal on disk")


def test_every_node_follows_the_person_of_the_run(probe, start, until, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_RUN", "one")
    keeper = start("interaction")
    start("text_encoder")
    encodings = probe.listen(msg.ModalityEncoding, "encoding/text")
    say = speaker(probe)

    def of_whom():
        say()
        probe.spin(0.2)
        return encodings[-1].person_id if encodings else ""

    until(lambda: of_whom() == "resident", "an encoding")
    answer = probe.call(srv.SetPerson, "set_person", srv.SetPerson.Request(person_id="bert"))
    assert (answer.success, answer.previous) == (True, "resident")
    until(lambda: of_whom() == "bert", "an encoding of the other person")
    answer = probe.call(srv.SetPerson, "set_person", srv.SetPerson.Request(person_id=""))
    assert not answer.success

    # within one run a restart forgets nothing; another run begins as it was configured
    persons = probe.listen(msg.Person, "person", LATCHED)
    until(lambda: persons and persons[-1].person_id == "bert", "the person")
    for run, person in (("one", "bert"), ("two", "resident")):
        os.kill(keeper.popen.pid, signal.SIGKILL)
        keeper.popen.wait(10)
        persons.clear()
        monkeypatch.setenv("EMO_MUSIC_RUN", run)
        keeper = start("interaction")
        until(lambda: persons, "the person after a restart")
        assert persons[-1].person_id == person


def test_a_sensor_closes_and_opens_with_the_person_of_the_run(probe, start, until, sound):
    start("interaction")
    sensors(start, sound)
    heard = probe.listen(msg.AudioChunk, "microphone/audio", SIGNAL)
    until(lambda: heard, "sound")
    assert consent(probe, False, person_id="bert").success
    turn(probe, "bert")
    until(lambda: came(heard, probe) == 0, "silence")  # how soon depends on the machine
    turn(probe, "resident")
    before = len(heard)
    until(lambda: len(heard) > before, "sound of somebody who consents")


def test_the_person_of_a_parameter_is_named_as_by_a_service(probe, start, until, sound):
    start("interaction", person_id="' bert'")
    sensors(start, sound, person_id="' bert'")
    heard = probe.listen(msg.AudioChunk, "microphone/audio", SIGNAL)
    until(lambda: heard, "sound")
    assert consent(probe, False).success
    until(lambda: came(heard, probe) == 0, "silence")  # how soon depends on the machine


def test_without_a_person_nothing_is_sensed(probe, start, until, sound):
    process = sensors(start, sound, person_id="''", require_consent=True)
    heard = probe.listen(msg.AudioChunk, "microphone/audio", SIGNAL)
    until(lambda: "names no person" in process.output, "the refusal")
    assert came(heard, probe) == 0


def test_words_of_somebody_who_has_withdrawn_are_not_read(probe, start, until):
    start("interaction")
    start("text_encoder")
    encodings = probe.listen(msg.ModalityEncoding, "encoding/text")
    speak = speaker(probe)
    assert consent(probe, False, person_id="bert").success

    def say(person):
        speak(person=person)
        probe.spin(0.1)
        return encodings

    until(lambda: say("resident"), "an encoding")
    until(lambda: came(encodings, probe) == 0, "silence")  # what was said before is judged
    assert came(encodings, probe, lambda: say("bert")) == 0
