# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Everybody whose emotion is followed: the person expected, and others while they are there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation.head import Answer, Head
from emo_music_ros.fusion.base import Fusion
from emo_music_ros.fusion.timeline import Timeline, TimelineOptions
from emo_music_ros.streams import Emotion, Encoding

#: Somebody else is forgotten when nothing came of them for this long [s].
FORGOTTEN = 30.0


class People:
    """One timeline for each person.

    Parameters
    ----------
    fusion : Fusion
        The strategy, shared by all.
    strategy : str
        Its plugin name.
    options : TimelineOptions
        Of every timeline.
    expected : str
        Who is followed also when nobody is there.
    explains : bool
        Whether each step says how far every modality moved the result.
    head_of : callable
        Returns what was learned of a person, None where the shipped weights hold.
    """

    def __init__(
        self,
        fusion: Fusion,
        strategy: str,
        options: TimelineOptions,
        expected: str,
        explains: bool = False,
        head_of: Callable[[str], Head | None] = lambda person_id: None,
    ) -> None:
        self.expected = expected
        self._explains = explains
        self._head_of = head_of
        self._fusion, self._strategy, self._options = fusion, strategy, options
        self._timelines: dict[str, Timeline] = {}
        self._met: dict[str, float] = {}
        # person -> the last emotion, and until when nothing but news can change it
        self._last: dict[str, tuple[Emotion, float]] = {}
        self.meet(expected, 0.0)

    def __len__(self) -> int:
        return len(self._timelines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._timelines)

    def reconfigure(self, options: TimelineOptions) -> None:
        """Take new options for everybody."""
        self._options = options
        self._last.clear()
        for timeline in self._timelines.values():
            timeline.options = options

    def expect(self, person_id: str) -> None:
        """Expect another person; the one before is forgotten when gone, like anybody."""
        self.expected = person_id
        self.meet(person_id, 0.0)

    def meet(self, person_id: str, now: float) -> Timeline:
        """Return the timeline of somebody something came of at `now` [steady s]."""
        self._met[person_id] = now
        self._last.pop(person_id, None)
        if person_id not in self._timelines:
            self._timelines[person_id] = Timeline(self._fusion, self._strategy, self._options)
        return self._timelines[person_id]

    def learned(self, person_id: str) -> None:
        """Have the state of a person told anew: what was learned of them changed."""
        self._last.pop(person_id, None)

    def answer(self, person_id: str, age: float, now: float) -> Answer:
        """Return what the strategy itself said of a person `age` seconds before `now` [steady s].

        Raises
        ------
        InputError
            If nothing was, or nobody knows them.
        """
        timeline = self._timelines.get(person_id)
        if timeline is None:
            raise InputError(
                f"nobody called '{person_id}' is followed", "Name somebody who is there"
            )
        return timeline.recent.at(age, now)

    def add(self, encoding: Encoding, now: float) -> bool:
        """Take an encoding; return False if it is context or older than what is known."""
        return self.meet(encoding.person_id, now).add(encoding)

    def sign(self, person_id: str, now: float) -> None:
        """Take a sign of somebody being there that is no encoding: what they did."""
        self.meet(person_id, now).presence.sign(now)

    def forget(self, person_id: str) -> None:
        """Forget everything of one person."""
        self._timelines.pop(person_id, None)
        self._met.pop(person_id, None)
        self._last.pop(person_id, None)
        if person_id == self.expected:
            self.meet(person_id, 0.0)

    def news(self, person_id: str, now: float) -> Emotion | None:
        """Return the emotion of one person at `now` [steady s], None if nobody knows them.

        News is not explained: it is told at once.
        """
        timeline = self._timelines.get(person_id)
        if timeline is None:
            return None
        timeline.head = self._head_of(person_id)
        self._last[person_id] = (timeline.step(now, person_id), timeline.holds_until(now))
        return self._last[person_id][0]

    def step(self, now: float) -> list[Emotion]:
        """Return the emotion of everybody at `now` [steady s]; who is long gone is forgotten.

        Of others than the person expected only those are fused again of whom there is news, or
        of whom something has just become too old.
        """
        gone = [
            person
            for person, met in self._met.items()
            if person != self.expected and now - met > FORGOTTEN
        ]
        for person in gone:
            self.forget(person)
        for person, timeline in self._timelines.items():
            emotion, until = self._last.get(person, (None, -math.inf))
            if emotion is None or person == self.expected or now > until:
                timeline.head = self._head_of(person)
                emotion = timeline.step(now, person)
                if self._explains:
                    emotion = timeline.explained(emotion, now)
                self._last[person] = (emotion, timeline.holds_until(now))
        return [self._last[person][0] for person in self._timelines]
