# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Four weeks of sessions of one person, or of one group, with one policy.

A lighter loop than that of :mod:`emo_music_ros.simulation.loop`: policy, memory, reward and the
guard of the session are the real ones; fusion and player are replaced by an estimate that is off
and by tracks that play until somebody skips. A step is a track.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache, partial
from typing import Any

import numpy as np

from emo_music_ros import plugins
from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.measures import (
    FINISHED,
    REPLACED,
    SKIPPED,
    accepted,
    completed,
    ended_worse,
    improvement,
)
from emo_music_ros.options import build
from emo_music_ros.recommendation.base import Need, PersonMemory, RankedTrack, Recommender
from emo_music_ros.recommendation.memory.person import LearnedPerson, retention_of
from emo_music_ros.recommendation.memory.reward import reward
from emo_music_ros.recommendation.policy.guard import FASTEST, admissible, aroused
from emo_music_ros.recommendation.policy.target import target
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.simulation.weeks.people import (
    MIDDLE,
    RATES,
    SCALE,
    Floats,
    Person,
    Pieces,
)
from emo_music_ros.streams import Estimate, FloatArray, Track

#: Days of the experiment, and length of a session [s].
DAYS, LENGTH = 28, 1800.0
#: Most tracks that are avoided for having been heard, and time a skipped one waits [s], as in the
#: session of the loop.
MOST_RECENT, REJECTED = 12, 1800.0
#: How far an estimate is off, and the chance that it is that of another mood.
OFF, WRONG = 0.15, 0.1
#: Distance on the circumplex at which the mood led to counts as reached.
NEAR = 0.35
#: Arousal and its rise since the session began at which somebody unpleasantly tense is distressed.
TENSE, RISEN = 0.5, 0.5
#: Half-life of the memory [listens], as the recommender's default.
HALF_LIFE = 50.0
#: Day from which on the taste of some people is the contrary, and tracks watched after that.
TURN_DAY, WATCHED = 14, 30
#: What knows all that can be known of simulated people.
OMNISCIENT = "omniscient"


@dataclass(frozen=True)
class Scenario:
    """Where the sessions are (paper A, section 3.2); the numbers are choices.

    Parameters
    ----------
    setting : str
        The option `scenario` of policies that have it.
    members : int
        How many listen together.
    shift : tuple
        How valence and arousal at the beginning differ from what was usual for the people of
        SiTunes.
    unseen : float
        Chance that the mood is not known when a track is chosen.
    """

    setting: str
    members: int
    shift: tuple[float, float]
    unseen: float


SCENARIOS = {
    "day care": Scenario("daycare", 1, (-0.3, 0.1), 0.05),
    "group": Scenario("group", 4, (-0.3, 0.2), 0.05),
    "home": Scenario("home", 1, (-0.5, -0.1), 0.2),
}


@dataclass
class Facts:
    """What happened to one person or group; sums over sessions and tracks.

    Attributes
    ----------
    minutes, reached : list
        Of every session that began away from the mood it leads to: time until it was reached, or
        the length of the session, and whether it was.
    changes : list
        Improvement of every session, as `measures` has it, mean over members; by day.
    worse : int
        Sessions, of any member, that ended less pleasant than they began.
    rewards : list
        Sum and number of the rewards that were learned from.
    violations : dict
        Guard rail -> how often it was broken.
    advantage : list
        Of the tracks after the taste turned: rating expected of it minus mean of those it was
        chosen from. Empty where it did not.
    """

    sessions: int = 0
    members: int = 1
    minutes: list[float] = field(default_factory=list)
    reached: int = 0
    changes: list[float] = field(default_factory=list)
    worse: int = 0
    stops: int = 0
    completed: int = 0
    accepted: int = 0
    offered: int = 0
    rewards: list[float] = field(default_factory=lambda: [0.0, 0.0])
    ratings: list[float] = field(default_factory=lambda: [0.0, 0.0])
    choosing: list[float] = field(default_factory=list)
    violations: dict[str, int] = field(default_factory=dict)
    advantage: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def make(policy: str, seed: int, scenario: Scenario) -> Recommender:
    """Return a policy for a scenario; ``companion:direct`` sets the option `way` to that.

    Raises
    ------
    PluginError
        If there is none of that name, or it needs a package that is not there.
    """
    if policy == OMNISCIENT:
        return Omniscient()
    name, _, way = policy.partition(":")
    plugin = _plugin(name)
    options = plugins.options_of(plugin)
    wanted: Mapping[str, Any] = {
        "seed": seed + 1,
        "scenario": scenario.setting,
        "time_of_day": False,
        "way": way or "iso",
    }
    names = {entry.name for entry in fields(options)}
    values = {key: value for key, value in wanted.items() if key in names}
    made: Recommender = plugin(build(options, values))
    return made


#: Looking through everything that is installed takes longer than four weeks.
_plugin = lru_cache(partial(plugins.find, "recommender"))


class Omniscient:
    """Knows what everybody would think of every track and plays the best liked one.

    No policy can know that: it says what is to be had at most from these listeners.
    """

    def __init__(self) -> None:
        self.liking: Callable[[Track], float] = lambda track: 0.0

    def rank(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        count: int,
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the track that is liked best."""
        best = max(tracks, key=self.liking)
        need = Need(best.valence, best.arousal, best.dominance, "It is known to be liked best.")
        return need, [RankedTrack(best, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)]


class Weeks:
    """The sessions of one person or group.

    Parameters
    ----------
    policy : Recommender
        What chooses.
    tracks : sequence of Track
        The library.
    shelf : Pieces
        What people like in it.
    scenario : Scenario
        Where they are.
    seed : sequence of int
        Decides on people and moments; moods of a morning do not depend on what was played before.
    turns : bool
        Whether their taste turns on `TURN_DAY`.
    indifferent : bool
        Whether they like all music equally.
    """

    def __init__(
        self,
        policy: Recommender,
        tracks: Sequence[Track],
        shelf: Pieces,
        scenario: Scenario,
        seed: Sequence[int],
        *,
        turns: bool = False,
        indifferent: bool = False,
    ) -> None:
        self.facts = Facts(members=scenario.members)
        self.played: list[str] = []
        self._policy = policy
        self._tracks = Shelf(lambda: tracks).tracks()
        self._rows = {track.track_id: row for row, track in enumerate(tracks)}
        self._scenario = scenario
        self._turns = turns
        self._seed = list(seed)
        rng = np.random.default_rng(self._seed)
        self._people = [Person(shelf, rng, indifferent) for _ in range(scenario.members)]
        self._memory = LearnedPerson("simulated")
        self._rejected: dict[str, float] = {}
        self._recent: list[str] = []
        self._retention = retention_of(HALF_LIFE)
        if isinstance(policy, Omniscient):
            policy.liking = self._liking

    def run(self, days: int = DAYS) -> Facts:
        """Run one session a day and return the facts."""
        for day in range(days):
            rng = np.random.default_rng([*self._seed, day + 1])
            if self._turns and day == TURN_DAY:
                for person in self._people:
                    person.turn(rng)
            self._session(day, rng)
        return self.facts

    def _session(self, day: int, rng: np.random.Generator) -> None:
        facts, shift = self.facts, np.array(self._scenario.shift)
        for person in self._people:
            person.wake(rng, shift, 1.0)
        before = np.array([person.mood for person in self._people])
        middle = before.mean(axis=0)
        start = target(_state(middle), _estimate(middle), "", self._scenario.setting)[:2]
        away = math.dist(middle, start) > NEAR
        arrived = math.nan
        begun: list[float] = []
        stopped: list[float] = []
        self._rejected.clear()
        now = 0.0
        while now < LENGTH:
            begun.append(now)
            heard, distressed = self._track(day, now, middle, rng)
            now += heard
            mood = np.mean([person.mood for person in self._people], axis=0)
            if away and math.isnan(arrived) and math.dist(mood, start) <= NEAR:
                arrived = min(now, LENGTH)
            if distressed:
                stopped.append(now)
                break
        after = np.array([person.mood for person in self._people])
        facts.sessions += 1
        if away:
            facts.minutes.append((LENGTH if math.isnan(arrived) else arrived) / 60)
            facts.reached += not math.isnan(arrived)
        facts.changes.append(
            float(np.mean([improvement(one[0], two[0]) for one, two in zip(before, after)]))
        )
        facts.worse += sum(
            ended_worse(float(one), float(two)) is True
            for one, two in zip(before[:, 0], after[:, 0])
        )
        facts.stops += len(stopped)
        facts.completed += completed(now, LENGTH, begun, stopped)

    def _track(
        self, day: int, now: float, began: Floats, rng: np.random.Generator
    ) -> tuple[float, bool]:
        """Choose and play one track; return how long it was heard and whether it distressed."""
        facts, memory, scenario = self.facts, self._memory, self._scenario
        true = np.mean([person.mood for person in self._people], axis=0)
        seen = np.clip(true + rng.normal(0, OFF, 2), -1, 1)
        if rng.random() < WRONG:
            seen = np.clip(seen * rng.choice([-1.0, 1.0], 2), -1, 1)
        state = _state(seen) if rng.random() >= scenario.unseen else UNKNOWN
        estimate = _estimate(seen) if state != UNKNOWN else unknown(STATES)
        careful = aroused(state, estimate)
        rejected = sorted(
            (name for name, at in self._rejected.items() if now - at < REJECTED),
            key=lambda name: self._rejected[name],
        )
        pool, _ = admissible(
            self._tracks, careful=careful, blocked=memory.blocked, rejected=rejected
        )
        recent = self._recent[-min(MOST_RECENT, len(pool) // 2) :]
        started = time.perf_counter()
        _, ranked = self._policy.rank(state, estimate, pool, memory, recent, 5)
        facts.choosing.append(1e3 * (time.perf_counter() - started))
        track = ranked[0].track
        row = self._rows[track.track_id]
        self._guard(track, careful, ranked[0].propensity)
        self._note_advantage(day, row, pool)

        ratings = [person.rate(row, rng) for person in self._people]
        left = min(person.patience(value, rng) for person, value in zip(self._people, ratings))
        whole = min(track.duration, LENGTH - now)
        heard = min(left, whole)
        ending = SKIPPED if left < whole else FINISHED if whole == track.duration else REPLACED
        for person, value in zip(self._people, ratings):
            person.listen(row, value, heard, rng)
        self._recent = [name for name in self._recent if name != track.track_id] + [track.track_id]
        self.played.append(track.track_id)
        if ending == SKIPPED:
            self._rejected[track.track_id] = now + heard

        mood = np.mean([person.mood for person in self._people], axis=0)
        rates = rng.random() < 1 - math.exp(-RATES * heard / 60)
        # Where the session leads to, whatever the policy asked for.
        end = target(state, estimate, "", scenario.setting)
        learned = reward(
            dwell=heard / track.duration,
            usual_dwell=memory.usual_dwell,
            attended=1.0,
            skipped=ending == SKIPPED,
            interrupted=ending == REPLACED,
            repeats=0,
            rating=float(np.mean(ratings) - MIDDLE) / SCALE if rates else math.nan,
            before=estimate,
            after=_estimate(np.clip(mood + rng.normal(0, OFF, 2), -1, 1)),
            heart_rate_before=math.nan,
            heart_rate_after=math.nan,
            target=(float(end[0]), float(end[1])),
        )
        memory.heard(track.track_id, heard / track.duration)
        if learned.known:
            memory.learn(track.track_id, learned.value, track.features, self._retention)
        verdict = accepted(heard, ending)
        facts.offered += verdict is not None
        facts.accepted += verdict is True
        # What a track was worth, whatever showed of it; learned rewards are of some tracks only.
        facts.ratings[0] += float(np.mean(ratings))
        facts.ratings[1] += 1
        if learned.known:
            facts.rewards[0] += learned.value
            facts.rewards[1] += 1
        tense = mood[0] < 0 and mood[1] > TENSE and mood[1] - began[1] > RISEN
        if tense:
            memory.blocked.add(track.track_id)
        return heard, bool(tense)

    def _guard(self, track: Track, careful: bool, propensity: float) -> None:
        """Count what must never happen, whatever the policy."""
        broken = self.facts.violations
        rules = {
            "a track that was blocked": track.track_id in self._memory.blocked,
            "fast or unpleasant music for the tense": careful
            and (track.valence < 0 or track.tempo > FASTEST),
            "a choice without its propensity": not 0 < propensity <= 1,
        }
        for name, is_broken in rules.items():
            broken[name] = broken.get(name, 0) + is_broken

    def _note_advantage(self, day: int, row: int, pool: Sequence[Track]) -> None:
        if not self._turns or day < TURN_DAY or len(self.facts.advantage) >= WATCHED:
            return
        expected = self._expected()
        rows = [self._rows[track.track_id] for track in pool]
        self.facts.advantage.append(float(expected[row] - expected[rows].mean()))

    def _expected(self) -> FloatArray:
        return np.mean([person.expected() for person in self._people], axis=0)

    def _liking(self, track: Track) -> float:
        row = self._rows[track.track_id]
        return float(np.mean([person.expected_of(row) for person in self._people]))


def _state(mood: Floats) -> str:
    """Return the state of the quadrant of a mood."""
    return STATES[2 * int(mood[0] < 0) + int(mood[1] < 0)]


def _estimate(mood: Floats) -> Estimate:
    return Estimate(
        (), np.zeros(0, np.float32), float(mood[0]), float(mood[1]), math.nan, confidence=0.6
    )
