# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Time that stands still, steps or is wrong: nothing freezes, and what is refused is shown."""

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from emo_music_ros import msg
from emo_music_ros.ros.stamps import stamp

LABELS = ["positive", "calm", "anxiety", "depression"]


def face(time, strong):
    probabilities = [0.94 if name == strong else 0.02 for name in LABELS]
    encoding = msg.ModalityEncoding(modality="face", person_id="resident", source="simulated:test")
    encoding.header.stamp = time
    encoding.estimate = msg.EmotionEstimate(
        labels=LABELS, probabilities=probabilities, confidence=0.9, quality=1.0
    )
    return encoding


@pytest.fixture
def feed(probe, start, until):
    """Start the fusion; return a function that sends faces until a state is reported."""

    def begin(**parameters):
        start("fusion", **parameters)
        emotions = probe.listen(msg.EmotionState, "emotion")
        publisher = probe.publisher(msg.ModalityEncoding, "encoding/face")

        def state(strong, time, tick=lambda: None):
            def seen():
                tick()
                publisher.publish(face(time(), strong))
                probe.spin(0.1)
                return emotions and emotions[-1].state == 1 + LABELS.index(strong)

            until(seen, f"the state {strong}")
            return emotions[-1]

        return state

    return begin


@pytest.fixture
def simulated(probe):
    """Return a function that publishes /clock at a time of its own."""
    publisher = probe.node.create_publisher(Clock, "/clock", 10)

    def run(at):
        now = {"time": at}

        def tick():
            now["time"] += 0.1
            publisher.publish(Clock(clock=stamp(now["time"])))

        return tick, lambda: stamp(now["time"])

    return run


def told(probe, until, *words, again=lambda: None):
    """Return the diagnostics that hold the words; `again` is called until they come."""
    found = probe.received.get("/diagnostics")
    if found is None:
        found = probe.listen(DiagnosticArray, "/diagnostics")
    found.clear()

    def search():
        again()
        for array in list(found):
            for status in array.status:
                if all(word in status.message for word in words):
                    return status
        probe.spin(0.1)
        return None

    return until(search, f"diagnostics with {words}")


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_clock_that_steps_resets_order_and_goes_on(feed, simulated, step):
    state = feed(use_sim_time=True)
    tick, time = simulated(1e6)
    state("positive", time, tick)
    tick, time = simulated(1e6 + step)
    emotion = state("anxiety", time, tick)
    assert abs(emotion.header.stamp.sec - (1e6 + step)) < 100


def test_without_a_clock_the_loop_works_and_says_what_is_missing(probe, feed, until):
    state = feed(use_sim_time=True)
    state("positive", Time)
    told(probe, until, "nobody publishes /clock")
    state("anxiety", Time)


def test_a_stamp_of_the_future_is_refused_counted_and_shown_and_freezes_nothing(probe, feed, until):
    state = feed()
    now = probe.node.get_clock().now
    state("positive", lambda: stamp(now().nanoseconds * 1e-9))
    publisher = probe.publisher(msg.ModalityEncoding, "encoding/face")

    def hour_ahead():
        publisher.publish(face(stamp(now().nanoseconds * 1e-9 + 3600.0), "depression"))

    status = told(probe, until, "in the future", again=hour_ahead)
    assert status.level == b"\x01"
    assert int({pair.key: pair.value for pair in status.values}["stamps refused"]) >= 1
    state("anxiety", lambda: stamp(now().nanoseconds * 1e-9))
    told(probe, until, "active")


@pytest.mark.parametrize("simulate", [False, True])
def test_the_duration_ends_the_run_whatever_the_clock_does(start, simulate):
    process = start("session", duration=2.0, use_sim_time=simulate)
    assert process.join() == 0
    assert "emotion states" in process.output


def test_words_are_stamped_by_the_clock_of_ros(probe, start, until, simulated):
    start("conversation", plugin="none", use_sim_time=True)
    heard = probe.listen(msg.Utterance, "conversation/utterance")
    publisher = probe.publisher(String, "conversation/text")
    tick, _ = simulated(5000.0)

    def seen():
        tick()
        publisher.publish(String(data="hello"))
        probe.spin(0.05)
        return [each for each in heard if 4990 < each.header.stamp.sec < 5200]

    until(seen, "words stamped by /clock")


def test_sensors_stamp_by_the_clock_of_ros(probe, start, until, simulated, tmp_path):
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(16000 * 60, np.float32), 16000)
    start(
        "microphone", plugin="audio_file", audio_file__path=str(tmp_path / "a.wav"),
        use_sim_time=True,
    )  # fmt: skip
    heard = probe.listen(msg.AudioChunk, "microphone/audio", 100)
    tick, _ = simulated(5000.0)

    def seen():
        tick()
        probe.spin(0.05)
        return [chunk for chunk in heard if 4990 < chunk.header.stamp.sec < 5200]

    until(seen, "sound stamped by /clock")
