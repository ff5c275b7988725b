# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Writes topics into a recording as they come, in whatever type they are published."""

from __future__ import annotations

import fnmatch
import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import RECORDING, SENSING
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.io.mcap import TOPICS
from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.ros.definitions import definition
from emo_music_ros.ros.environment import RUN
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.subject import Subject

#: What the nodes make of a person and decide; * stands for every modality.
DERIVED = (
    *("encoding/*", "emotion", "recommendation", "listening/outcome"),
    *("player/state", "player/event", "dashboard/event", "interaction/event"),
    *("session/plan", "person", "person/forgotten", "consent/state", "carer/calls"),
)
#: What sensors give of a person: pictures, voice, words, body. What a replay needs.
RAW = tuple(TOPICS)
#: Is kept without consent: it says nothing but who decided what.
ALWAYS = ("person", "person/forgotten", "consent/state")
#: Seconds between looks at which topics there are.
LOOK_EVERY = 0.2


class Recorder(Node):
    """Subscribes to whatever is published under the names it looks for.

    Without consent of the person that the run is for, nothing of them is written, also where the
    sensor belongs to others and goes on.

    Parameters
    ----------
    writer : McapWriter
        Where it goes.
    names : sequence of str
        Topics, relative to the namespace of the node.
    on_failure : callable
        Told of an error of the writer; nothing is written any more.
    person_id : str
        Whom the run is for, until `person` says so.
    raw_purpose : str
        What raw topics need consent to, besides sensing.

    Attributes
    ----------
    problems : dict
        Topic, or person -> why something of it is missing, or should not be kept.
    """

    def __init__(
        self,
        writer: McapWriter,
        names: tuple[str, ...],
        on_failure: Callable[[CompanionError], None],
        person_id: str = "resident",
        raw_purpose: str = SENSING,
        **kwargs: Any,
    ) -> None:
        super().__init__("recorder", start_parameter_services=False, **kwargs)
        self.problems: dict[str, str] = {}
        self._writer = writer
        self._on_failure = on_failure
        self._names = {self._full(name): name for name in names}
        self._refused: Counter[str] = Counter()
        self._broken = False
        self._watched: set[str] = set()
        self._raw_purposes = (SENSING, raw_purpose)
        self._subject = Subject(
            person_id,
            os.environ.get(RUN, ""),
            (SENSING,),
            False,
            self.get_namespace(),
            lambda before: None,
            lambda: None,
        )
        self.create_subscription(msg.Person, "person", self._on_person, LATCHED)
        self.create_subscription(msg.ConsentState, "consent/state", self._subject.on_state, LATCHED)
        self.create_subscription(msg.Person, "person/forgotten", self._on_forgotten, 20)
        self._look()
        self.create_timer(LOOK_EVERY, self._look)

    def report(self) -> list[str]:
        """Return in words what was recorded, what gave nothing, and what is missing."""
        counts = self._writer.counts
        silent = [
            full
            for full in self._names
            if not any(fnmatch.fnmatchcase(topic, full) for topic in counts)
        ]
        return [
            *(f"{count:7} {topic}" for topic, count in sorted(counts.items())),
            *([f"nothing came from: {', '.join(silent)}"] if silent else []),
            *(f"{count} messages of {topic} were left out for want of consent"
              for topic, count in sorted(self._refused.items())),
            *(f"{topic}: {why}" for topic, why in sorted(self.problems.items())),
        ]  # fmt: skip

    def _full(self, name: str) -> str:
        """Return the full name of a topic, or of everything below one."""
        below = "/*" if name.endswith("/*") else ""
        return self.resolve_topic_name(name.removesuffix(below)) + below

    def _look(self) -> None:
        """Subscribe to what has appeared."""
        for topic, kinds in self.get_topic_names_and_types():
            name = next(
                (name for full, name in self._names.items() if fnmatch.fnmatchcase(topic, full)), ""
            )
            if not name or topic in self._watched:
                continue
            if not self._may_hear(topic, name):
                continue
            published = [info.topic_type for info in self.get_publishers_info_by_topic(topic)]
            if not published:
                continue
            self._watched.add(topic)
            kind = published[0]
            if len(kinds) > 1:
                self.problems[topic] = f"of its types {', '.join(kinds)} only {kind} was recorded"
            try:
                self._subscribe(topic, kind, name)
            except CompanionError as error:
                self.problems[topic] = f"not recorded: {error}"

    def _may_hear(self, topic: str, name: str) -> bool:
        """Tell whether a topic may be listened to; what needs consent of its own is not before."""
        reason = ""
        if name in RAW and RECORDING in self._raw_purposes:
            reason = self._subject.consents.reason(self._subject.person_id, RECORDING)
        if reason:
            self.problems[topic] = f"not recorded: {reason}"
        else:
            self.problems.pop(topic, None)
        return not reason

    def _subscribe(self, topic: str, kind: str, name: str) -> None:
        text = definition(kind)
        self.create_subscription(
            _message_class(kind),
            topic,
            partial(self._on_message, topic, kind, text, self._needs(name)),
            _as_published(self, topic),
            raw=True,
        )

    def _needs(self, name: str) -> tuple[str, ...]:
        """Return what a topic needs consent to."""
        if name in ALWAYS:
            return ()
        return self._raw_purposes if name in RAW else (SENSING,)

    def _on_message(
        self, topic: str, kind: str, text: str, purposes: tuple[str, ...], data: bytes
    ) -> None:
        if not all(map(self._subject.allows, purposes)):
            self._refused[topic] += 1
            return
        if self._broken:
            return
        now: Time = self.get_clock().now()
        try:
            self._writer.write(topic, kind, text, data, now.nanoseconds)
        except CompanionError as error:
            self._broken = True
            self._on_failure(error)

    def _on_person(self, message: msg.Person) -> None:
        try:
            self._subject.on_person(message)
        except InputError as error:
            self.problems["person"] = str(error)

    def _on_forgotten(self, message: msg.Person) -> None:
        self.problems[f"person '{message.person_id}'"] = (
            f"was forgotten while this was recorded; {self._writer.path} may still hold what is "
            "theirs. Delete it"
        )


def _message_class(kind: str) -> Any:
    """Return the class of a type.

    Raises
    ------
    InputError
        If it is not installed.
    """
    package, _, name = kind.split("/")
    try:
        return getattr(import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"its type {kind} is not installed", f"Install or source {package}"
        ) from error


def _as_published(node: Node, topic: str) -> QoSProfile:
    """Return a quality of service that takes what every publisher of a topic offers."""
    offered = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    reliable = all(each.reliability == ReliabilityPolicy.RELIABLE for each in offered)
    latched = all(each.durability == DurabilityPolicy.TRANSIENT_LOCAL for each in offered)
    return QoSProfile(
        depth=200,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
