# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From the facts of many sessions to the figures that are asked for, with intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emo_music_ros.measures import accepted, completed, ended_worse, improvement

#: Resamples of an interval.
RESAMPLES = 500
#: Seconds after a change, or after distress began, in which the loop has to answer.
IN_TIME = 60.0


@dataclass(frozen=True)
class Figure:
    """One behaviour.

    Attributes
    ----------
    name : str
        What is measured.
    value, low, high : float
        The figure and its 95 % interval over sessions; NaN = not run.
    bound : str
        What is asked for, in words.
    reached : bool or None
        Whether it is; None = not run, or nothing is asked.
    count : int
        Sessions it rests on.
    """

    name: str
    value: float
    low: float
    high: float
    bound: str
    reached: bool | None
    count: int


def figure(
    name: str,
    rows: Sequence[tuple[float, float]],
    *,
    least: float | None = None,
    most: float | None = None,
    unit: str = "",
    seed: int = 0,
) -> Figure:
    """Return the ratio of sums over sessions with a bootstrap interval over them.

    Parameters
    ----------
    rows : sequence of (float, float)
        Numerator and denominator of each session.
    least, most : float, optional
        What is asked for.
    unit : str
        Written behind the bound.
    """
    bound = f">= {least:g}{unit}" if least is not None else ""
    bound = f"<= {most:g}{unit}" if most is not None else bound
    table = np.array([row for row in rows if row[1] > 0], float).reshape(-1, 2)
    if not len(table):
        return Figure(name, math.nan, math.nan, math.nan, bound, None, 0)
    rng = np.random.default_rng(seed)
    value = float(table[:, 0].sum() / table[:, 1].sum())
    picks = rng.integers(len(table), size=(RESAMPLES, len(table)))
    drawn = table[picks].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    return _judged(name, value, float(low), float(high), least, most, bound, len(table))


def quantile(
    name: str,
    groups: Sequence[Sequence[float]],
    share: float,
    *,
    most: float | None = None,
    seed: int = 0,
) -> Figure:
    """Return a quantile of what all sessions have, with a bootstrap interval over sessions."""
    bound = f"<= {most:g}" if most is not None else ""
    found = [np.array(group, float) for group in groups if len(group)]
    if not found:
        return Figure(name, math.nan, math.nan, math.nan, bound, None, 0)
    rng = np.random.default_rng(seed)
    value = float(np.quantile(np.concatenate(found), share))
    drawn = [
        np.quantile(np.concatenate([found[i] for i in rng.integers(len(found), size=len(found))]),
                    share)
        for _ in range(RESAMPLES // 5)
    ]  # fmt: skip
    low, high = np.percentile(drawn, [2.5, 97.5])
    return _judged(name, value, float(low), float(high), None, most, bound, len(found))


def _judged(
    name: str,
    value: float,
    low: float,
    high: float,
    least: float | None,
    most: float | None,
    bound: str,
    count: int,
) -> Figure:
    reached = None
    if least is not None:
        reached = value >= least
    elif most is not None:
        reached = value <= most
    return Figure(name, value, low, high, bound, reached, count)


def behaviours(sessions: Iterable[dict[str, Any]]) -> list[Figure]:
    """Return the figures of behaviour over sessions (facts as dictionaries)."""
    every = list(sessions)

    def of(kind: str, given: bool | None = False) -> list[dict[str, Any]]:
        return [s for s in every if s["kind"] == kind and given in (None, s["given"])]

    found = [
        figure(
            "anxious and unchanging: tracks from the 11th on in the quadrant asked for",
            [_in_quadrant(s) for s in of("unchanging")],
            least=0.95,
        ),
        figure(
            "anxious and unchanging: tracks of the angry quadrant",
            [
                (sum(p[5] < 0 <= p[6] for p in s["plays"]), len(s["plays"]))
                for s in of("unchanging")
            ],
            most=0.05,
        ),
        figure(
            "nobody there: state unknown",
            [(s["unknown"], s["unknown"] + s["known"]) for s in of("nobody")],
            least=0.98,
        ),
        figure(
            "nobody there: outcomes learned from",
            [(s["learned"], s["outcomes"]) for s in of("nobody")],
            most=0.0,
        ),
        figure(
            "nobody there: music faded and waits at the end",
            [(any(stop[1] == "absent" for stop in s["stops"]), 1) for s in of("nobody")],
            least=0.98,
        ),
        figure(
            "rewards without any sign of the person",
            [(s["rewarded_without_sign"], s["outcomes"]) for s in every],
            most=0.0,
        ),
        figure(
            "change of state, one state in ten wrong: answered within 60 s",
            [(answered(s), 1) for s in of("changing", True) if s["change"]],
            least=0.95,
        ),
        figure(
            "change of state, recorded answers: answered within 60 s",
            [(answered(s), 1) for s in of("changing") if s["change"]],
        ),
        figure(
            "wrong changes of music an hour, one state in ten wrong",
            [
                (s["false_reactions"], s["seconds"] / 3600)
                for s in every
                if s["given"] and s["kind"] in ("changing", "distressed")
            ],
            most=1.0,
        ),
        figure(
            "wrong changes of music an hour, recorded answers, constant mood",
            [
                (s["false_reactions"], s["seconds"] / 3600)
                for s in every
                if not s["given"] and s["kind"] in ("unchanging", "sad", "changing")
            ],
        ),
        figure(
            "first track: at most 11 s after the start",
            [(s["plays"][0][0] <= 11.0, 1) for s in every if s["plays"]],
            least=0.99,
        ),
        figure(
            "first track: state right or safe choice, recorded answers",
            [
                (s["plays"][0][2] in ("unknown", s["change"][1] if s["change"] else _fixed(s)), 1)
                for s in every
                if s["plays"] and not s["given"] and (s["change"] or _fixed(s))
            ],
        ),
        figure(
            "distress, recorded answers: stopped within 60 s",
            [(stopped(s), 1) for s in of("distressed") if s["change"] and _sounds(s)],
            least=0.99,
        ),
        figure(
            "distress, one state in ten wrong: stopped within 60 s",
            [(stopped(s), 1) for s in of("distressed", True) if s["change"] and _sounds(s)],
            least=0.99,
        ),
        figure(
            "false stops in 10 h",
            [(_false_stops(s), s["seconds"] / 36000) for s in every],
            most=1.0,
        ),
        figure(
            "sadness: stops",
            [(len(s["stops"]), 1) for s in of("sad")],
            most=0.0,
        ),
        quantile("heard steps: median", [steps(s) for s in every], 0.5, most=0.35),
        quantile("heard steps: 95 %", [steps(s) for s in every], 0.95, most=0.6),
        figure(
            "valence or arousal against the state",
            [(s["disagree"], s["known"]) for s in every if not s["given"]],
            most=0.0,
        ),
        figure(
            "changes of the reported state a minute, recorded answers, constant mood",
            [
                (s["flips"], s["known"] / 60)
                for s in every
                if not s["given"] and s["kind"] in ("unchanging", "sad")
            ],
        ),
        figure(
            "known states that are right, recorded answers",
            [(s["right"], s["known"]) for s in every if not s["given"]],
        ),
        figure(
            "sessions of ordinary listeners that end less pleasant than they began",
            # true valence is known exactly: any change is one
            [(ended_worse(s["before"], s["after"], 0.0) is True, 1) for s in of("ordinary")],
        ),
        figure(
            "change of valence of ordinary listeners",
            [(s["after"] - s["before"], 1) for s in of("ordinary")],
        ),
        *paper_a(of("ordinary")),
    ]
    return found


def paper_a(sessions: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return the measures of paper A, Table 4, as docs/reports.md defines them.

    Every simulated session is one that was planned. Its time is not real: nothing takes any, so the
    response time is not run.
    """
    return [
        figure("acceptance, ordinary listeners", [_accepted(s) for s in sessions]),
        figure(
            "completion, ordinary listeners",
            [(_completed(s), 1) for s in sessions],
        ),
        figure(
            "improvement, ordinary listeners",
            [(improvement(s["before"], s["after"]), 1) for s in sessions],
        ),
        figure("response time", []),
    ]


def _accepted(session: dict[str, Any]) -> tuple[float, float]:
    found = [accepted(heard, ending) for heard, ending in session["listens"]]
    return found.count(True), found.count(True) + found.count(False)


def _completed(session: dict[str, Any]) -> bool:
    starts, stops = ([each[0] for each in session[name]] for name in ("heard", "stops"))
    return completed(session["seconds"], session["seconds"], starts, stops)


def alone(cases: dict[str, list[Counter[str]]]) -> list[Figure]:
    """Return the figures of single modalities, agreement and contradiction."""

    def share(state: str) -> Callable[[Counter[str]], tuple[float, float]]:
        return lambda counts: (counts[state], sum(counts.values()))

    wanted: list[tuple[str, str, str, float | None, float | None]] = [
        ("sadness", "depression", "sad face alone: depression", 0.6, None),
        ("fear", "anxiety", "fearful face alone: anxiety", 0.5, None),
        ("neutral", "anxiety", "neutral face alone: anxiety", None, 0.1),
        ("apart", "unknown", "three modalities of three states: unknown", 0.25, None),
        ("agree", "unknown", "three modalities that agree: unknown", None, 0.05),
    ]
    return [
        figure(name, [share(state)(c) for c in cases.get(case, [])], least=least, most=most)
        for case, state, name, least, most in wanted
    ]


def skipped(offered: Sequence[tuple[int, int]]) -> list[Figure]:
    """Return the figures of listeners who skip twenty times: (different tracks, repeats) each."""
    return [
        figure("twenty quick skips: different tracks", [(one, 1) for one, _ in offered], least=15),
        figure("twenty quick skips: same track twice", [(two, 1) for _, two in offered], most=0),
    ]


def steps(session: dict[str, Any]) -> list[float]:
    """Return the distances between tracks heard one after the other."""
    heard = session["heard"]
    return [math.dist(one[1:], two[1:]) for one, two in zip(heard, heard[1:])]


def answered(session: dict[str, Any]) -> bool:
    """Return whether music was chosen for the new state, or stopped, in time."""
    when, _, after = session["change"]
    plays = [p for p in session["plays"] if when <= p[0] <= when + IN_TIME and p[2] == after]
    stops = [s for s in session["stops"] if when <= s[0] <= when + IN_TIME]
    return bool(plays or (after == "anxiety" and stops))


def stopped(session: dict[str, Any]) -> bool:
    """Return whether distress stopped the music in time."""
    when = session["change"][0]
    return any(
        when <= at <= when + IN_TIME and trigger == "distress"
        for at, trigger, _ in session["stops"]
    )


def _sounds(session: dict[str, Any]) -> bool:
    """Return whether music was on when distress began: no earlier stop keeps it silent."""
    return not any(at < session["change"][0] for at, _, _ in session["stops"])


def _in_quadrant(session: dict[str, Any]) -> tuple[float, float]:
    later = session["plays"][10:60]
    fits = [(p[3] >= 0) == (p[5] >= 0) and (p[4] >= 0) == (p[6] >= 0) for p in later]
    return float(sum(fits)), float(len(fits))


def _false_stops(session: dict[str, Any]) -> int:
    begins = math.inf
    if session["change"] and session["change"][2] == "anxiety":
        begins = session["change"][0]
    return sum(
        trigger == "distress"
        and at < begins
        and (session["kind"] == "unchanging" or state != "anxiety")
        for at, trigger, state in session["stops"]
    )


def _fixed(session: dict[str, Any]) -> str:
    return {"unchanging": "anxiety", "sad": "depression"}.get(session["kind"], "")
