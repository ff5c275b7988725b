# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A foreign publisher of another type or quality of service is taken, or what it sends is told."""

from __future__ import annotations

import pytest

HEAD = """
import os, threading, rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy, DurabilityPolicy
from sensor_msgs.msg import Image, CompressedImage
from std_msgs.msg import String
from emo_music_ros.errors import InputError
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.qos import SIGNAL, LATCHED

class Reader(CompanionNode):
    node_name = "reader"

    def activate(self):
        self.heard = []
        self.listen(Image, "picture", self.heard.append, SIGNAL,
                    others={CompressedImage: self.heard.append})
        self.listen(String, "word", self.hear, LATCHED)

    def hear(self, message):
        if message.data == "bad":
            self.unusable("word", InputError("'bad' cannot be used", "Send 'good'"))
        else:
            self.usable("word")
            self.heard.append(message)

def wait(condition):
    for _ in range(400):
        found = condition()
        if found:
            return found
        threading.Event().wait(0.05)
    print("waited in vain", told[-1:], flush=True)
    os._exit(1)

def shown(level, *parts):
    told.clear()
    return wait(lambda: told and ord(told[-1].level) == level
                and all(part in told[-1].message for part in parts) and told[-1].message)

BEST = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
rclpy.init(args=ARGUMENTS)
other = rclpy.Context()  # as of another process: one participant has one type for a topic
other.init()
reader, probe = Reader(), Node("probe", context=other, use_global_arguments=False)
for node in (reader, probe):
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    threading.Thread(target=executor.spin, daemon=True).start()
told = []
probe.create_subscription(DiagnosticArray, "/diagnostics", lambda m: told.extend(m.status), 20)
shown(0, "active")

def send(publisher, message):
    def sent():
        if publisher.get_subscription_count():
            publisher.publish(message)
        return any(type(each) is type(message) for each in reader.heard)
    wait(sent)
"""
CASES = {
    "another type, best effort": """
send(probe.create_publisher(CompressedImage, "picture", BEST), CompressedImage(format="jpeg"))
assert type(reader.heard[-1]) is CompressedImage
shown(0, "active")
""",
    "the usual type, best effort": """
send(probe.create_publisher(Image, "picture", BEST), Image(encoding="mono8"))
shown(0, "active")
""",
    "not latched": """
send(probe.create_publisher(String, "word", 5), String(data="good"))
shown(0, "active")
""",
    "a type that nobody takes": """
publisher = probe.create_publisher(String, "picture", 5)
text = shown(1, "publisher of picture", "std_msgs/msg/String", "sensor_msgs/msg/CompressedImage")
assert "probe" in text, text
""",
    "a message that cannot be used": """
words = probe.create_publisher(String, "word", LATCHED)
words.publish(String(data="bad"))
shown(1, "messages of word: 'bad' cannot be used. Send 'good'")
values = {entry.key: entry.value for entry in told[-1].values}
assert values["unusable word"] == "1", values
words.publish(String(data="good"))
shown(0, "active")
""",
    "its own parameters": """
everything = reader.get_parameters_by_prefix("")
assert "autostart" in everything
assert any(name.startswith("qos_overrides./picture") for name in everything)
for name, entry in everything.items():
    result = reader.set_parameters_atomically([Parameter(name, value=entry.value)])
    assert result.successful, (name, result.reason)
refused = reader.set_parameters_atomically([Parameter("autostart", value=False)])
assert not refused.successful
""",
    "an override": """
infos = wait(lambda: probe.get_subscriptions_info_by_topic("/picture"))
assert infos[0].qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
assert SIGNAL.reliability == ReliabilityPolicy.RELIABLE
""",
}
OVERRIDE = '["--ros-args", "-p", "qos_overrides./picture.subscription.reliability:=best_effort"]'


@pytest.mark.parametrize("case", CASES)
def test_what_is_published_is_taken_or_told(alone, case):
    arguments = OVERRIDE if case == "an override" else "[]"
    code = HEAD.replace("ARGUMENTS", arguments) + CASES[case] + "\nos._exit(0)\n"
    done = alone(code)
    assert done.returncode == 0, done.stdout + done.stderr
