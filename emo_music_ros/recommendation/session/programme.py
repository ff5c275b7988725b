# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a session asks to be played: a list in its order, locked or not, for one or for a group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emo_music_ros.care.profile import Profile


@dataclass(frozen=True)
class Programme:
    """What is asked of the music while a session runs.

    Attributes
    ----------
    running : bool
        Whether there is a session.
    name, plan_id : str
        What it is called, and the plan that is held.
    tracks : sequence of str
        Ids of the pieces in their order; none = chosen by the policy.
    locked : bool
        Whether nothing may replace a piece of the list.
    scheduled : bool
        Whether the day plan began it: nothing follows by itself.
    group : bool
        Whether it is for several people: nothing is learned.
    members : sequence of str
        Of a group, beside the person the music is for.
    """

    running: bool = False
    name: str = ""
    plan_id: str = ""
    tracks: tuple[str, ...] = ()
    locked: bool = False
    scheduled: bool = False
    group: bool = False
    members: tuple[str, ...] = ()

    @property
    def fixed(self) -> bool:
        """Whether a list is played that nothing may leave."""
        return self.locked and bool(self.tracks)

    def same(self, other: Programme) -> bool:
        """Tell whether another one goes on with this: its list is where it was."""
        ours = (self.running, self.name, self.plan_id, self.tracks, self.scheduled)
        return ours == (other.running, other.name, other.plan_id, other.tracks, other.scheduled)


class Course:
    """How far the programme of a session is.

    Attributes
    ----------
    programme : Programme
        That runs; an empty one while none does.
    broken_off : bool
        Whether distress ended it: nothing begins by itself any more.
    """

    def __init__(self) -> None:
        self.programme = Programme()
        self.broken_off = False
        self._done = 0

    def follow(self, programme: Programme) -> bool:
        """Take what a session asks for; return whether it begins anew.

        One that goes on, changed only in whether it is locked or in its members, stays where it is.
        """
        before, self.programme = self.programme, programme
        if programme.same(before):
            return False
        self.broken_off = False
        self._done = 0
        return True

    def waits(self, trigger: str, asked: bool, profile: Profile) -> str:
        """Return why nothing begins by itself now, empty if it may.

        Parameters
        ----------
        trigger : str
            Why a piece would be due.
        asked : bool
            Whether somebody asked for music since the last stop.
        profile : Profile
            Of the person: whether there is a day plan, and whether a carer has to look first.
        """
        programme, name = self.programme, self.programme.name
        if self.broken_off and not asked:
            return "the session was broken off by distress" if programme.scheduled else ""
        if programme.fixed:
            if trigger == "state":
                return f"the plan '{name}' is locked"
            return f"the list of '{name}' is at its end" if self.over else ""
        if asked or programme.running:
            return ""
        if profile.stopped:
            return "distress stopped the music twice in a day: a carer has to look first"
        if not profile.scheduled:
            return ""
        return "music begins by the day plan, or when somebody asks for it"

    def next(self, trigger: str, left_out: Callable[[str], bool]) -> str:
        """Return the next piece of the list that is not left out; empty if it is none's turn."""
        tracks = self.programme.tracks
        if trigger == "state" and not self.programme.fixed:
            return ""  # the person turned: a list that is not locked may be left
        while self._done < len(tracks):
            self._done += 1
            if not left_out(tracks[self._done - 1]):
                return tracks[self._done - 1]
        return ""

    @property
    def over(self) -> bool:
        """Whether the list is at its end."""
        return self._done >= len(self.programme.tracks)

    @property
    def told(self) -> str:
        """Return where the list is, in words for carers."""
        count = len(self.programme.tracks)
        if self.over and not self._done:
            return f"The list of '{self.programme.name}' is empty."
        return f"Planned as '{self.programme.name}': piece {self._done} of {count}."
