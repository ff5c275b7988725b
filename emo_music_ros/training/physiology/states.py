# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""WESAD: stress told from rest and from amusement, everybody left out in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emo_music_ros.encoding.physiology.states import LABELS, MEASURES, REST, OwnRest
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora import wesad
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.physiology.network import Floats
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table, write_card
from emo_music_ros.training.shared.onnx_export import export_onnx
from emo_music_ros.training.shared.work import Work

NAME, VERSION = "physiology_states", "1.0.0"
#: Inverse of the penalty on the weights, fixed beforehand: C of scikit-learn.
PENALTY = 0.1
#: Distance of the segments, and length of the encoder's windows [s].
STEP, WINDOW = 15.0, 60.0
BASELINE, STRESS, AMUSEMENT, MEDITATION = range(4)
#: Task -> classes, and which conditions each of them is.
TASKS: dict[str, dict[str, tuple[int, ...]]] = {
    "stress or rest": {"rest": (BASELINE, MEDITATION), "stress": (STRESS,)},
    "baseline, stress or amusement": {
        "baseline": (BASELINE,), "stress": (STRESS,), "amusement": (AMUSEMENT,),
    },
    "stress or amusement": {"stress": (STRESS,), "amusement": (AMUSEMENT,)},
}  # fmt: skip
SHIPPED = {"calm": (BASELINE, MEDITATION), "stress": (STRESS,), "amusement": (AMUSEMENT,)}
NOTE = (
    "Heart rate, SDNN, RMSSD and skin conductance of the wrist, which the encoder measures too, "
    "averaged over a minute, as logarithms against the mean of the person's first 5 minutes. Those "
    "minutes are not asked and their labels not used (the session begins with the baseline); "
    "nothing else of the person left out is known. Meditation counts as rest, but only the two "
    "meditations themselves: the table calls all between them meditation too, stress included. "
    "One penalty, fixed beforehand."
)


class StateStudy:
    """WESAD with all that is measured on it."""

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        self.work, self.seed = work, seed
        self.segments = wesad.load(data)
        self.minutes = minutes(self.segments)
        self.against, self.asked = against_rest(self.segments.people, self.minutes)

    def rows_of(self, conditions: dict[str, tuple[int, ...]]) -> tuple[Rows, NDArray[np.int64]]:
        """Return the segments that are asked and of these classes, and their classes."""
        labels = np.full(len(self.segments), -1, np.int64)
        for number, members in enumerate(conditions.values()):
            labels[np.isin(self.segments.labels, members)] = number
        rows = np.flatnonzero(self.asked & (labels >= 0))
        return rows, labels[rows]

    def corpus(self, conditions: dict[str, tuple[int, ...]]) -> tuple[Corpus, Rows]:
        """Return the segments of these classes as a corpus with figures by person, and rows."""
        rows, labels = self.rows_of(conditions)
        who = self.segments.people[rows]
        part = replace(
            self.segments,
            items=rows,
            labels=labels,
            classes=tuple(conditions),
            people=who,
            groups={"person": np.array([f"S{person:02d}" for person in who])},
        )
        return part, rows

    def candidates(self, labels: NDArray[np.int64], rows: Rows) -> list[Candidate]:
        """Return ours, what is plain, and what sees all columns of the table."""
        ours, plain = self.against[rows], np.log(self.minutes[rows, :4] + list(MEASURES.values()))
        everything = np.log1p(np.nan_to_num(np.abs(self.segments.items[rows, 1:])))
        rate = ours[:, :1]
        return [
            _candidate("emo_music_ros", "this project: own rest", _logistic, ours, labels),
            _candidate("heart rate alone", "one measure, own rest", _logistic, rate, labels),
            _candidate("logistic regression", "the same, no own rest", _logistic, plain, labels),
            _candidate("Random Forest", "paper B; the same, own rest", _forest, ours, labels),
            _candidate(
                "Random Forest, all columns", "paper B; no own rest", _forest, everything, labels
            ),
        ]

    def results(self, baselines: bool) -> list[Result]:
        """Return the tables of the tasks."""
        found = []
        for task, conditions in TASKS.items():
            part, rows = self.corpus(conditions)
            protocol = Protocol("leave one person out", leave_one_out(part.people))
            candidates = self.candidates(part.labels, rows)
            found += [
                evaluate_candidate(
                    "physiology", task, part, candidate, protocol, self.work, self.seed,
                    note=NOTE if candidate is candidates[0] else "",
                )
                for candidate in (candidates if baselines else candidates[:1])
            ]  # fmt: skip
        return found


def minutes(segments: Corpus) -> Floats:
    """Return `MEASURES` [n, measures] averaged over the segments within the last minute."""
    columns = [list(wesad.MEASURES.values()).index(name) + 1 for name in MEASURES]
    ends, values = segments.items[:, 0], segments.items[:, columns]
    found = np.empty(values.shape)
    for row in range(len(values)):
        recent = (segments.people == segments.people[row]) & (ends <= ends[row])
        recent &= ends > ends[row] - (WINDOW - wesad.SEGMENT) - 1.0
        found[row] = np.exp(np.log(values[recent]).mean(axis=0))
    return found


def against_rest(people: NDArray[Any], measures: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return measures [n, measures] as the encoder sees them, and where it answers [n]."""
    found, asked = np.zeros(measures.shape), np.zeros(len(measures), bool)
    for person in np.unique(people):
        rest = OwnRest()
        for row in np.flatnonzero(people == person):
            one = rest(dict(zip(MEASURES, measures[row])), STEP)
            if one is not None:
                found[row], asked[row] = one, True
    return found, asked


def _candidate(
    name: str,
    origin: str,
    make: Callable[[int], Any],
    inputs: Floats,
    labels: NDArray[np.int64],
) -> Candidate:
    def predict(train: Rows, test: Rows, seed: int) -> Floats:
        model = make(seed).fit(inputs[train], labels[train])
        return np.asarray(model.predict_proba(inputs[test]))

    return Candidate(name, origin, predict, key=[inputs, labels, make, PENALTY])


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
    return make_pipeline(StandardScaler(), model)


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        100, min_samples_leaf=5, class_weight="balanced", random_state=seed
    )


def train(study: StateStudy, out: Path) -> Sequence[Result]:
    """Measure, learn from all people and write network, description and card."""
    results = study.results(baselines=False)
    rows, labels = study.rows_of(SHIPPED)
    scaler, model = (
        step for _, step in _logistic(study.seed).fit(study.against[rows], labels).steps
    )
    weights = model.coef_ / scaler.scale_
    network = nn.Sequential(nn.Linear(len(MEASURES), len(LABELS)), nn.Softmax(dim=1))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor(weights))
        network[0].bias.copy_(torch.tensor(model.intercept_ - weights @ scaler.mean_))
    path = export_onnx(
        network, Path(out) / f"{NAME}.onnx", [torch.zeros(4, len(MEASURES))], ["measures"],
        ["probabilities"],
    )  # fmt: skip
    describe(
        path,
        version=VERSION,
        labels=list(LABELS),
        measures=list(MEASURES),
        licence="research only (WESAD: scientific, non-commercial)",
        corpus=wesad.NAME,
    )
    write_card(_card(results), Path(out))
    return results


def _card(results: Sequence[Result]) -> Card:
    people = [
        (person, *(f"{result.groups['person'][person]['UAR']:.2f}" for result in results))
        for person in results[0].groups["person"]
    ]
    return Card(
        NAME,
        "Probabilities of calm, stress and amusement from heart rate, its variability and skin "
        f"conductance, against the person's own first {REST / 60:.0f} minutes. A hint beside the "
        "stress estimate, which does not depend on it: it says what arousal alone cannot, and "
        "says it weakly. Not a medical device.",
        f"{wesad.NAME} ({results[0].corpus}; Schmidt et al. 2018), measures of segments of 30 s "
        f"that others published, {results[0].people} people (4, 9 and 14 are kept apart and never "
        "used): baseline, Trier social stress test, funny clips, meditation.",
        "Research only, non-commercial (WESAD).",
        "One person left out in turn; nothing is chosen.",
        f"Multinomial logistic regression of {len(MEASURES)} measures "
        f"({', '.join(MEASURES)}), {(len(MEASURES) + 1) * len(LABELS)} parameters, classes "
        "counting alike.",
        [
            Figure(f"{result.task}: {figure.name}", figure.value, figure.baseline, figure.low,
                   figure.high, figure.scope)
            for result in results
            for figure in result.figures()
        ],
        [
            "The measures learnt from are those of a chest electrocardiogram and a wristband, "
            "made by others; a pulse wave at the wrist gives a noisier variability.",
            "Segments of 30 s averaged over a minute stand for the encoder's windows of a minute.",
            "Skin-conductance responses are not used: the table counts small noise as responses, "
            "more at rest than under stress, and the encoder counts otherwise.",
            "Somebody who is not at rest in the first minutes is measured against that.",
            "Of one person (S02) nothing is told; amusement is found half of the time.",
            "Young adults in a laboratory. Nothing is known of how it does on older people.",
        ],
        "emo-music train physiology --data FOLDER --out models",
        {
            "How it is asked": NOTE,
            "Unweighted average recall of every person": markdown_table(
                ("person", *(result.task for result in results)), people
            ),
        },
    )  # fmt: skip
