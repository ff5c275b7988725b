# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What fails in a part of a node is shown until it is over, and is answered."""

SCRIPT = """
import threading, rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import SetBool
from emo_music_ros.ros.node import CompanionNode

class Patient(CompanionNode):
    node_name = "patient"

    def activate(self):
        self.listen(String, "word", self.hear)
        self.serve(SetBool, "ask", self.answer)
        self.worker = self.work(self.take, 5, "items")

    def hear(self, message):
        self.check(message.data)

    def answer(self, request, response):
        self.check("bad" if request.data else "")
        response.success = True
        return response

    def take(self, item):
        self.check(item)

    def check(self, word):
        if word == "bad":
            raise ValueError("no luck")

rclpy.init()
patient, probe = Patient(), Node("probe")
executor = SingleThreadedExecutor()
for node in (patient, probe):
    executor.add_node(node)
threading.Thread(target=executor.spin, daemon=True).start()
told = []
probe.create_subscription(DiagnosticArray, "/diagnostics", lambda m: told.extend(m.status), 20)
words = probe.create_publisher(String, "word", 5)
client = probe.create_client(SetBool, "ask")

def wait(condition):
    for _ in range(1200):
        found = condition()
        if found:
            return found
        threading.Event().wait(0.05)
    raise SystemExit("waited in vain")

def shown(level, *parts):
    told.clear()
    return wait(lambda: told and ord(told[-1].level) == level
                and all(part in told[-1].message for part in parts) and told[-1].message)

def ask(bad):
    wait(client.service_is_ready)
    future = client.call_async(SetBool.Request(data=bad))
    wait(future.done)
    return future.result()

shown(0, "active")
wait(words.get_subscription_count)
words.publish(String(data="bad"))
print("callback:", shown(2, "word: failed: ValueError('no luck')"))
words.publish(String(data="good"))
print("over:", shown(0, "active"))
answer = ask(True)
print("answer:", answer.success, answer.message)
print("service:", shown(2, "ask"))
print("again:", ask(False).success, shown(0, "active"))
patient.worker.put("bad")
print("worker:", shown(2, "work on items"))
patient.worker.put("good")
print("over:", shown(0, "active"), flush=True)
import os
os._exit(0)
"""


def test_a_failing_part_is_shown_until_it_works_and_no_caller_waits(alone):
    done = alone(SCRIPT)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert lines["answer"].startswith("False ask failed: ValueError('no luck')")
    assert lines["again"] == "True active"
    assert "Traceback" in done.stderr  # in the log, in full
