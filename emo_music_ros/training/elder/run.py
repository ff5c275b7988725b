# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure emotions of older adults from how they speak: ElderReact (Ma et al. 2019).

An evaluation only: the published features (COVAREP) cannot be taken live, so no network is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import ELDERREACT
from emo_music_ros.training.corpora import elderreact
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import MULTILABEL, Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.work import Work

CORPORA = (elderreact.NAME,)
NOTE = (
    "The published split; it cannot be checked here that no person is on both sides, because the "
    "files name nobody. The interval is over the videos clips are cut from. Sound only, and the "
    "features of the corpus, not those of the speech encoder. Settings are chosen by 4 folds of "
    "the training part by video, and so is the chance from which a label counts as told. To tell "
    "a label of share p always would give it an F1 of 2p / (1 + p)."
)
#: Strengths of the penalty that are chosen between: C of scikit-learn.
PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1)
FOLDS = 4

Floats = NDArray[np.float64]
#: Makes a classifier of one label from a seed.
Maker = Callable[[int], Any]


def _logistic(penalty: float) -> Maker:
    from sklearn.linear_model import LogisticRegression

    return lambda seed: LogisticRegression(C=penalty, max_iter=1000, class_weight="balanced")


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        200, min_samples_leaf=3, class_weight="balanced", random_state=seed
    )


def _perceptron(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((32,), alpha=1.0, max_iter=100, early_stopping=True, random_state=seed)


def _machine(seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    return CalibratedClassifierCV(SVC(C=1.0, class_weight="balanced"), ensemble=False, cv=3)


def standardise(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Return both by the quantiles of the training rows, -4..4: features have far outliers."""
    low, middle, high = np.quantile(train, (0.1, 0.5, 0.9), axis=0)
    scale = np.maximum((high - low) / 2.56, 1e-9)
    first, second = (np.clip((rows - middle) / scale, -4.0, 4.0) for rows in (train, test))
    return first, second


def scores(make: Maker, train: Floats, truth: NDArray[Any], test: Floats, seed: int) -> Floats:
    """Return the chance [n, labels] of every label; that of the training rows if it is constant."""
    seen, asked = standardise(train, test)
    columns = []
    for label in truth.T:
        if label.min() == label.max():
            columns.append(np.full(len(test), float(label[0])))
            continue
        columns.append(make(seed).fit(seen, label).predict_proba(asked)[:, 1])
    return np.stack(columns, axis=1)


def best_threshold(truth: NDArray[np.bool_], chance: Floats) -> float:
    """Return the chance from which telling a label makes its F1 largest."""
    cuts = np.unique(np.quantile(chance, np.linspace(0.02, 0.98, 49)))
    hits = [2 * (truth & (chance >= cut)).sum() / (truth.sum() + (chance >= cut).sum() + 1e-9)
            for cut in cuts]  # fmt: skip
    return float(np.clip(cuts[int(np.argmax(hits))], 1e-3, 1 - 1e-3))


def centre(chance: Floats, threshold: Floats) -> Floats:
    """Return chances [n, labels] moved so that the threshold [labels] becomes 0.5, in order."""
    odds = chance / np.maximum(1 - chance, 1e-9) * (1 - threshold) / threshold
    return odds / (1 + odds)


def _f1(label: int) -> Metric:
    def value(truth: NDArray[Any], table: Floats, people: NDArray[Any]) -> float:
        found, real = table[:, label] >= 0.5, truth[:, label]
        return float(2 * (found & real).sum() / max(1, found.sum() + real.sum()))

    return value


def _auc(label: int) -> Metric:
    return lambda truth, table, people: metrics.auc(truth[:, label], table[:, label])


class ElderStudy:
    """ElderReact and what learns from it; settings are chosen inside the training part."""

    def __init__(self, data: Path, seed: int) -> None:
        self.seed = seed
        whole = elderreact.load(data)
        self.part = whole.groups["part"]
        self.corpus = replace(whole, groups={"sex": whole.groups["sex"]})
        self.valence = elderreact.valence(data)

    def _inner(self, train: Rows) -> list[tuple[Rows, Rows]]:
        return by_group(self.corpus.people[train], FOLDS, self.seed)

    def _held_out(self, make: Maker, train: Rows, seed: int) -> Floats:
        """Return the chances [train, labels] that folds inside the training rows give."""
        items, truth = self.corpus.items[train], self.corpus.labels[train]
        chance = np.zeros(truth.shape)
        for rest, held in self._inner(train):
            chance[held] = scores(make, items[rest], truth[rest], items[held], seed)
        return chance

    def classifier(self, name: str, origin: str, makers: Mapping[object, Maker]) -> Candidate:
        """Return the classifier that is best inside the training rows of the `makers`."""

        def predict(train: Rows, test: Rows, seed: int) -> Floats:
            truth = self.corpus.labels[train]
            tried = {setting: self._held_out(make, train, seed) for setting, make in makers.items()}
            best = max(tried, key=lambda one: MULTILABEL["macro AUC"](truth, tried[one], truth))
            chance = scores(
                makers[best], self.corpus.items[train], truth, self.corpus.items[test], seed
            )
            cuts = [
                best_threshold(truth[:, label], tried[best][:, label])
                for label in range(truth.shape[1])
            ]
            return centre(chance, np.array(cuts))

        key = [self.corpus.items, sorted(map(str, makers)), *_CODE]
        return Candidate(name, origin, predict, key=key)

    def candidates(self) -> list[Candidate]:
        """Return logistic regression, random forest, perceptron and support vectors."""
        return [
            self.classifier(
                "emo_music_ros", "this project: logistic regression",
                {penalty: _logistic(penalty) for penalty in PENALTIES},
            ),
            self.classifier("Random Forest", "paper B", {0: _forest}),
            self.classifier("MLP", "one hidden layer of 32", {0: _perceptron}),
            self.classifier("SVM", "Ma et al. 2019, baseline", {0: _machine}),
        ]  # fmt: skip

    def regressions(self) -> list[Candidate]:
        """Return ridge regression and a random forest for valence."""
        return [self._regression("emo_music_ros", "this project: ridge regression", _ridge),
                self._regression("Random Forest", "paper B", _forest_of_values)]  # fmt: skip

    def _regression(self, name: str, origin: str, make: Callable[[Rows, int], Any]) -> Candidate:
        def predict(train: Rows, test: Rows, seed: int) -> Floats:
            seen, asked = standardise(self.corpus.items[train], self.corpus.items[test])
            model = make(self.corpus.people[train], seed).fit(seen, self.valence[train])
            return np.asarray(model.predict(asked))[:, None]

        return Candidate(name, origin, predict, key=[self.corpus.items, make, standardise])


def _ridge(people: NDArray[Any], seed: int) -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(np.logspace(1, 5, 9))


def _forest_of_values(people: NDArray[Any], seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(200, min_samples_leaf=3, random_state=seed)


_CODE = (
    *(ElderStudy.classifier, ElderStudy._held_out, scores, standardise, best_threshold, centre),
    *(_logistic, _forest, _perceptron, _machine, FOLDS),
)


def ccc(truth: NDArray[Any], table: Floats, people: NDArray[Any]) -> float:
    """Return the concordance correlation of targets [n] and answers [n, 1] (Lin 1989), -1..1."""
    real, found = np.asarray(truth, float), table[:, 0]
    apart = (real.mean() - found.mean()) ** 2
    together = np.mean((real - real.mean()) * (found - found.mean()))
    spread = real.var() + found.var() + apart
    return float(2 * together / spread) if spread > 0 else float("nan")


#: Measures of valence. Its sign is that above the middle of the scale.
VALENCE: dict[str, Metric] = {
    "CCC": ccc,
    "mean absolute error": lambda truth, table, people: float(np.abs(truth - table[:, 0]).mean()),
    "UAR of the sign": lambda truth, table, people: metrics.uar(truth > 0, table[:, 0] > 0),
}


#: Measures of the six emotions.
EMOTIONS: dict[str, Metric] = {
    "macro AUC": MULTILABEL["macro AUC"],
    "macro-F1": MULTILABEL["macro-F1"],
    **{
        f"{name} {kind}": of(label)
        for kind, of in (("AUC", _auc), ("F1", _f1))
        for label, name in enumerate(ELDERREACT)
    },
}
#: Measures beside the usual ones.
METRICS = EMOTIONS | VALENCE


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure emotions and valence of ElderReact, trained on its training part, tested on dev.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the features and annotations, or the one above.
    work : Work
        Where finished steps are kept.
    seed : int
        Of everything random.
    leaky : bool
        Also part the clips of both parts at random.
    baselines : bool
        Also random forest, perceptron and support vectors.

    Returns
    -------
    list of Result
        Six emotions, then valence.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    study = ElderStudy(Path(data), seed)
    rows = np.flatnonzero(study.part == "train"), np.flatnonzero(study.part == "dev")
    protocols = [Protocol("published train part to dev part", [rows])]
    if leaky:
        split = random_split(len(study.corpus), 5, seed)
        protocols.append(Protocol("random split of the clips", split, leaky=True))
    valued = replace(study.corpus, labels=study.valence, classes=("valence",))
    tasks = (
        ("six emotions of adults over 50", study.corpus, study.candidates(), EMOTIONS),
        ("valence of adults over 50", valued, study.regressions(), VALENCE),
    )
    return [
        evaluate_candidate(
            "elder", task, corpus, candidate, protocol, work, seed, measures,
            NOTE if candidate is candidates[0] and not protocol.leaky else "",
        )
        for task, corpus, candidates, measures in tasks
        for protocol in protocols
        for candidate in (candidates if baselines else candidates[:1])
    ]  # fmt: skip
