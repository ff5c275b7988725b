# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The dashboard as a real node: what the topics say is shown, what is pressed is done."""

import re

import numpy as np
import pytest
import soundfile
from recordings import Recording
from web import PASSWORD, Browser

from emo_music_ros import msg
from emo_music_ros.ros.qos import LATCHED

ADDRESS = re.compile(r"dashboard: http://127\.0\.0\.1:(\d+)/")
CODE = re.compile(r"code to make the first: (\S+)")


@pytest.fixture
def open_site(start, until):
    """Start the node and return a browser that is signed in as the first therapist."""

    def opened(**parameters):
        process = start("dashboard", port=0, **parameters)
        until(lambda: ADDRESS.search(process.output), "the address")
        browser = Browser(int(ADDRESS.search(process.output).group(1)))
        code = CODE.search(process.output).group(1)
        form = {"code": code, "name": "Thea", "password": PASSWORD}
        assert browser.send("POST", "/setup", form).status == 303
        return browser

    return opened


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    time = np.arange(22050 * 40) / 22050
    for number, pitch in enumerate((220, 330, 440)):
        tone = 0.2 * np.sin(2 * np.pi * pitch * time) * (1 + np.sin(2 * np.pi * 2 * time))
        soundfile.write(folder / f"piece {number}.wav", tone, 22050)
    return folder


def told(answer):
    return re.search(r'id="told"[^>]*>([^<]*)<', answer.body).group(1)


def press(browser, name, **form):
    """Press a button and return what the page says then."""
    assert browser.post(f"/control/{name}", page="live", **form).status == 303
    return told(browser.get("/live"))


def emotion(probe, person, state=msg.EmotionState.CALM):
    message = msg.EmotionState(person_id=person, state=state, present=True)
    message.header.stamp = probe.stamp()
    message.estimate = msg.EmotionEstimate(valence=0.5, arousal=-0.5, confidence=0.8, quality=1.0)
    message.contributions = [msg.Contribution(modality="face", weight=1.0, age=0.2, quality=0.9)]
    return message


def test_what_the_topics_say_is_shown(probe, until, open_site):
    browser = open_site()

    def page():
        return browser.get("/live").body

    assert "I don&#x27;t know" in page()
    feelings = probe.publisher(msg.EmotionState, "emotion")

    def shown(person, text):
        feelings.publish(emotion(probe, person))
        return text in page()

    until(lambda: shown("resident", "sure to 80 %"), "the state")
    player = probe.publisher(msg.PlayerState, "player/state")
    track = msg.Track(track_id="t", title="<b>Waltz</b>", artist="Somebody", duration=100.0)
    state = msg.PlayerState(status=msg.PlayerState.PLAYING, track=track, position=10.0, volume=0.5)

    def heard():
        player.publish(state)
        return "&lt;b&gt;Waltz&lt;/b&gt;" in page()

    until(heard, "the title")
    assert "<b>Waltz" not in page()
    until(lambda: "/dashboard" in page(), "the health of the node itself")

    consents = probe.publisher(msg.ConsentState, "consent/state", LATCHED)
    decision = msg.Consent(person_id="resident", purpose="sensing", given=False)
    consents.publish(msg.ConsentState(consents=[decision]))
    until(lambda: "has withdrawn consent" in page(), "the withdrawal")
    feelings.publish(emotion(probe, "resident"))
    probe.spin(0.5)
    assert "sure to" not in page()
    assert "Voice" not in page()
    assert "Face" not in page()


def test_nothing_is_shown_of_anybody_else(probe, until, open_site):
    browser = open_site(person_id="anna")
    feelings = probe.publisher(msg.EmotionState, "emotion")
    for _ in range(10):
        feelings.publish(emotion(probe, "bert", msg.EmotionState.ANXIETY))
        probe.spin(0.05)
    feelings.publish(emotion(probe, "anna"))
    until(lambda: "sure to 80 %" in browser.get("/live").body, "anna")
    assert 'class="state">Uneasy' not in browser.get("/live").body
    people = probe.publisher(msg.Person, "person", LATCHED)
    people.publish(msg.Person(person_id="carl"))

    def turned():
        feelings.publish(emotion(probe, "anna"))
        return "sure to" not in browser.get("/live").body

    until(turned, "the turn to carl")


def test_what_is_pressed_is_done(probe, start, until, open_site, library):
    browser = open_site()
    assert "the node player does not answer" in press(browser, "stop")
    start("player", plugin="null", folder__path=str(library))
    start("recommender", folder__path=str(library), patience=1.0)
    start("interaction")
    start("session")
    states = probe.listen(msg.PlayerState, "player/state")
    events = probe.listen(msg.InteractionEvent, "interaction/event")
    plans = probe.listen(msg.SessionPlan, "session/plan", LATCHED)

    def status(*wanted):
        return states and states[-1].status in wanted

    def done(name, **form):
        return press(browser, name, **form).startswith(("Done", "From the next"))

    until(lambda: done("play"), "the player to be there")
    until(lambda: status(msg.PlayerState.PLAYING), "music")
    assert done("pause")
    until(lambda: status(msg.PlayerState.PAUSED), "the pause")
    assert done("play")
    until(lambda: status(msg.PlayerState.PLAYING), "music after the pause")
    assert done("volume", value="30")
    until(lambda: abs(states[-1].volume - 0.3) < 0.01, "the volume")
    assert "volume" in press(browser, "volume", value="100")  # above what is allowed
    until(lambda: done("like"), "the interaction node")
    until(
        lambda: any(
            each.action == msg.InteractionEvent.RATE and each.value == 1.0 for each in events
        ),
        "the rating",
    )
    playing = states[-1].track.track_id
    assert done("skip")
    until(
        lambda: status(msg.PlayerState.PLAYING) and states[-1].track.track_id != playing,
        "another piece",
    )
    until(lambda: done("calmer"), "the session node")
    until(lambda: plans and plans[-1].goal == "calm", "the goal")
    assert done("livelier")  # one ends for the other
    until(lambda: plans[-1].goal == "positive" and plans[-1].remaining > 0, "the other goal")
    assert done("stop")
    until(lambda: status(msg.PlayerState.STOPPED), "silence")
    assert done("situation", value="company")
    until(lambda: (plans[-1].scenario, plans[-1].goal) == ("group", "positive"), "the situation")
    until(lambda: status(msg.PlayerState.PLAYING), "music for the situation")
    until(lambda: "Aim: Cheerful" in browser.get("/live").body, "the session on the page")


def test_a_port_that_is_taken_is_passed_over_and_a_network_without_tls_is_said(
    probe, start, until, open_site
):
    from diagnostic_msgs.msg import DiagnosticArray

    browser = open_site()
    health = probe.listen(DiagnosticArray, "/diagnostics")
    second = start("dashboard", "--ros-args", "-r", "__node:=other", "-p", f"port:={browser.port}")
    third = start("dashboard", "--ros-args", "-r", "__node:=third", "-p", "host:=0.0.0.0")

    def says(name, text):
        return any(
            status.name == name and text in status.message
            for array in health
            for status in array.status
        )

    until(lambda: ADDRESS.search(second.output), "the pages of the second")
    assert browser.port < int(ADDRESS.search(second.output).group(1)) < browser.port + 10
    until(lambda: says("/third", "without TLS"), "the network without TLS")
    assert second.popen.poll() is None
    assert third.popen.poll() is None
    assert browser.get("/live").status == 200


def test_it_ends_at_once_though_somebody_watches(start, until, open_site):
    process = start("dashboard", port=0)
    until(lambda: ADDRESS.search(process.output), "the address")
    browser = Browser(int(ADDRESS.search(process.output).group(1)))
    form = {"code": CODE.search(process.output).group(1), "name": "Thea", "password": PASSWORD}
    browser.send("POST", "/setup", form)
    with browser.events("/events/live") as following:
        assert following()
        assert process.interrupt() == 0
    assert "code to make the first" in process.output
    assert PASSWORD not in process.output


def test_a_recorded_session_is_listed_and_reported_on(open_site, tmp_path):
    folder = tmp_path / "kept" / "resident"
    folder.mkdir(parents=True)
    with Recording(folder / "1793628000.000000001.mcap", person="resident") as file:
        file.told(0.0)
        file.play(1.0, 60.0, "Jasmine")
    browser = open_site(recordings=str(tmp_path / "kept"))
    assert "session=1793628000.000000001" in browser.get("/recordings").body
    report = browser.get("/recordings/report?session=1793628000.000000001").body
    assert "Report: resident" in report
    assert "Jasmine" in report


def test_words_of_a_page_are_said_only_with_consent(probe, start, until, open_site):
    browser = open_site(person_id="anna")
    heard = probe.listen(msg.Utterance, "conversation/utterance")

    def said():
        browser.post("/input", text="I am so glad", language="en")
        return heard

    until(said, "the words")
    assert (heard[0].text, heard[0].language, heard[0].source) == (
        "I am so glad",
        "en",
        "live:dashboard",
    )
    consents = probe.publisher(msg.ConsentState, "consent/state", LATCHED)
    decision = msg.Consent(person_id="anna", purpose="text", given=False)
    consents.publish(msg.ConsentState(consents=[decision]))

    def refused():
        browser.post("/input", text="not to be heard", language="en")
        return "withdrawn consent to text" in browser.get("/input").body

    until(refused, "the refusal")


def test_what_is_entered_on_the_pages_reaches_the_nodes(probe, start, until, open_site, library):
    browser = open_site()
    assert "does not answer" in browser.get("/profile").body
    start("player", plugin="null", folder__path=str(library))
    start("recommender", folder__path=str(library), patience=1.0)
    start("interaction")
    start("session")
    states = probe.listen(msg.PlayerState, "player/state")
    plans = probe.listen(msg.SessionPlan, "session/plan", LATCHED)

    def entered(path, **form):
        """Send a form and return what the page says then."""
        answer = browser.post(path, **form)
        assert answer.status == 303
        return told(browser.get(answer.header("location")))

    def plays(title):
        return states and states[-1].track.title == title

    until(lambda: "3 of 3 pieces" in browser.get("/pick").body, "the library")
    page = browser.get("/pick?q=piece+1").body
    assert "1 of 1 pieces" in page
    track = re.search(r'name="track" value="([^"]+)"', page).group(1)
    until(lambda: entered("/pick", track=track).startswith("Done"), "the pick")
    until(lambda: plays("piece 1"), "the piece that was picked")
    until(lambda: "somebody picked it" in browser.get("/carer").body, "why it plays")
    assert entered("/control/never", page="carer") == "Done: Never again"
    until(lambda: not plays("piece 1"), "another piece")
    assert "piece 1" in browser.get("/profile").body

    songs = {"own": "piece 2", "comfort": "piece 0", "risk": "low", "never": ""}
    assert entered("/profile", **songs) == "Saved."
    assert "Own songs come first" in browser.get("/profile").body
    assert entered("/control/comfort", page="carer").startswith("Done")
    until(lambda: plays("piece 0"), "the comfort song")

    plan = {"name": "washing", "minutes": "5", "tracks": track, "locked": "yes"}
    until(lambda: entered("/plans", **plan) == "Saved.", "the plan")
    page = browser.get("/plans").body
    assert "<li>piece 1</li>" in page
    plan_id = re.search(r'name="plan" value="(\w+)"', page).group(1)
    until(lambda: entered("/plans/hold", plan=plan_id) == "Done: washing", "the session")
    until(lambda: plays("piece 1"), "the piece of the plan")
    until(lambda: "nothing replaces a piece" in browser.get("/plans").body, "the lock")
    assert "locked" in entered("/pick", track=track)
    assert "a locked plan is held" in press(browser, "calmer")
    assert entered("/plans/lock", plan=plan_id) == "Saved."
    until(lambda: not plans[-1].locked, "the lock to open")
    assert entered("/control/end", page="plans").startswith("Done")
    until(lambda: plans[-1].remaining == 0, "the end")

    assert entered("/notes", text="hummed") == "Saved."
    assert "hummed" in browser.get("/notes").body
    assert entered("/control/looked", page="live").startswith("Done")
    assert entered("/person", person="bert") == "The music is for bert now."
    until(lambda: "Person: bert" in browser.get("/notes").body, "the other person")
    assert "hummed" not in browser.get("/notes").body
    assert "Turn to resident" in browser.get("/person").body
