# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From the facts of four weeks to tables, with intervals over simulated people."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from emo_music_ros.simulation.figures import Figure, figure
from emo_music_ros.streams import FloatArray

#: Resamples of a comparison.
RESAMPLES = 2000
OURS, FIXED, TABLE = "companion", "fixed_playlist", "genre_table"
#: What is asked for: shares of time saved and of reward gained, tracks until a new taste is met,
#: and tracks that differ among the first ones of somebody who likes all alike.
SAVED, GAINED, FOLLOWED, VARIED = 0.2, 0.25, 10, 15
#: Tracks over which the advantage of a choice is averaged after the taste turned.
SPAN = 5

Facts = dict[str, Any]
#: Policy -> scenario -> facts of every person or group, the same ones in the same order.
Found = Mapping[str, Mapping[str, Sequence[Facts]]]
Measure = Callable[[Facts], tuple[float, float]]

#: Name -> sum and number of a person or group; docs/reports.md defines those of paper A.
MEASURES: dict[str, Measure] = {
    "minutes to the mood led to": lambda one: (sum(one["minutes"]), len(one["minutes"])),
    "sessions that reach it": lambda one: (one["reached"], len(one["minutes"])),
    "improvement": lambda one: (sum(one["changes"]), len(one["changes"])),
    "acceptance": lambda one: (one["accepted"], one["offered"]),
    "completion": lambda one: (one["completed"], one["sessions"]),
    "ended worse": lambda one: (one["worse"], one["sessions"] * one["members"]),
    "reward": lambda one: tuple(one["rewards"]),  # type: ignore[return-value]
    "rating": lambda one: tuple(one["ratings"]),  # type: ignore[return-value]
}


def report(found: Found, varied: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Return all tables as plain JSON types.

    Parameters
    ----------
    found : mapping
        Facts by policy and scenario.
    varied : mapping
        Policy -> different tracks among the first ones, by indifferent listener.
    """
    policies = {}
    for policy, scenarios in found.items():
        every = [one for facts in scenarios.values() for one in facts]
        policies[policy] = {
            "all": _plain([*_measures(every), *_by_week(every), *_choosing(every)]),
            **{name: _plain(_measures(facts)) for name, facts in scenarios.items()},
        }
    return {"policies": policies, "goals": _plain(goals(found, varied))}


def _measures(facts: Sequence[Facts]) -> list[Figure]:
    return [figure(name, [of(one) for one in facts]) for name, of in MEASURES.items()]


def _by_week(facts: Sequence[Facts]) -> list[Figure]:
    """Return the improvement in the first and the last week (paper A, Fig. 8)."""
    return [
        figure(f"improvement, {word} week", [(sum(one["changes"][part]), 7) for one in facts])
        for word, part in (("first", slice(0, 7)), ("last", slice(-7, None)))
    ]


def _choosing(facts: Sequence[Facts]) -> list[Figure]:
    """Return what choosing takes, the only part of the response time that is real here [ms]."""
    return [
        figure("ms to choose", [(sum(one["choosing"]), len(one["choosing"])) for one in facts]),
        figure("response time", []),
    ]


def goals(found: Found, varied: Mapping[str, Sequence[int]]) -> list[Figure]:
    """Return what is asked of ours, against the policies it is compared with."""
    made: list[Figure] = []
    for ours in [name for name in found if name.partition(":")[0] == OURS]:
        if FIXED in found:
            made.append(
                _ratio(
                    f"{ours}: time to the mood led to saved against {FIXED}",
                    found, ours, FIXED, "minutes to the mood led to", lambda a, b: 1 - a / b, SAVED,
                )
            )  # fmt: skip
        if TABLE in found:
            made.append(
                _ratio(
                    f"{ours}: reward gained against {TABLE}",
                    found, ours, TABLE, "reward", lambda a, b: (a - b) / abs(b), GAINED,
                )
            )  # fmt: skip
        if FIXED in found:
            made.append(_never_worse(found, ours))
        every = [one for facts in found[ours].values() for one in facts]
        made += [*_violations(ours, every), _followed(ours, every)]
        made.append(
            figure(
                f"{ours}: different tracks among 25, equal liking",
                [(float(count), 1.0) for count in varied.get(ours, ())],
                least=VARIED,
            )
        )
    return made


def _sums(found: Found, policy: str, measure: str) -> FloatArray:
    """Return sum and number of every person or group [people, 2]."""
    return np.array(
        [MEASURES[measure](one) for facts in found[policy].values() for one in facts], float
    )


def _drawn(count: int) -> FloatArray:
    """Return how often each of so many people is drawn [resamples, people]."""
    rng = np.random.default_rng(0)
    return rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(float)


def _ratio(
    name: str,
    found: Found,
    ours: str,
    theirs: str,
    measure: str,
    compared: Callable[[Any, Any], Any],
    least: float,
) -> Figure:
    """Return a comparison of means with a bootstrap interval over the same people."""
    one, two = _sums(found, ours, measure), _sums(found, theirs, measure)

    def value(weights: FloatArray) -> Any:
        a, b = weights @ one, weights @ two
        return compared(a[..., 0] / a[..., 1], b[..., 0] / b[..., 1])

    whole = float(value(np.ones(len(one))))
    low, high = np.percentile(value(_drawn(len(one))), [2.5, 97.5])
    return Figure(name, whole, float(low), float(high), f">= {least:g}", whole >= least, len(one))


def _never_worse(found: Found, ours: str) -> Figure:
    """Return how much more often sessions end worse than with the fixed list.

    Reached where the upper end of the one-sided 95 % interval is not above 0; it is `high`.
    """
    one, two = (_sums(found, policy, "ended worse") for policy in (ours, FIXED))

    def value(weights: FloatArray) -> Any:
        a, b = weights @ one, weights @ two
        return a[..., 0] / a[..., 1] - b[..., 0] / b[..., 1]

    low, high = np.percentile(value(_drawn(len(one))), [5, 95])
    return Figure(
        f"{ours}: share of sessions that end worse, above {FIXED} (one-sided)",
        float(value(np.ones(len(one)))),
        float(low),
        float(high),
        "<= 0",
        bool(high <= 0),
        len(one),
    )


def _violations(ours: str, facts: Sequence[Facts]) -> list[Figure]:
    names = sorted({name for one in facts for name in one["violations"]})
    return [
        figure(
            f"{ours}: {name}, a session",
            [(one["violations"].get(name, 0), one["sessions"]) for one in facts],
            most=0.0,
        )
        for name in names
    ]


def _followed(ours: str, facts: Sequence[Facts]) -> Figure:
    """Return after how many tracks of a turned taste the choice is again no worse than chance.

    Chance is the mean of what the choice was made from; the advantage over it is averaged over
    people and the next `SPAN` tracks. The interval is over people.
    """
    rows = [one["advantage"] for one in facts if one["advantage"]]
    length = min(map(len, rows), default=0)
    name = f"{ours}: tracks until a taste that turned is followed"
    bound = f"<= {FOLLOWED}"
    if length < SPAN + FOLLOWED:
        return Figure(name, math.nan, math.nan, math.nan, bound, None, 0)
    table = np.array([row[:length] for row in rows])

    def of(curve: FloatArray) -> float:
        means = np.convolve(curve, np.full(SPAN, 1 / SPAN), "valid")
        found = np.flatnonzero(means >= 0)
        return float(found[0]) if len(found) else float(length)

    value = of(table.mean(axis=0))
    drawn = [of(weights @ table / len(table)) for weights in _drawn(len(table))]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(name, value, float(low), float(high), bound, value <= FOLLOWED, len(table))


def _plain(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [
        {
            key: (None if isinstance(value, float) and math.isnan(value) else value)
            for key, value in asdict(one).items()
        }
        for one in figures
    ]
