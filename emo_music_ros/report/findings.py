# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the sessions of one person come to: first line, measures, weeks, what is not known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

import numpy as np

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.measures import (
    LEAST_TREND,
    Ends,
    Share,
    acceptance,
    completed,
    ended_worse,
    ends,
    improvement,
)
from emo_music_ros.recommendation.memory.heart_rate import LEAST_RATIONALITY
from emo_music_ros.report.recording import Session


@dataclass(frozen=True)
class Figures:
    """The measures over some sessions of one person; NaN and empty shares are not known.

    Attributes
    ----------
    minutes : float
        Music that sounded [min].
    planned, held, free : int
        Sessions asked for, those of them with music, and those that nobody asked for.
    worse : Share
        Of the sessions of which beginning and end are known, those that ended worse.
    stops : int
        By a person and by the system.
    accepted, completed : Share
        See :mod:`emo_music_ros.measures`.
    improved, pleasant : float
        Mean change of valence as a share of its scale, and of the share of pleasant seconds.
    response, response_95 : float
        Median and 95th percentile of the time to a recommendation [s].
    """

    minutes: float
    planned: int
    held: int
    free: int
    worse: Share
    stops: int
    accepted: Share
    completed: Share
    improved: float
    pleasant: float
    response: float
    response_95: float


@dataclass(frozen=True)
class Unknown:
    """What is not known of some sessions; times in seconds.

    `unsaid` is time without any word of the state, `unsure` time in which it was unknown; `epsilon`
    is the share of listens with a heart rate that answered to emotion (paper E).
    """

    length: float
    unsaid: float
    unsure: float
    ends: int
    heart: Share
    epsilon: Share
    others: int
    silent: int


def calls(sessions: Sequence[Session]) -> Share:
    """Return how many calls to carers were without need, of all, as carers said last."""
    marks: dict[int, bool] = {}
    for each in sessions:
        marks.update(each.calls)
    return Share(sum(marks.values()), len(marks))


def ends_of(session: Session) -> Ends:
    """Return how a session began and ended."""
    known = [(m.time, m.state, m.valence) for m in session.moments if m.state != UNKNOWN]
    return ends(known, session.length)


def figures(sessions: Sequence[Session]) -> Figures:
    """Return the measures over some sessions."""
    found = [ends_of(each) for each in sessions]
    verdicts = [ended_worse(each.before, each.after) for each in found]
    planned = [each for each in sessions if each.planned]
    done = [
        completed(
            each.length,
            each.planned,
            [listen.began for listen in each.listens],
            [stop.time for stop in each.stops],
        )
        for each in planned
    ]
    offers = [acceptance(each.listens) for each in sessions]
    responses = [value for each in sessions for value in each.responses]
    median, slow = np.percentile(responses, [50, 95]) if responses else (math.nan, math.nan)
    return Figures(
        minutes=minutes(sessions),
        planned=len(planned),
        held=sum(bool(each.listens) for each in planned),
        free=len(sessions) - len(planned),
        worse=Share(verdicts.count(True), len(verdicts) - verdicts.count(None)),
        stops=sum(len(each.stops) for each in sessions),
        accepted=Share(sum(each.part for each in offers), sum(each.whole for each in offers)),
        completed=Share(sum(done), len(done)),
        improved=_mean(improvement(each.before, each.after) for each in found),
        pleasant=_mean(each.pleasant_after - each.pleasant_before for each in found),
        response=float(median),
        response_95=float(slow),
    )


def minutes(sessions: Iterable[Session]) -> float:
    """Return how long music sounded [min]."""
    return sum(listen.heard for each in sessions for listen in each.listens) / 60


def weeks(sessions: Sequence[Session]) -> list[tuple[date, list[Session]]]:
    """Return the Monday and the sessions of every week from the first to the last session.

    Weeks without any session are among them: what did not happen counts, too.
    """
    if not sessions:
        return []
    found = {
        monday: list(group)
        for monday, group in groupby(sorted(sessions, key=lambda each: each.began), monday_of)
    }
    first, last = min(found), max(found)
    if (last - first).days > 7 * 520:  # a clock was wrong: ten years of empty weeks tell nobody
        return sorted(found.items())
    count = (last - first).days // 7 + 1
    days = (first + timedelta(weeks=number) for number in range(count))
    return [(day, found.get(day, [])) for day in days]


def monday_of(session: Session) -> date:
    """Return the Monday of the week of a session, by the clock of this machine."""
    day = datetime.fromtimestamp(session.began).date()
    return day - timedelta(days=day.weekday())


def halves(sessions: Sequence[Session]) -> tuple[float, float] | None:
    """Return the mean improvement in the first and the second half of the sessions.

    None below `LEAST_TREND` sessions of which it is known: they show no trend.
    """
    found = [ends_of(each) for each in sorted(sessions, key=lambda each: each.began)]
    known = [
        value for each in found if math.isfinite(value := improvement(each.before, each.after))
    ]
    if len(known) < LEAST_TREND:
        return None
    middle = len(known) // 2
    return _mean(known[:middle]), _mean(known[middle:])


def unknown(sessions: Sequence[Session]) -> Unknown:
    """Return what is not known of some sessions."""
    outcomes = [each for session in sessions for each in session.outcomes]
    return Unknown(
        length=sum(each.length for each in sessions),
        unsaid=sum(max(each.length - len(each.moments), 0.0) for each in sessions),
        unsure=float(sum(m.state == UNKNOWN for each in sessions for m in each.moments)),
        ends=sum(math.isnan(ends_of(each).after) for each in sessions),
        heart=Share(
            sum(any(math.isfinite(rate) for _, rate in each.heart) for each in sessions),
            len(sessions),
        ),
        epsilon=Share(
            sum(each.rationality > LEAST_RATIONALITY for each in outcomes), len(outcomes)
        ),
        others=sum(each.others for each in sessions),
        silent=sum(each.outputs == {"null"} for each in sessions),
    )


def raters(sessions: Sequence[Session]) -> dict[str, list[float]]:
    """Return the ratings of every rater apart: they are never pooled."""
    found: dict[str, list[float]] = {}
    for each in sessions:
        for rating in each.ratings:
            found.setdefault(rating.rater, []).append(rating.value)
    return dict(sorted(found.items()))


def favourites(sessions: Sequence[Session], count: int = 3) -> list[tuple[str, float]]:
    """Return the tracks that sounded longest, and for how long [min]."""
    heard: Counter[str] = Counter()
    for each in sessions:
        for listen in each.listens:
            heard[listen.title] += listen.heard  # type: ignore[assignment]
    return [(title, value / 60) for title, value in heard.most_common(count) if value > 0]


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan
