# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a session achieved, defined once: for the summary, the report and the simulation.

The names are those of paper A, Table 4, which defines none of them; docs/reports.md says what is
meant here, and why the figures are not comparable with those of the paper.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: A track that was heard this long without being refused is accepted [s].
TRIED = 30.0
#: How a session began and ended is judged over this long at most [s], and over a third of it.
WINDOW = 120.0
#: Seconds of it in which the state has to be known.
LEAST_KNOWN = 10
#: A change of estimated valence (-1..1) up to this is none: estimates are never that exact.
MARGIN = 0.1
#: Share of its planned length after which a session counts as ended on time.
ON_TIME = 0.95
#: Sessions below which nothing is said of a trend.
LEAST_TREND = 6
#: States that are pleasant.
PLEASANT = ("positive", "calm")
#: An act that arrives this long after its track ended still tells why it ended [s].
LATE = 5.0
#: Longest pause between two reports of the player that counts as heard [s].
GAP = 2.0

#: How a listen ended: by itself; a person asked for another, or for silence; the system chose
#: another, or silence. Empty = it was still on.
FINISHED, SKIPPED, STOPPED, REPLACED, HALTED = (
    *("finished", "skipped", "stopped", "replaced", "halted"),
)
_ACTS = {"next": SKIPPED, "stop": STOPPED, "track_finished": FINISHED}


class Share(NamedTuple):
    """A part of a whole; NaN where there is no whole."""

    part: float
    whole: float

    @property
    def value(self) -> float:
        """0..1, NaN = nothing to judge by."""
        return self.part / self.whole if self.whole > 0 else math.nan


class Stop(NamedTuple):
    """The music was stopped: by a person, or by the system for a reason."""

    time: float
    reason: str = ""


@dataclass
class Listen:
    """One track from its start on.

    Attributes
    ----------
    began, ended : float
        On the clock of whoever reports it [s]; `ended` is NaN while it is on.
    duration : float
        Of the track [s], 0 = unknown.
    offered : bool
        The system chose it.
    heard : float
        Time in which it sounded [s].
    ending : str
        ``finished``, ``skipped``, ``stopped``, ``replaced``, ``halted`` or empty.
    """

    track_id: str
    title: str
    artist: str
    duration: float
    began: float
    offered: bool
    heard: float = 0.0
    ended: float = math.nan
    ending: str = ""


def accepted(heard: float, ending: str) -> bool | None:
    """Tell whether a person let a track play: None if it ended otherwise before that showed.

    Parameters
    ----------
    heard : float
        Time in which it sounded [s].
    ending : str
        As of `Listen`.
    """
    if heard >= TRIED or ending == FINISHED:
        return True
    return False if ending in (SKIPPED, STOPPED) else None


def acceptance(listens: Iterable[Listen]) -> Share:
    """Return the share of the tracks offered that no person refused within `TRIED` seconds.

    Those that the system itself ended before say nothing and count in neither number.
    """
    found = [accepted(each.heard, each.ending) for each in listens if each.offered]
    return Share(found.count(True), found.count(True) + found.count(False))


def completed(
    length: float, planned: float, starts: Sequence[float], stops: Sequence[float]
) -> bool:
    """Tell whether a session came to its planned end with music.

    Parameters
    ----------
    length, planned : float
        How long it lasted and was to last [s].
    starts, stops : sequence of float
        When tracks began, and when somebody or the system stopped the music [s].

    Returns
    -------
    bool
        It lasted for `ON_TIME` of what was planned, music sounded, and after the last stop
        something was played again.
    """
    if length < ON_TIME * planned or not starts:
        return False
    return not stops or max(starts) > max(stops)


def improvement(before: float, after: float) -> float:
    """Return the change of valence as a share of its whole scale, -1..1; NaN = not known.

    Parameters
    ----------
    before, after : float
        Valence -1..1.
    """
    return (after - before) / 2.0


def ended_worse(before: float, after: float, margin: float = MARGIN) -> bool | None:
    """Tell whether a session ended less pleasant than it began; None = not known.

    Parameters
    ----------
    before, after : float
        Valence -1..1, NaN = unknown.
    margin : float
        What is no change: `MARGIN` for estimates, 0 where valence is known.
    """
    return None if math.isnan(after - before) else after - before < -margin


class Ends(NamedTuple):
    """How somebody seemed at the beginning and the end of a session; NaN = not known.

    Mean valence -1..1, and the share of known seconds in a pleasant state 0..1.
    """

    before: float = math.nan
    after: float = math.nan
    pleasant_before: float = math.nan
    pleasant_after: float = math.nan


def ends(seconds: Sequence[tuple[float, str, float]], length: float) -> Ends:
    """Return how a session began and ended.

    Parameters
    ----------
    seconds : sequence of (float, str, float)
        Time since the beginning [s], state and valence of each second in which it was known.
    length : float
        Of the session [s].
    """
    window = min(WINDOW, length / 3)
    known = [each for each in seconds if math.isfinite(each[2])]
    first = [each for each in known if each[0] < window]
    last = [each for each in known if each[0] >= length - window]
    if min(len(first), len(last)) < LEAST_KNOWN:
        return Ends()
    return Ends(
        *(sum(valence for _, _, valence in part) / len(part) for part in (first, last)),
        *(sum(state in PLEASANT for _, state, _ in part) / len(part) for part in (first, last)),
    )


class Listens:
    """Makes listens of what the player reports and people do, in the order it arrives.

    Attributes
    ----------
    found : list of Listen
        In order; the last may still be on.
    stops : list of Stop
        Of music that sounded; the same one told twice is one.
    """

    def __init__(self) -> None:
        self.found: list[Listen] = []
        self.stops: list[Stop] = []
        self._key: tuple[str, float] | None = None
        self._seen = math.nan
        self._sounds = False
        self._waiting: tuple[str, str, float] | None = None  # act, track, time

    def player(
        self,
        time: float,
        sounds: bool,
        track: tuple[str, str, str, float],
        started: float,
        offered: bool,
    ) -> None:
        """Take a report of the player.

        Parameters
        ----------
        time : float
            When [s].
        sounds : bool
            Whether anything is heard.
        track : (str, str, str, float)
            Id, title, artist, and duration [s]; an empty id = none.
        started : float
            When its first sample was played, on any clock [s]: the same track may play twice.
        offered : bool
            Whether the system chose it.
        """
        key = (track[0], started) if track[0] else None
        if self._sounds and self._key is not None:
            self.found[-1].heard += min(max(time - self._seen, 0.0), GAP)
        if self._same(time, key):
            self._key = key
        elif key != self._key:
            if self._key is not None:
                self._end(time)
            if key is not None:
                duration = track[3] if track[3] > 0 and math.isfinite(track[3]) else 0.0
                self.found.append(Listen(*track[:3], duration, time, offered))
        self._key, self._seen, self._sounds = key, time, sounds

    def _same(self, time: float, key: tuple[str, float] | None) -> bool:
        """Tell whether a track only was given its start: players report it before they play it."""
        if key is None or self._key is None or key[0] != self._key[0]:
            return False
        return time - self.found[-1].began <= LATE

    def act(self, time: float, action: str, track_id: str) -> None:
        """Take what a person did or the player reported of a track; others are ignored."""
        if action not in _ACTS:
            return
        if action == "stop":
            self._stop(Stop(time))
        for listen in self.found[-2:][::-1]:
            if track_id not in ("", listen.track_id) or listen.ending in _ACTS.values():
                continue
            if math.isnan(listen.ended):
                self._waiting = _ACTS[action], listen.track_id, time
            elif time - listen.ended <= LATE:
                listen.ending = _ACTS[action]
            else:
                continue
            return

    def halted(self, time: float, reason: str) -> None:
        """Take that the system asked for silence, and why."""
        self._stop(Stop(time, reason))
        if self._key is not None:
            self._waiting = HALTED, self.found[-1].track_id, time

    def _stop(self, stop: Stop) -> None:
        sounded = bool(self.found) and not stop.time - self.found[-1].ended > LATE
        before = self.stops[-1] if self.stops else None
        again = before is not None and before.reason == stop.reason
        if sounded and not (again and before is not None and stop.time - before.time <= LATE):
            self.stops.append(stop)

    def _end(self, time: float) -> None:
        listen = self.found[-1]
        listen.ended = time
        waiting, self._waiting = self._waiting, None
        told = waiting is not None and waiting[1] == listen.track_id and time - waiting[2] <= LATE
        listen.ending = waiting[0] if waiting is not None and told else REPLACED


class Seconds:
    """How somebody seemed in the first and the last `WINDOW` seconds, in bounded memory."""

    def __init__(self) -> None:
        self._first: list[tuple[float, str, float]] = []
        self._last: deque[tuple[float, str, float]] = deque(maxlen=int(WINDOW))
        self._newest = -1

    def add(self, time: float, state: str, valence: float) -> None:
        """Take a known state; one of each second counts.

        Parameters
        ----------
        time : float
            Since the beginning [s].
        """
        if int(time) <= self._newest:
            return
        self._newest = int(time)
        if time < WINDOW:
            self._first.append((time, state, valence))
        self._last.append((time, state, valence))

    def ends(self, length: float) -> Ends:
        """Return how it began and ended; `length` of the session [s]."""
        last = [each for each in self._last if each[0] >= WINDOW]
        return ends([*self._first, *last], length)
