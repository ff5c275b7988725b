# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How often each modality needs to be looked at: dynamic sampling (paper C, Eqs. 1-3).

Where little changes, source and encoder work near a floor; where what a modality says changes, or
the state of the person does, they work at a ceiling at once and come down slowly.

Differs from the paper: the spectrum is that of what a modality says (its probabilities), not of
sound, and without its mean, so that stillness is zero whatever is said. It is taken with as many
zeros behind the N points of the window as there are points: |X(f) - X(f-1)| then counts point n by
2 sin(pi n / 2N), the newest most. Small variation, as of noise, counts as none.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.errors import OptionError
from emo_music_ros.streams import Emotion, Encoding, SamplingRequest

#: Points of the sliding window, a period of the floor apart.
POINTS = 8
#: Frequency variation rates up to which all is still, and from which the ceiling is asked for. One
#: point that says something else with certainty gives about 2.
STILL, STIRRED = 0.3, 1.0
#: Another rate is asked for if it differs by this share of the range, or is an end of it.
HYSTERESIS = 0.15
#: Without news a request is repeated, so that nobody takes the fusion for dead [s].
REPEAT = 1.0
#: Periods of the floor that fit into the time after which what a modality said is ignored.
FRESH = 1.5
#: Uncertainty, 0..1, below which it is clear how somebody feels, and above which it is not again.
UNSURE, UNSURE_AGAIN = 0.8, 0.9


def frequency_variation(window: ArrayLike) -> float:
    """Return the frequency variation rate of a window (Eqs. 1 and 2), 0 = still.

    Parameters
    ----------
    window : array_like
        [points, values], oldest first, of values 0..1 that are probabilities: a distribution that
        gives way to another without overlap is a step of 1.
    """
    table = np.asarray(window, float)
    centred = table - table.mean(axis=0)
    spectrum = np.fft.rfft(centred, 2 * len(table), axis=0)
    steps = np.abs(np.diff(spectrum, axis=0))
    return float(np.sqrt((steps**2).sum(axis=1) / 2.0).mean())


@dataclass(frozen=True)
class Range:
    """Between which rates a modality is looked at [Hz]."""

    floor: float
    ceiling: float


def ranges(text: str, stale: Mapping[str, float]) -> dict[str, Range]:
    """Return the range of every modality that is named, such as ``face=3-15, eeg=0.4-1``.

    Parameters
    ----------
    text : str
        Modality, floor and ceiling [Hz].
    stale : mapping
        Known modality -> time after which what it said is ignored [s]. A floor is raised so that
        it is looked at `FRESH` times as often.

    Raises
    ------
    OptionError
        If a modality is not known or named twice, or the rates are none.
    """
    found: dict[str, Range] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, rates = (part.strip() for part in entry.partition("="))
        low, _, high = rates.partition("-")
        try:
            floor, ceiling = float(low), float(high)
        except ValueError:
            floor = ceiling = math.nan
        if name not in stale or name in found:
            raise OptionError(
                f"sampling '{entry}' is refused", f"Name each once, of {', '.join(stale)}"
            )
        if not 0 < floor <= ceiling < math.inf:
            raise OptionError(f"sampling '{entry}' is refused", "Give rates: face=3-15")
        floor = max(floor, FRESH / stale[name])
        found[name] = Range(floor, max(floor, ceiling))
    return found


class Sampler:
    """How closely one modality of one person needs to be looked at.

    Parameters
    ----------
    limits : Range
        Floor and ceiling.
    now : float
        When it began [s]; at first it looks closely.

    Attributes
    ----------
    variation : float
        Frequency variation rate of what was said last; NaN before.
    """

    def __init__(self, limits: Range, now: float) -> None:
        self.limits = limits
        self.variation = math.nan
        self._points: deque[tuple[int, NDArray[np.float64], int]] = deque()
        self._level, self._at = 1.0, now

    def say(self, time: float, values: ArrayLike) -> None:
        """Take what the modality says: values 0..1, finite, at a time [s].

        What is said within one period of the floor is one point, its mean, so that the rate itself
        changes nothing. What comes late or says nothing is left out.
        """
        said = np.asarray(values, float)
        if said.ndim != 1 or not said.size or not np.isfinite(said).all():
            return
        place = math.floor(time * self.limits.floor)
        if self._points and len(self._points[-1][1]) != len(said):
            self._points.clear()  # other words
        if self._points and place < self._points[-1][0]:
            return
        if self._points and place == self._points[-1][0]:
            _, total, count = self._points.pop()
            self._points.append((place, total + said, count + 1))
        else:
            self._points.append((place, said, 1))
        while len(self._points) > 1 and self._points[1][0] <= place - POINTS + 1:
            self._points.popleft()

    def look(self, now: float) -> None:
        """Look closely from now on: something happened that this modality may not show yet."""
        self._sink(now)
        self._level = 1.0

    def level(self, now: float) -> float:
        """Return where in its range the rate is, 0 (floor) .. 1 (ceiling).

        It rises at once and falls within a window.
        """
        self._sink(now)
        if self._points:
            self.variation = frequency_variation(self._window(now))
            stirred = (self.variation - STILL) / (STIRRED - STILL)
            self._level = max(self._level, min(stirred, 1.0))
        return self._level

    def _sink(self, now: float) -> None:
        window = POINTS / self.limits.floor
        self._level = max(0.0, self._level - max(0.0, now - self._at) / window)
        self._at = max(self._at, now)

    def _window(self, now: float) -> NDArray[np.float64]:
        """Return the window that ends now; what was said last holds, before the first the first."""
        last = max(math.floor(now * self.limits.floor), self._points[-1][0])
        values = [total / count for _, total, count in self._points]
        places = [place for place, _, _ in self._points]
        wanted = np.searchsorted(places, np.arange(last - POINTS + 1, last + 1), "right") - 1
        return np.stack(values)[np.maximum(wanted, 0)]


@dataclass(frozen=True)
class _Mood:
    """What of an emotion calls for a closer look when it comes; `state` is the last one known."""

    present: bool = False
    state: str = UNKNOWN
    unsure: bool = True

    def after(self, emotion: Emotion) -> _Mood:
        """Return what it is with a new emotion."""
        known = emotion.state != UNKNOWN
        doubt = UNSURE if self.unsure else UNSURE_AGAIN
        return _Mood(
            emotion.present,
            emotion.state if known else self.state,
            not known or emotion.uncertainty > doubt,
        )

    def news(self, before: _Mood) -> str:
        """Return in words what came, empty if nothing did."""
        if not self.present:
            return ""
        if not before.present:
            return "somebody came"
        if self.state != before.state:
            return f"the state turned to {self.state}"
        if self.unsure and not before.unsure:
            return "it is no longer clear how the person feels"
        return ""


class _Person:
    """The samplers of one person, and how the person was."""

    def __init__(self, limits: Mapping[str, Range], now: float) -> None:
        self.samplers = {name: Sampler(one, now) for name, one in limits.items()}
        self.mood = _Mood()
        self.reason = "to begin with"


class Sampling:
    """What every source and encoder is asked for, by the person who needs it most.

    All times are steady seconds (see :mod:`emo_music_ros.clock`).

    Parameters
    ----------
    limits : mapping of str to Range
        Of the modalities that are asked.
    """

    def __init__(self, limits: Mapping[str, Range]) -> None:
        self._limits = dict(limits)
        self._people: dict[str, _Person] = {}
        self._asked: dict[str, tuple[float, float]] = {}  # rate [Hz] and when

    def add(self, encoding: Encoding, now: float) -> None:
        """Take what a modality says of a person, in the order of time."""
        if encoding.modality in self._limits:
            sampler = self._person(encoding.person_id, now).samplers[encoding.modality]
            sampler.say(encoding.time, encoding.estimate.probabilities)

    def forget(self, person_id: str) -> None:
        """Forget a person."""
        self._people.pop(person_id, None)

    def step(self, emotions: Iterable[Emotion], now: float) -> list[SamplingRequest]:
        """Return what has to be asked for now, stamped in steady time.

        Parameters
        ----------
        emotions : iterable of Emotion
            Of everybody who is followed; others are forgotten.
        now : float
            The time [steady s].
        """
        known = {emotion.person_id: emotion for emotion in emotions}
        self._people = {name: one for name, one in self._people.items() if name in known}
        for name, emotion in known.items():
            person = self._person(name, now)
            mood = person.mood.after(emotion)
            news, person.mood = mood.news(person.mood), mood
            if news:
                person.reason = news
                for sampler in person.samplers.values():
                    sampler.look(now)
        requests = (self._request(name, limits, now) for name, limits in self._limits.items())
        return [request for request in requests if request is not None]

    def _person(self, person_id: str, now: float) -> _Person:
        if person_id not in self._people:
            self._people[person_id] = _Person(self._limits, now)
        return self._people[person_id]

    def _request(self, modality: str, limits: Range, now: float) -> SamplingRequest | None:
        levels = {
            name: person.samplers[modality].level(now) for name, person in self._people.items()
        }
        who = max(levels, key=lambda name: levels[name], default="")
        level = levels.get(who, 0.0)
        span = limits.ceiling - limits.floor
        # Eq. 3 with S_base the floor, and alpha such that the ceiling is reached at STIRRED.
        rate = limits.floor + level * span
        before, when = self._asked.get(modality, (math.nan, -math.inf))
        turned = abs(rate - before) >= HYSTERESIS * span or level in (0.0, 1.0)
        if math.isnan(before) or (turned and rate != before):
            self._asked[modality] = rate, now
        elif now - when >= REPEAT:
            rate, self._asked[modality] = before, (before, now)
        else:
            return None
        person = self._people.get(who)
        variation = person.samplers[modality].variation if person else math.nan
        stirs = variation > STILL
        reason = "what it says varies" if stirs else person.reason if person else "nobody is there"
        return SamplingRequest(
            now, modality, rate, limits.floor, limits.ceiling, variation,
            who if level > 0 else "",
            reason if level > 0 else "all is still",
        )  # fmt: skip
