# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the panel of rqt knows and asks for, in a real graph; the panel itself where rqt is."""

import math
import time
from concurrent.futures import Future

import pytest

from emo_music_ros import msg
from emo_music_ros.errors import InputError
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.rqt.robot import COMMANDS, PATIENCE, Robot, robots
from emo_music_ros.srv import SetPlayback


@pytest.fixture
def watch(probe):
    """Return a function that watches the robot of a namespace."""
    watched = []

    def turn(namespace="/"):
        robot = Robot(f"panel_{len(watched)}", namespace, probe.node.context)
        watched.append(robot)
        return robot

    yield turn
    for robot in watched:
        robot.close()


def emotion(person="anna", valence=0.5):
    message = msg.EmotionState(person_id=person, state=msg.EmotionState.CALM, present=True)
    message.estimate = msg.EmotionEstimate(valence=valence, arousal=0.1, confidence=0.8)
    return message


def answering(probe, namespace, answer):
    """Serve `player/set` and keep what was asked."""
    asked = []

    def serve(request, response):
        asked.append((request.command, round(request.value, 3)))
        response.success, response.message = not answer, answer
        return response

    probe.node.create_service(SetPlayback, f"{namespace}/player/set", serve)
    return asked


def test_robots_are_told_apart_by_namespace(probe, until, watch):
    states = {name: probe.node.create_publisher(msg.EmotionState, f"{name}/emotion", 10)
              for name in ("/one", "/two")}  # fmt: skip
    watch("/nobody")  # who only listens is no robot
    until(lambda: robots(probe.node) == ["/one", "/two"], "the robots")
    one, two = watch("/one"), watch("/two")

    def told():
        states["/one"].publish(emotion(valence=0.25))
        return one.snapshot().emotion

    assert until(told, "the state").estimate.valence == 0.25
    assert two.snapshot().emotion is None


def test_the_robot_says_whom_it_is_about_and_consent_is_obeyed(probe, until, watch):
    robot = watch()
    states = probe.publisher(msg.EmotionState, "emotion")

    def told(person):
        states.publish(emotion(person))
        return robot.snapshot().emotion is not None

    until(lambda: told("bert"), "a state of anybody")
    people = probe.publisher(msg.Person, "person", LATCHED)
    people.publish(msg.Person(person_id=""))  # names nobody, and ends nothing
    people.publish(msg.Person(person_id="anna"))
    until(lambda: robot.snapshot().person == "anna", "the person")
    assert not told("bert")
    until(lambda: told("anna"), "the state of anna")
    withdrawn = msg.Consent(person_id="anna", purpose="sensing", given=False)
    consents = probe.publisher(msg.ConsentState, "consent/state", LATCHED)
    consents.publish(msg.ConsentState(consents=[withdrawn]))
    until(lambda: robot.snapshot().silent, "the withdrawal")
    assert not told("anna")


def test_the_player_obeys_and_what_it_refuses_is_told(probe, until, watch):
    robot = watch("/robot")
    for name in ("play", "stop"):
        with pytest.raises(InputError, match="the node player does not answer"):
            robot.ask(name).result(60)
    asked = answering(probe, "/robot", "")
    events = probe.listen(msg.InteractionEvent, "/robot/dashboard/event")

    def ask(name, value=0.0):
        try:
            robot.ask(name, value).result(60)
        except InputError:
            return False  # not discovered yet
        return True

    for name, command in COMMANDS.items():
        value = 0.3 if name == "volume" else 0.0
        until(lambda name=name, value=value: ask(name, value), name)
        assert asked[-1] == (command, value)

    def played():
        return ask("play") and events

    until(played, "the event")
    assert (events[0].source, events[0].action) == ("live:rqt", msg.InteractionEvent.PLAY)

    answering(probe, "/strict", "too loud")
    strict = watch("/strict")

    def refusal():
        error = strict.ask("volume", 1.0).exception(60)
        return "too loud" in str(error)

    until(refusal, "the refusal")


@pytest.fixture
def application(monkeypatch):
    """Return an application of Qt without a screen."""
    pytest.importorskip("rqt_gui_py", reason="rqt is not installed")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    from python_qt_binding.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])


@pytest.fixture
def panel(application, probe):
    """Return the panel as rqt makes it."""
    from python_qt_binding.QtCore import QObject

    from emo_music_ros.rqt.panel import CompanionPanel

    class Context(QObject):
        node = probe.node

        def serial_number(self):
            return 1

        def add_widget(self, widget):
            self.widget = widget

    context = Context()
    made = CompanionPanel(context)
    yield made
    made.shutdown_plugin()


class Settings(dict):
    """Settings as rqt keeps them."""

    set_value = dict.__setitem__

    def value(self, name, default):
        return self.get(name, default)


def shown(panel):
    """Return every text of the panel."""
    from python_qt_binding.QtWidgets import QLabel

    return [label.text() for label in panel.widget.findChildren(QLabel)]


def test_buttons_of_the_panel_are_obeyed_and_whatever_comes_is_shown(
    probe, until, application, panel
):
    def now(condition):
        application.processEvents()
        return condition()

    assert any("No companion runs here" in text for text in shown(panel))
    assert not panel.widget.buttons["stop"].isEnabled()
    states = probe.node.create_publisher(msg.EmotionState, "/robot/emotion", 10)
    players = probe.node.create_publisher(msg.PlayerState, "/robot/player/state", 10)
    track = msg.Track(track_id="t", title="<b>Waltz</b>" * 500, duration=math.nan)
    playing = msg.PlayerState(status=msg.PlayerState.PLAYING, track=track, volume=0.4)
    odd = emotion(valence=math.nan)
    odd.contributions = [
        msg.Contribution(modality="<i>gait</i>", weight=math.nan, age=math.inf, quality=0.5)
    ]
    asked = answering(probe, "/robot", "")

    def told():
        states.publish(odd)
        players.publish(playing)
        return panel.widget.buttons["stop"].isEnabled()

    until(lambda: now(told), "the robot")
    assert panel.widget.robot.currentText() == "/robot"
    assert any(text.startswith("<b>Waltz</b>") for text in shown(panel))  # text, not markup
    assert "<i>gait</i>" in shown(panel)
    assert panel.widget.volume.value() == 40
    panel.widget.grab()  # everything is drawn

    def pressed():
        players.publish(playing)
        if not panel.widget.answer.text().startswith("Asked"):
            panel.widget.buttons["stop"].click()
        return asked

    until(lambda: now(pressed), "the player")
    assert asked[-1][0] == COMMANDS["stop"]
    until(lambda: now(lambda: panel.widget.answer.text() == "Done: Stop"), "the answer")
    panel.widget.volume.setValue(20)
    until(lambda: now(lambda: asked[-1] == (COMMANDS["volume"], 0.2)), "the volume")

    panel.widget.robot.activated.emit(panel.widget.robot.findText("/robot"))
    kept = Settings()
    panel.save_settings(Settings(), kept)
    assert kept == {"namespace": "/robot"}
    panel.restore_settings(Settings(), Settings(namespace="no namespace"))
    assert panel.widget.robot.currentText() == "/robot"
    until(lambda: now(lambda: not panel.widget.buttons["stop"].isEnabled()), "the player's silence")


def test_an_answer_that_never_comes_is_not_waited_for(
    probe, until, application, panel, monkeypatch
):
    monkeypatch.setattr(time, "monotonic", lambda real=time.monotonic: real() + later[0])
    later = [0.0]
    players = probe.node.create_publisher(msg.PlayerState, "/player/state", 10)
    monkeypatch.setattr(panel._robot, "ask", lambda name, value: Future())

    def told():
        players.publish(msg.PlayerState(volume=0.4))
        application.processEvents()
        return panel.widget.buttons["stop"].isEnabled()

    until(told, "the player")
    panel.widget.buttons["stop"].click()
    assert panel.widget.answer.text() == "Asked: Stop"
    later = time.monotonic() + PATIENCE + 1.0
    monkeypatch.setattr(time, "monotonic", lambda: later)
    panel._refresh()
    monkeypatch.undo()
    assert panel.widget.answer.text() == "Not done: the robot does not answer"
