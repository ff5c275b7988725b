# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sessions out of recordings of ``emo-music record`` and of the session node, without ROS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emo_music_ros.care.notes import Note
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.errors import InputError
from emo_music_ros.io.encodings import estimate
from emo_music_ros.io.mcap_messages import Messages, seconds, stamp_of
from emo_music_ros.measures import Listen, Listens, Stop
from emo_music_ros.names import printable
from emo_music_ros.resources import PACKAGE

TOPICS = {
    "emotion": f"{PACKAGE}/msg/EmotionState",
    "player/state": f"{PACKAGE}/msg/PlayerState",
    "recommendation": f"{PACKAGE}/msg/Recommendation",
    "listening/outcome": f"{PACKAGE}/msg/ListeningOutcome",
    "interaction/event": f"{PACKAGE}/msg/InteractionEvent",
    "session/plan": f"{PACKAGE}/msg/SessionPlan",
    "person/forgotten": f"{PACKAGE}/msg/Person",
    "carer/calls": f"{PACKAGE}/msg/CarerCalls",
    "person": f"{PACKAGE}/msg/Person",
    "encoding/*": f"{PACKAGE}/msg/ModalityEncoding",
}
#: Constants of the messages. A recording carries them as text only.
_STATES = (UNKNOWN, *STATES)
_SOUNDS = (1, 3)  # PLAYING, FADING
_ACTS = {4: "stop", 5: "next", 9: "rate", 11: "track_finished"}
#: Longest that a recommendation is believed to have taken [s]: what is above is a wrong clock.
_LONGEST_RESPONSE = 60.0
#: Whom a recording names nobody.
NOBODY = ""


@dataclass(frozen=True)
class Moment:
    """How somebody seemed in one second; axes -1..1 and NaN = unknown.

    `time` counts from the beginning of the session [s]; `probabilities` are of the states in
    their order, empty where none are told.
    """

    time: float
    state: str
    present: bool
    valence: float
    arousal: float
    dominance: float
    confidence: float
    probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a listen: heart rates [1/min], epsilon and mu of paper E, NaN = unknown."""

    time: float
    track_id: str
    valence_before: float
    valence_after: float
    heart_before: float
    heart_after: float
    rationality: float
    variation: float


@dataclass(frozen=True)
class Rating:
    """What somebody said of a track, -1..1; `rater` is who and by what."""

    time: float
    rater: str
    track_id: str
    value: float


@dataclass
class Session:
    """One session of one person; times count from its beginning [s].

    Attributes
    ----------
    began : float
        Unix time [s].
    planned : float
        Length asked for [s], 0 = it was not asked for: the loop just ran.
    responses : list of float
        From the newest sample to the recommendation it led to [s].
    sources : dict
        Modality -> where its signal came from.
    outputs : set of str
        Players; ``null`` makes no sound.
    calls : dict
        Number of each call to carers, of the week up to its end -> whether there was no need.
    others : int
        Messages about somebody else, which are left out.
    plan : str
        What it was planned as, empty = nothing.
    notes : list of Note
        What carers and therapists wrote about it.
    """

    person: str
    began: float
    file: str = ""
    planned: float = 0.0
    scenario: str = ""
    goal: str = ""
    length: float = 0.0
    moments: list[Moment] = field(default_factory=list)
    heart: list[tuple[float, float]] = field(default_factory=list)
    listens: list[Listen] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    responses: list[float] = field(default_factory=list)
    sources: dict[str, set[str]] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)
    calls: dict[int, bool] = field(default_factory=dict)
    others: int = 0
    plan: str = ""
    notes: list[Note] = field(default_factory=list)

    @property
    def simulated(self) -> list[str]:
        """Modalities whose signal was simulated."""
        return sorted(
            name
            for name, sources in self.sources.items()
            if any(each.startswith("simulated:") for each in sources)
        )


def read_sessions(files: Sequence[Path]) -> tuple[list[Session], list[str]]:
    """Return the sessions of recordings in the order of time, and in words what is missing.

    A recording holds the sessions that were asked for in it (`run_session`); what played beside
    them is a session that nobody planned. Of several namespaces the first is read. Whoever was
    forgotten while it was recorded is left out.

    Parameters
    ----------
    files : sequence of pathlib.Path
        MCAP.

    Raises
    ------
    InputError
        If a file cannot be opened.
    """
    found: dict[tuple[str, float], Session] = {}
    problems: list[str] = []
    for file in files:
        if not file.is_file():
            raise InputError(f"'{file}' is no recording", "Give .mcap files of emo-music record")
        reader = _Reader(file)
        sessions = reader.sessions()
        problems += reader.problems
        for each in sessions:
            key = each.person, round(each.began, 3)
            if key in found:
                problems.append(f"{file.name} repeats a session that was read before")
            else:
                found[key] = each
    return sorted(found.values(), key=lambda each: (each.began, each.person)), problems


class _Reader:
    """Reads one file."""

    def __init__(self, file: Path) -> None:
        self.problems: list[str] = []
        self._file = file
        self._messages = Messages(TOPICS)
        self._person = NOBODY
        self._done: list[Session] = []
        self._forgotten: set[str] = set()
        self._planned_at = math.nan
        self._now = 0.0
        self._origin = math.nan
        self._begin("", "", 0.0)

    def sessions(self) -> list[Session]:
        try:
            for topic, name, message, logged in self._messages.read(self._file):
                self._now = self._messages.time(logged, logged)
                if math.isnan(self._origin):
                    self._origin = self._session.began = logged
                try:
                    self._take(
                        name.split("/")[0] if name.startswith("encoding/") else name, message
                    )
                except Exception as error:  # what is in a message is foreign
                    self._messages.unusable(topic, error)
        except InputError:
            raise
        except Exception as error:  # a damaged file fails in many ways
            what = f"{self._file.name} is damaged after {self._now:.0f} s and was read up to there"
            self.problems.append(f"{what} ({error!r})")
        self._end()
        self.problems += self._messages.problems()
        for person in sorted(self._forgotten):
            self.problems.append(
                f"'{printable(person)}' was forgotten while {self._file.name} was recorded and is"
                " left out; delete the file"
            )
        kept = [each for each in self._done if each.person not in self._forgotten]
        planned = [each for each in kept if each.planned or each.listens]
        return planned or kept[:1]

    # -- sessions ----------------------------------------------------------------------------

    def _begin(self, scenario: str, goal: str, planned: float) -> None:
        began = 0.0 if math.isnan(self._origin) else self._origin + self._now
        self._session = Session(self._person, began, self._file.name, planned, scenario, goal)
        self._since = self._now
        self._listens = Listens()
        self._session.listens, self._session.stops = self._listens.found, self._listens.stops

    def _end(self) -> None:
        session = self._session
        session.length = self._now - self._since
        if not math.isnan(self._origin):
            self._done.append(session)

    def _turn(self, scenario: str = "", goal: str = "", planned: float = 0.0) -> None:
        self._end()
        self._begin(scenario, goal, planned)

    @property
    def _time(self) -> float:
        return self._now - self._since

    def _own(self, person: str) -> bool:
        """Tell whether something is about the person of the session; nobody named is them."""
        if person in ("", self._person):
            return True
        if self._person == NOBODY:  # the recording did not say for whom it is: the first named
            self._person = self._session.person = person
            return True
        self._session.others += 1
        return False

    # -- messages ----------------------------------------------------------------------------

    def _take(self, name: str, message: Any) -> None:
        take = {
            "emotion": self._emotion,
            "player/state": self._player,
            "recommendation": self._recommendation,
            "listening/outcome": self._outcome,
            "interaction/event": self._event,
            "session/plan": self._plan,
            "person/forgotten": self._forget,
            "person": self._turn_to,
            "carer/calls": self._calls,
            "encoding": self._encoding,
        }[name]
        take(message)

    def _emotion(self, message: Any) -> None:
        if not self._own(message.person_id):
            return
        said = estimate(message.estimate)
        state = _STATES[message.state] if 0 <= message.state < len(_STATES) else UNKNOWN
        told = tuple(map(float, said.probabilities))
        moment = Moment(
            self._time, state, bool(message.present), float(said.valence), float(said.arousal),
            float(said.dominance), float(said.confidence), told if len(told) == len(STATES) else (),
        )  # fmt: skip
        moments = self._session.moments
        if moments and int(moments[-1].time) == int(moment.time):
            moments[-1] = moment  # the newest of a second counts
        else:
            moments.append(moment)
        for part in message.contributions:
            self._source(part.modality, part.source)

    def _source(self, modality: str, source: str) -> None:
        sources = self._session.sources.setdefault(printable(modality, 40), set())
        if len(sources) < 20:
            sources.add(printable(source))

    def _player(self, message: Any) -> None:
        track = message.track
        self._session.outputs.add(printable(message.backend, 40))
        self._listens.player(
            self._time,
            message.status in _SOUNDS,
            (
                track.track_id,
                printable(track.title or track.track_id),
                printable(track.artist),
                float(track.duration),
            ),
            seconds(message.started),
            bool(message.recommendation_id),
        )

    def _recommendation(self, message: Any) -> None:
        if not self._own(message.person_id):
            return
        if not len(message.tracks):
            self._listens.halted(self._time, printable(message.reason, 300) or "–")
        elif message.state:  # one for a state that is not known answers no sample
            took = self._origin + self._now - stamp_of(message)
            if 0 <= took <= _LONGEST_RESPONSE:
                self._session.responses.append(took)

    def _outcome(self, message: Any) -> None:
        if not self._own(message.person_id):
            return
        self._session.outcomes.append(
            Outcome(
                self._time,
                message.track.track_id,
                float(estimate(message.before).valence),
                float(estimate(message.after).valence),
                float(message.heart_rate_before),
                float(message.heart_rate_after),
                float(getattr(message, "rationality", math.nan)),
                float(getattr(message, "variation", math.nan)),
            )
        )

    def _event(self, message: Any) -> None:
        action = _ACTS.get(message.action, "")
        if action == "rate":
            value = float(message.value)
            if -1.0 <= value <= 1.0:
                role = getattr(message, "rater", "")  # recordings of before have none
                rater = f"{printable(role or message.person_id)} ({printable(message.source)})"
                self._session.ratings.append(Rating(self._time, rater, message.track_id, value))
            return
        self._listens.act(self._time, action, message.track_id)

    def _plan(self, message: Any) -> None:
        if not self._own(message.person_id):
            return
        remaining = float(message.remaining)
        made = stamp_of(message)
        if remaining > 0 and self._session.planned and made == self._planned_at:
            return  # the same session: only its lock changed
        self._planned_at = made
        if math.isfinite(remaining) and remaining > 0:
            self._turn(printable(message.scenario, 40), printable(message.goal, 40), remaining)
            self._session.plan = printable(getattr(message, "name", ""), 80)
            # one that ran already when the recording began counts from its own beginning
            missed = self._origin + self._now - stamp_of(message)
            if 0 < missed < remaining:
                self._since -= missed
                self._session.began -= missed
        elif self._session.planned:
            self._turn()

    def _turn_to(self, message: Any) -> None:
        person = message.person_id
        if person == self._person:
            return
        if self._person == NOBODY:
            self._person = self._session.person = person
            return
        self._person = person
        self._turn()

    def _forget(self, message: Any) -> None:
        self._forgotten.add(message.person_id)

    def _calls(self, message: Any) -> None:
        own = (each for each in message.calls if each.person_id == self._person)
        self._session.calls.update((int(each.id), bool(each.false_alarm)) for each in own)

    def _encoding(self, message: Any) -> None:
        if not self._own(message.person_id):
            return
        self._source(message.modality, message.source)
        if message.modality != "physiology":
            return
        rate = dict(zip(message.feature_names, message.features)).get("heart_rate", math.nan)
        self._session.heart.append((self._time, float(rate)))
