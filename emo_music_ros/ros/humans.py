# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""People as the robot sees them, by ROS4HRI (REP-155): faces, voices and persons come and go.

Its messages are a soft dependency: where ``hri_msgs`` is not installed, `messages` is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rclpy.qos import DurabilityPolicy
from std_msgs.msg import String

from emo_music_ros.consent.rules import LONGEST_ID
from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.ros.listening import Listener
from emo_music_ros.ros.parts import PartsNode
from emo_music_ros.ros.qos import LATCHED

try:  # only where ROS4HRI is installed
    from hri_msgs import msg as _messages
except ImportError:
    _messages = None

messages: Any = _messages

#: Most faces, voices or persons that are followed at once.
MOST = 16
#: How often it is looked who still publishes [s].
PERIOD = 0.5

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class HumansOptions:
    """Where the robot says whom it sees."""

    humans: str = option(
        "/humans",
        "root of the ROS4HRI topics, used where hri_msgs is installed; without the slash it is "
        "within the namespace",
    )

    @property
    def root(self) -> str:
        """The root without a slash at its end."""
        return self.humans.rstrip("/")


def require(instead: str) -> None:
    """Make sure that ROS4HRI is there.

    Raises
    ------
    InputError
        If it is not installed; it says what to do `instead`.
    """
    if messages is None:
        raise InputError(
            "hri_msgs is not installed", f"Run: apt install ros-$ROS_DISTRO-hri-msgs; or {instead}"
        )


def usable_ids(ids: Iterable[str]) -> tuple[list[str], str]:
    """Return the ids that can be followed, each once, and in words why others cannot.

    An id is a part of names of topics; at most `MOST` are followed.
    """
    unique = list(dict.fromkeys(ids))
    sound = [each for each in unique if _ID.fullmatch(each) and len(each) <= LONGEST_ID]
    problem = ""
    if len(sound) < len(unique):
        odd = next(each for each in unique if each not in sound)
        problem = f"the id {odd[:40]!r} cannot be part of the name of a topic"
    elif len(sound) > MOST:
        problem = f"{len(sound)} are tracked at once, and {MOST} are followed"
    return sound[:MOST], problem


def matching(topic: str, wildcard: str, names: Iterable[str]) -> dict[str, str]:
    """Return the names that are the topic with any one part in place of the wildcard.

    Parameters
    ----------
    topic : str
        Such as ``/humans/voices/_any_/speech``.
    wildcard : str
        ``_any_``; empty = the topic is a name as it is.
    names : iterable of str
        Of topics.

    Returns
    -------
    dict of str to str
        Name -> what stands in place of the wildcard.
    """
    before, _, after = topic.partition(wildcard) if wildcard else (topic, "", "")
    pattern = re.compile(re.escape(before) + ("([^/]+)" if wildcard else "()") + re.escape(after))
    found = {name: pattern.fullmatch(name) for name in names}
    return {name: match[1] for name, match in found.items() if match is not None}


def id_in(source: str, root: str) -> str:
    """Return the id of the face or voice whose topic a signal came from, empty if of none.

    ``live:/humans/faces/a/cropped`` with the root ``/humans/faces`` is of ``a``.
    """
    start = f"live:{root}/"
    return source.removeprefix(start).partition("/")[0] if source.startswith(start) else ""


class Identities:
    """Which face and voice are whose, as persons come, go and turn out to be one."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], str] = {}  # the newest last

    def assign(self, person: str, part: str, value: str) -> None:
        """Note the `face_id`, `voice_id` or `alias` of a person; an empty one is none."""
        self._parts.pop((person, part), None)
        if value:
            self._parts[person, part] = value

    def forget(self, person: str) -> None:
        """Forget a person."""
        self._parts = {key: value for key, value in self._parts.items() if key[0] != person}

    def person(self, part: str, value: str) -> str:
        """Return whose face or voice it is, empty if nobody's.

        Where two persons claim it the later one counts; one that is an alias stands for another.
        """
        for (person, name), known in reversed(self._parts.items()):
            if name == part and known == value:
                return self._itself(person)
        return ""

    def part(self, person: str, part: str) -> str:
        """Return the face or voice of a person, empty if there is none."""
        for (each, name), known in reversed(self._parts.items()):
            if name == part and person in (each, self._itself(each)):
                return known
        return ""

    def _itself(self, person: str) -> str:
        seen = {person}
        while (other := self._parts.get((person, "alias"), "")) and other not in seen:
            seen.add(other)
            person = other
        return person


class Tracked:
    """Follows which faces, voices or persons there are, while a node is active.

    Parameters
    ----------
    node : PartsNode
        Whose subscription it is.
    root : str
        Topic of the kind, such as ``/humans/faces``; the list is on its ``tracked``.
    come, gone : callable
        Get the id of who appeared and of who is gone.

    Attributes
    ----------
    ids : list of str
        Who is there now.
    """

    def __init__(
        self,
        node: PartsNode,
        root: str,
        come: Callable[[str], object] = lambda _: None,
        gone: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.ids: list[str] = []
        self._node, self._topic, self._come, self._gone = node, f"{root}/tracked", come, gone
        # Lists are not latched, as a rule: who asked for that would miss the first one.
        self._listener = node.listen(messages.IdsList, self._topic, self._hear)
        self._latched = False
        node.every(PERIOD, self._look)

    def _hear(self, message: Any) -> None:
        ids, problem = usable_ids(message.ids)
        if problem:
            remedy = f"Track up to {MOST}, by ids of letters, digits and _ that begin with no digit"
            self._node.unusable(self._topic, InputError(problem, remedy))
        else:
            self._node.usable(self._topic)
        self._turn(ids)

    def _look(self) -> None:
        topic = self._node.resolve_topic_name(self._topic)
        lasts = [
            info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
            for info in self._node.get_publishers_info_by_topic(topic)
        ]
        if self.ids and not lasts:
            self._turn([])  # who tracked them is gone
        if lasts and all(lasts) and not self._latched:  # what was said before can be had, too
            self._latched = True
            self._node.unlisten(self._listener)
            # The parameters of its quality of service are made: they would make it what it was.
            self._listener = self._node.listen(
                messages.IdsList, self._topic, self._hear, LATCHED, lasting=False
            )

    def _turn(self, ids: list[str]) -> None:
        before, self.ids = self.ids, ids
        for each in before:
            if each not in ids:
                self._gone(each)
        for each in ids:
            if each not in before:
                self._come(each)


class Persons:
    """Whose faces and voices those are that the robot follows, while a node is active.

    Parameters
    ----------
    node : PartsNode
        Whose subscriptions they are.
    root : str
        Of all topics, such as ``/humans``.
    *parts : str
        What is asked for: ``face_id``, ``voice_id``.
    gone : callable
        Gets the id of a person who is gone.
    """

    def __init__(
        self,
        node: PartsNode,
        root: str,
        *parts: str,
        gone: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._node, self._root, self._names = node, f"{root}/persons", (*parts, "alias")
        self._told_gone = gone
        self._identities = Identities()
        self._listeners: dict[str, list[Listener]] = {}
        self.person, self.part = self._identities.person, self._identities.part
        self._tracked = Tracked(node, self._root, self._come, self._gone)

    @property
    def ids(self) -> list[str]:
        """Who is there now."""
        return self._tracked.ids

    def _come(self, person: str) -> None:
        self._listeners[person] = [
            self._node.listen(
                String, f"{self._root}/{person}/{part}", self._assign(person, part), LATCHED,
                lasting=False,
            )
            for part in self._names
        ]  # fmt: skip

    def _assign(self, person: str, part: str) -> Callable[[String], None]:
        def assign(message: String) -> None:
            self._identities.assign(person, part, message.data)

        return assign

    def _gone(self, person: str) -> None:
        for listener in self._listeners.pop(person):
            self._node.unlisten(listener)
        self._identities.forget(person)
        self._told_gone(person)
