#!/usr/bin/env python3
# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A robot's behaviour that runs a listening session and reacts to how it goes.

It asks for a session that lifts, watches the feedback, and if the person seems anxious for longer
than `patience`, ends it and offers a calming one. While the robot speaks the music ducks.

    ros2 launch emo_music_ros companion.launch.py input:=demo duration:=0
    python3 examples/session_client.py --ros-args -p duration:=120.0

A behaviour tree calls the same action: `Visit` is its state, `Robot` its leaves.
"""

from __future__ import annotations

import enum
import sys

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.node import Node
from std_msgs.msg import Bool

from emo_music_ros.action import RunSession
from emo_music_ros.msg import EmotionState


class State(enum.Enum):
    """Where the visit is."""

    LOOKING = "looking for the session node"
    LIFTING = "a session that lifts"
    ENDING = "ending it, the person seems anxious"
    CALMING = "a session that calms"
    DONE = "done"


class Visit:
    """The state machine: what happens goes in, what to do comes out; no ROS in it.

    Parameters
    ----------
    patience : float
        Seconds of anxiety after which another session is offered.
    """

    def __init__(self, patience: float) -> None:
        self.state = State.LOOKING
        self._patience = patience
        self._anxious_since: float | None = None  # [s] of the session

    def found(self) -> str:
        """Return the goal to ask for, now that there is a session node."""
        self.state = State.LIFTING
        return "positive"

    def feedback(self, elapsed: float, state: int) -> bool:
        """Take feedback; return whether the session is to be cancelled."""
        if state != EmotionState.ANXIETY:
            self._anxious_since = None
        elif self._anxious_since is None:
            self._anxious_since = elapsed
        waited = 0.0 if self._anxious_since is None else elapsed - self._anxious_since
        if self.state is not State.LIFTING or waited < self._patience:
            return False
        self.state = State.ENDING
        return True

    def ended(self) -> str:
        """Return the goal of the next session, empty if that was the last one."""
        if self.state is State.ENDING:
            self.state = State.CALMING
            return "calm"
        self.state = State.DONE
        return ""


class Robot(Node):
    """Does what the visit says."""

    def __init__(self) -> None:
        super().__init__("session_client")
        self._duration = float(self.declare_parameter("duration", 300.0).value)
        self.visit = Visit(float(self.declare_parameter("patience", 20.0).value))
        self.failed = ""
        self._client = ActionClient(self, RunSession, "run_session")
        self._speaking = self.create_publisher(Bool, "robot/speaking", 10)
        self._handle = None
        self.create_timer(0.5, self._look)

    def say(self, text: str) -> None:
        """Speak: put your robot's speech here, and keep `speaking` true as long as it lasts."""
        self._speaking.publish(Bool(data=True))
        self.get_logger().info(f"says: {text}")
        self._speaking.publish(Bool(data=False))

    def _look(self) -> None:
        """Begin when the session node is there; notice when it is gone, as no result comes then."""
        there = self._client.server_is_ready()
        if there and self.visit.state is State.LOOKING:
            self.say("Shall we listen to some music?")
            self._ask(self.visit.found())
        elif not there and self.visit.state not in (State.LOOKING, State.DONE):
            self._give_up("the session node is gone")

    def _give_up(self, why: str) -> None:
        self.failed = why
        self.visit.state = State.DONE

    def _ask(self, goal: str) -> None:
        request = RunSession.Goal(goal=goal, duration=self._duration)
        sent = self._client.send_goal_async(request, feedback_callback=self._on_feedback)
        sent.add_done_callback(self._on_answer)

    def _on_answer(self, future) -> None:
        self._handle = future.result()
        if not self._handle.accepted:
            self._give_up("the session was refused; the log of the session node says why")
            return
        self.get_logger().info(self.visit.state.value)
        self._handle.get_result_async().add_done_callback(self._on_end)

    def _on_feedback(self, message) -> None:
        feedback = message.feedback
        if self.visit.feedback(feedback.elapsed, feedback.state) and self._handle is not None:
            self.say("Let us try something calmer.")
            self._handle.cancel_goal_async()

    def _on_end(self, future) -> None:
        ended = future.result()
        cancelled = ended.status == GoalStatus.STATUS_CANCELED
        self.get_logger().info(f"session over: {ended.result.message}")
        if not ended.result.success and not (cancelled and self.visit.state is State.ENDING):
            self._give_up(ended.result.message)
            return
        goal = self.visit.ended()
        if goal:
            self._ask(goal)
        else:
            self.say("That was nice. See you tomorrow.")


def main() -> int:
    """Run one visit; the exit code is 1 if a session was refused or broke off."""
    rclpy.init()
    robot = Robot()
    try:
        while rclpy.ok() and robot.visit.state is not State.DONE:
            rclpy.spin_once(robot, timeout_sec=0.5)
    except KeyboardInterrupt:
        pass
    finally:
        robot.destroy_node()
        rclpy.try_shutdown()
    if robot.failed:
        print(f"the visit was cut short: {robot.failed}", file=sys.stderr)  # noqa: T201
    return int(bool(robot.failed))


if __name__ == "__main__":
    sys.exit(main())
