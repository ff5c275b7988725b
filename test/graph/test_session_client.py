# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The example of a behaviour: a visit with the real session and recommender."""

import importlib.util
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros import msg
from emo_music_ros.ros.qos import LATCHED

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "session_client.py"
ANXIETY, CALM = msg.EmotionState.ANXIETY, msg.EmotionState.CALM


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("session_client", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(start):
    """Start the example as a robot would."""

    def run(**parameters):
        return start(sys.executable, str(SCRIPT), **parameters)

    return run


@pytest.fixture
def feeling(probe, until):
    """Return a function that lets the fusion say how somebody feels, again and again."""
    publisher = probe.node.create_publisher(msg.EmotionState, "emotion", 20)
    ended = threading.Event()
    now = [CALM]

    def tell():
        while not ended.wait(0.1):
            publisher.publish(msg.EmotionState(person_id="resident", state=now[0]))

    thread = threading.Thread(target=tell)
    thread.start()
    yield lambda state: now.__setitem__(0, state)
    ended.set()
    thread.join()


def test_anxiety_ends_the_session_and_a_calming_one_follows(
    probe, start, until, client, feeling, tmp_path
):
    (tmp_path / "music").mkdir()
    plans = probe.listen(msg.SessionPlan, "session/plan", LATCHED)
    session = start("session")
    start("recommender", folder__path=str(tmp_path / "music"))
    until(lambda: "active" in session.output, "the session node")
    robot = client(duration=8.0, patience=1.0)
    until(lambda: any(plan.goal == "positive" for plan in plans), "the first session")
    feeling(ANXIETY)
    until(lambda: any(plan.goal == "calm" for plan in plans), "the calming session")
    assert robot.join() == 0, robot.output
    goals = [plan.goal for plan in plans if plan.remaining]
    assert goals == ["positive", "calm"]
    for text in ("Shall we listen", "something calmer", "That was nice"):
        assert text in robot.output
    assert "Traceback" not in robot.output


def test_a_refused_session_is_told(start, until, client):
    session = start("session")
    until(lambda: "active" in session.output, "the session node")
    robot = client(duration=-1.0)
    assert robot.join() == 1
    assert "was refused" in robot.output


def test_a_session_that_breaks_off_is_told(start, until, client):
    session = start("session")
    until(lambda: "active" in session.output, "the session node")
    robot = client(duration=600.0)
    until(lambda: "a session that lifts" in robot.output, "the session")
    assert session.interrupt() == 0
    assert robot.join() == 1
    assert "the visit was cut short" in robot.output


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.sampled_from([ANXIETY, CALM])), max_size=40))
def test_only_anxiety_without_a_break_ends_a_session(example, steps):
    visit = example.Visit(patience=10.0)
    assert visit.found() == "positive"
    now, anxious = 0.0, None
    for step, state in steps:
        now += step
        anxious = None if state == CALM else now if anxious is None else anxious
        expected = anxious is not None and now - anxious >= 10.0
        assert visit.feedback(now, state) is expected
        if expected:
            assert visit.ended() == "calm"
            assert visit.state is example.State.CALMING
            break
    else:
        assert visit.ended() == ""


def test_a_calming_session_is_not_cancelled(example):
    visit = example.Visit(patience=1.0)
    visit.found()
    visit.feedback(0.0, ANXIETY)
    assert visit.feedback(2.0, ANXIETY)
    assert not visit.feedback(9.0, ANXIETY)  # cancelling takes its time
    visit.ended()
    assert not visit.feedback(99.0, ANXIETY)
    assert visit.ended() == ""
    assert visit.state is example.State.DONE
