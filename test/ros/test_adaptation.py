# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The services of fusion that learn from confirmed moments, in a node."""

from emo_music_ros.fusion.adaptation import rows
from emo_music_ros.fusion.adaptation.learner import Adaptation

SCRIPT = """
import os, sys, threading, time
import numpy as np, rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from diagnostic_msgs.msg import DiagnosticArray
from emo_music_ros import msg, srv
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import LEARNING, Consent
from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.nodes.fusion import FusionNode
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.stamps import stamp
from emo_music_ros.streams import Encoding

default_register("").store([Consent("closed", LEARNING, False)])
rclpy.init()
# a strategy to which it does not matter how old a face is
chosen = {"person_id": "anna", "plugin": "average"}
fusion = FusionNode(parameter_overrides=[Parameter(k, value=v) for k, v in chosen.items()])
probe = Node("probe")
executor = SingleThreadedExecutor()
for node in (fusion, probe):
    executor.add_node(node)
threading.Thread(target=executor.spin, daemon=True).start()
told, felt = [], []
probe.create_subscription(DiagnosticArray, "/diagnostics", lambda m: told.extend(m.status), 20)
probe.create_subscription(msg.EmotionState, "emotion", felt.append, 20)
faces = probe.create_publisher(msg.ModalityEncoding, "encoding/face", 20)
gone = probe.create_publisher(msg.Person, "person/forgotten", 20)
confirming = probe.create_client(srv.ConfirmEmotion, "confirm_emotion")
reverting = probe.create_client(srv.RevertAdaptation, "revert_adaptation")

def wait(condition):
    for _ in range(1200):
        found = condition()
        if found:
            return found
        threading.Event().wait(0.05)
    raise SystemExit("waited in vain")

def call(client, request):
    wait(client.service_is_ready)
    future = client.call_async(request)
    wait(future.done)
    found = future.result()
    return found.success, found.version, found.message

def confirm(state, person="", when=0.0):
    request = srv.ConfirmEmotion.Request(state=state, person_id=person, stamp=stamp(when))
    return call(confirming, request)

def look(person):
    estimate = from_labels(STATES, np.array([0.1, 0.1, 0.1, 0.7], np.float32))
    now = probe.get_clock().now().nanoseconds * 1e-9
    seen = Encoding("face", now, now, estimate, np.zeros(1, np.float32), {}, "live:test", person)
    faces.publish(convert.encoding_message(seen, "test", "1", person))

def seen(person):
    felt.clear()
    def known():
        look(person)
        return next((one for one in felt if one.person_id == person and one.state), None)
    return [round(float(value), 5) for value in wait(known).estimate.probabilities]

def again(person, value):
    # what was on its way before may still come
    return bool(wait(lambda: seen(person) == value))

wait(faces.get_subscription_count)
print("nobody", *confirm(2))
before = seen("anna")
print("unknown", *confirm(0)[::2])
print("no state", *confirm(9)[::2])
print("old", *confirm(2, when=time.time() - 90)[::2])
print("future", *confirm(2, when=time.time() + 3600)[::2])
print("stranger", *confirm(2, "nobody-here")[::2])
seen("closed")
print("closed", *confirm(2, "closed")[::2])
seen("anna")
now = time.time()
print("learned", *confirm(2, when=now))
print("twice", *confirm(2, when=now)[::2])
after = seen("anna")
print("moved", before != after and after[1] > before[1])
print("others", again("bert", before))
print("wrong version", *call(reverting, srv.RevertAdaptation.Request(version=7)))
print("reverted", *call(reverting, srv.RevertAdaptation.Request()))
print("as before", again("anna", before))
print("again", *call(reverting, srv.RevertAdaptation.Request(version=1)))
print("as learned", again("anna", after))
fusion.set_parameters([Parameter("adaptation", value=False)])
print("off", again("anna", before), *confirm(2)[::2])
fusion.set_parameters([Parameter("adaptation", value=True)])
wait(lambda: any(v.key == "adapted" and v.value == "1" for one in told for v in one.values))
gone.publish(msg.Person(person_id="anna"))
wait(lambda: call(reverting, srv.RevertAdaptation.Request(version=1))[0] is False)
print("forgotten", again("anna", before), flush=True)
os._exit(0)
"""


def test_moments_are_confirmed_refused_by_name_undone_and_forgotten(alone, tmp_path):
    done = alone(SCRIPT, EMO_MUSIC_DATA=str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "nobody was there" in lines[0] or "nothing was known" in lines[0]
    for expected in (
        "unknown False 0 is no state that can be confirmed",
        "no state False 9 is no state",
        "old False a moment 9",
        "future False a moment 3",
        "stranger False nobody called 'nobody-here' is followed",
        "closed False nothing is learned: 'closed' has withdrawn consent to learning",
        "learned True 1 learned from a moment of 'anna'",
        "twice False that moment of 'anna' was confirmed as calm already",
        "moved True",
        "others True",
        "wrong version False 0 there is no version 7 of 'anna'",
        "reverted True 0 the shipped weights hold for 'anna'",
        "as before True",
        "again True 1 version 1 of 'anna' holds",
        "as learned True",
        "off True False the parameter adaptation is false",
        "forgotten True",
    ):
        assert any(line.startswith(expected) for line in lines), (expected, lines, done.stderr)
    kept = Adaptation(tmp_path / "data" / "adaptation.sqlite", "average")
    assert rows.Rows().versions(kept._database.connect(), "anna") == {}
