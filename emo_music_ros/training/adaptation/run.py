# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure what confirmed moments of a person bring: gain, forgetting, fall back (paper C, Eq. 10).

Nothing is trained: the answers are those that evaluations of fusion and physiology kept, and what
is chosen (:class:`~emo_music_ros.fusion.adaptation.head.Prior`) is a default in the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation import watch
from emo_music_ros.fusion.adaptation.head import learn
from emo_music_ros.training.adaptation.sessions import CORPORA, Floats, Sessions, load
from emo_music_ros.training.adaptation.study import (
    DRAWS,
    LABELS,
    LONE,
    Ask,
    Learner,
    Study,
    adapted,
    new_prior,
    shipped,
    stream,
)
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric, uar
from emo_music_ros.training.evaluation.protocol import Protocol
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.work import Work

__all__ = ["CORPORA", "METRICS", "evaluate"]

NAME = "adaptation"
TASK = "four states after confirmed moments"
GAIN = "gain over the shipped weights"
FORGETTING = "forgetting"
FALLING = "falls back to the shipped weights"
ORIGINS: dict[Learner, str] = {
    adapted: "this project (paper C, Eq. 10)",
    new_prior: "class frequencies",
    shipped: "no adaptation",
}
#: Least probability that the log loss takes an answer for.
LEAST = 1e-3
#: Moments of a stream, and how many of them are confirmed wrongly before right ones come.
LENGTH, WRONG = 44, 16
NOTE = (
    "{asked_of}; {draws} draws each. Moments are confirmed by their label, in random order: nobody "
    "was asked. The answers are kept ones of encoders that never saw the person, fused by the "
    "default strategy; the prior of the head is chosen on the people of the other folds of all "
    "corpora, by gain and by what is forgotten. Cost: one update from 16 moments."
)
GAIN_NOTE = "The difference of each measure to that of the shipped weights on the same moments."
LONE_NOTE = (
    f"{LONE} moments of one state alone are confirmed, each state in turn, and moments of the "
    "others asked: below 0 is forgetting."
)
LEFT_NOTE = (
    f"{LABELS[-1]} moments of all states but one are confirmed, each left out in turn, and moments "
    "of that one asked: its recall."
)
OTHERS_NOTE = (
    "What was learned from 16 moments of one person is asked about another: below 0 is what a "
    "mistaken person costs."
)
FALL_NOTE = (
    f"{LENGTH} moments of a person in random order, of every second person, the others being those "
    f"the threshold was chosen on. Wrongly: in the first {WRONG} each state was confirmed as "
    "another, always the same, and rightly from then on. Where it does not fall back, the head "
    "mended itself.{when}"
)


def log_loss(truth: NDArray[Any], table: Floats) -> float:
    """Return the mean negative log probability of what is true [nats]."""
    given = np.maximum(table[np.arange(len(truth)), truth], LEAST)
    return float(-np.log(given).mean())


def _gain(measure: Any, sign: float, truth: NDArray[Any], table: Floats) -> float:
    """Return by how much the first four columns are better than the last four; NaN without them."""
    before, after = table[:, 4:], table[:, :4]
    if not before.any():
        return float("nan")
    return float(sign * (measure(truth, after) - measure(truth, before)))


def _uar(truth: NDArray[Any], table: Floats) -> float:
    return uar(truth, table.argmax(axis=1))


#: Measures beside the usual ones.
METRICS: dict[str, Metric] = {
    "log loss": lambda truth, table, people: log_loss(truth, table),
    "UAR gain": lambda truth, table, people: _gain(_uar, 1.0, truth, table),
    "log loss gain": lambda truth, table, people: _gain(log_loss, -1.0, truth, table),
    "fell back": lambda truth, table, people: float((table[:, 1] >= 0.5).mean()),
}
_STATES = {name: CLASSIFICATION[name] for name in ("UAR", "accuracy")} | {
    "log loss": METRICS["log loss"]
}
_GAINS = {name: METRICS[name] for name in ("UAR gain", "log loss gain")}


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure what is learned from 4, 8 and 16 confirmed moments of a person.

    Parameters
    ----------
    data : pathlib.Path
        Folder with all corpora; only what the takes of RAVDESS are is read from it.
    work : Work
        Where what priors are chosen by is kept.
    seed : int
        Changes nothing: draws have seeds of their own.
    leaky : bool
        Changes nothing: there is no split that leaks.
    baselines : bool
        Also a new prior alone.

    Returns
    -------
    list of Result
        For every corpus: states, gain, forgetting; then how often it falls back.

    Raises
    ------
    InputError
        If no answers were kept.
    """
    from emo_music_ros.training.fusion.run import kept_results

    results = kept_results()
    if results is None:
        raise InputError("there are no kept answers beside the models", "Use a source tree")
    study = Study(load(results, Path(data)), work)
    found = [one for each in study.sessions for one in _tables(study, each, baselines)]
    return found + _falls(study, work)


def _tables(study: Study, one: Sessions, baselines: bool) -> list[Result]:
    """Return the tables of one corpus but the last."""
    about = NOTE.format(asked_of=one.asked_of[0].upper() + one.asked_of[1:], draws=DRAWS)
    ours = [(f"emo_music_ros, {count} moments", count, adapted) for count in reversed(LABELS)]
    others: list[tuple[str, int, Learner]] = [
        (f"new prior alone, {count} moments", count, new_prior) for count in reversed(LABELS)
    ]
    rows = ours + (others if baselines else [])
    results = []
    for name, count, learner in [*rows, ("shipped weights", 0, shipped)]:
        first = name == ours[0][0]
        results.append(
            _measured(
                study, one, TASK, name, study.usual(one, count), learner, _STATES,
                about if first else "", _cost(one) if first else None,
            )
        )  # fmt: skip
    for name, count, learner in rows:
        text = GAIN_NOTE if name == ours[0][0] else ""
        asks = study.usual(one, count)
        results.append(_measured(study, one, GAIN, name, asks, learner, _GAINS, text))
    for what, asks, text in (
        (f"{FORGETTING}: one state confirmed, others asked", study.lone(one), LONE_NOTE),
        (f"{FORGETTING}: a state not confirmed", study.left_out(one), LEFT_NOTE),
        (f"{FORGETTING}: somebody else", study.others(one, LABELS[-1]), OTHERS_NOTE),
    ):
        for name, learner in (("emo_music_ros", adapted), ("new prior alone", new_prior)):
            if learner is adapted or baselines:
                note = text if learner is adapted else ""
                results.append(_measured(study, one, what, name, asks, learner, _GAINS, note))
    return results


def _measured(
    study: Study,
    one: Sessions,
    task: str,
    name: str,
    asks: Sequence[Ask],
    learner: Learner,
    measures: Mapping[str, Metric],
    note: str = "",
    cost: Any = None,
) -> Result:
    corpus, protocol = study.corpus(one, asks)
    made = study.candidate(one, name, ORIGINS[learner], asks, learner, measures is _GAINS)
    made = replace(made, cost=cost)
    return evaluate_candidate(
        NAME, task, corpus, made, protocol, study.work, 0, measures=measures, note=note
    )


def _cost(one: Sessions) -> Any:
    """Return what makes the cost of one update."""
    moments = one.moments(one.confirmed(one.names[0], 0)[: LABELS[-1]])
    head = learn(moments)
    assert head is not None
    size = head.bias.size + sum(part.size for part in head.said.values())
    return lambda: Cost(size, float("nan"), partial(learn, moments))


def _falls(study: Study, work: Work) -> list[Result]:
    """Return how often what was learned is given up, with and without a reason."""
    if not watch.prepare():
        raise InputError("falling back cannot be measured without river", "pip install river")
    results = []
    for what, wrong in (("nothing changes", 0), ("confirmed wrongly at first", WRONG)):
        for one in study.sessions:
            people = one.names[1::2]
            when = [_fall(stream(one, person, LENGTH, wrong)) for person in people]
            table = np.array([[when_ is None, when_ is not None] for when_ in when], float)
            corpus = Corpus(
                one.name, "", "", people, np.ones(len(people), np.int64), ("keeps", "falls"),
                people, one.unit,
            )  # fmt: skip
            everybody = np.arange(len(people))
            protocol = Protocol("every second person", [(everybody[:0], everybody)])
            made = Candidate(
                "emo_music_ros", "Page-Hinkley (river)",
                lambda train, test, seed, table=table: table[test], key=[table],  # type: ignore[misc]
            )  # fmt: skip
            told = [place - wrong for place in when if place is not None]
            after = f" Fell back {np.median(told):.0f} moments later (median)." if told else ""
            results.append(
                evaluate_candidate(
                    NAME, f"{FALLING}: {what}", corpus, made, protocol, work, 0,
                    measures={"fell back": METRICS["fell back"]},
                    note=FALL_NOTE.format(when=after if wrong else ""),
                )
            )  # fmt: skip
    return results


def _fall(differences: list[float]) -> int | None:
    """Return after how many moments it falls back, None if never."""
    return next(
        (
            count
            for count in range(1, len(differences) + 1)
            if watch.has_turned_worse(differences[:count])
        ),
        None,
    )
