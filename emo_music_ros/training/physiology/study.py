# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Stress-Predict with all that is measured on it."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.encoding.physiology.encoder import (
    GROUPS,
    LABELS,
    MEASURES,
    MEMORIES,
    PhysiologyFeatures,
)
from emo_music_ros.encoding.physiology.smoothing import SmoothedOdds
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.io.model import Model, describe
from emo_music_ros.training.corpora import stress_predict
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.physiology.fitting import (
    BATCH,
    DECAY,
    FOLDS,
    RATE,
    SMOOTHINGS,
    UPDATES,
    choose_and_fit,
    fit,
    platt,
)
from emo_music_ros.training.physiology.network import (
    HIDDEN,
    MEMBERS,
    NAME,
    STRESS_SETTINGS,
    VERSION,
    Floats,
    StressNetwork,
    arrays_of,
    export,
    keep,
    restore,
)
from emo_music_ros.training.physiology.per_person import smoothed
from emo_music_ros.training.physiology.waves import STRIDE, WAVE_CODE, sequences
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared.work import Work


def inputs_of(corpus: Corpus) -> Floats:
    """Return what the encoder gives its network, [n, inputs]."""
    return np.array(
        [np.concatenate([item.moment.normalised, item.moment.mask]) for item in corpus.items], float
    )


class StressStudy:
    """Stress-Predict with all that is measured on it."""

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        self.data, self.work, self.seed = data, work, seed
        self.corpus = stress_predict.load(data)
        self.inputs = inputs_of(self.corpus)
        self.share = np.array([item.share for item in self.corpus.items])
        self.times = np.array([item.moment.time for item in self.corpus.items])

    @property
    def one_out(self) -> Protocol:
        """Every person left out in turn."""
        return Protocol("leave one person out", leave_one_out(self.corpus.people))

    def network(self, train: Rows, seed: int) -> StressNetwork:
        """Return the network trained on some rows, kept from an earlier time if it was."""
        who, seen, share = self.corpus.people[train], self.inputs[train], self.share[train]
        times = self.times[train]
        arrays = self.work.recall(
            f"{NAME} network",
            [seen, share, who, times, seed, *_CODE],
            lambda: arrays_of(choose_and_fit(seen, share, who, times, seed)),
        )
        return restore(arrays)

    def ours(
        self, groups: tuple[str, ...] = ("heart", "skin"), name: str = "emo_music_ros"
    ) -> Candidate:
        """Return the shipped network as a candidate, answering those who wear only `groups`."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            seen = torch.tensor(keep(self.inputs[test], groups), dtype=torch.float32)
            network = self.network(train, seed)
            with torch.no_grad():
                newest = network(seen)[:, 1].double().numpy()
            memory = float(network.smoothing)
            stress = smoothed(newest, self.corpus.people[test], self.times[test], memory)
            return np.stack([1 - stress, stress], axis=1)

        key = [self.inputs, self.share, self.times, groups, *_CODE]
        whole = name == "emo_music_ros"
        return Candidate(name, "this project", predict, self._cost if whole else None, key)

    def _cost(self) -> Cost:
        """Return the cost of one update: features of the last minute, and the network."""
        network = self.network(np.arange(len(self.corpus)), self.seed)
        path = self.work.folder / "cost" / f"{NAME}.onnx"
        export(network, path)
        _, flops = onnx_cost(path, {"features": self.inputs[:1].astype(np.float32)})
        describe(path, version=VERSION, labels=list(LABELS))
        model = Model(NAME, path.parent)
        features = PhysiologyFeatures(update=2.0)
        _, folder, _ = next(iter(stress_predict.people(self.data)))
        endless = chain.from_iterable(repeat(list(read_e4(folder, 2.0))))

        def once() -> object:
            for block in endless:
                for moment in features.push(block):
                    return model(np.concatenate([moment.normalised, moment.mask])[None])
            return None

        return Cost(network.parameters_used, flops, once)

    def single(self, name: str, feature: str) -> Candidate:
        """Return one feature itself as a candidate: a logistic curve of its value."""
        values = np.array([item.moment.features[feature] for item in self.corpus.items])

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.linear_model import LogisticRegression

            usual = np.nanmean(values[train])
            column = np.nan_to_num(values, nan=usual)[:, None]
            model = LogisticRegression().fit(column[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(column[test]))

        return Candidate(name, "one feature", predict, key=[values, StressStudy.single])

    def forest(self) -> Candidate:
        """Return a random forest on the inputs of the network."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.ensemble import RandomForestClassifier

            model = RandomForestClassifier(
                100, min_samples_leaf=20, class_weight="balanced", random_state=seed
            )
            model.fit(self.inputs[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(self.inputs[test]))

        return Candidate("Random Forest", "paper B", predict, key=[self.inputs, StressStudy.forest])

    def logistic(self) -> Candidate:
        """Return logistic regression on the inputs of the network."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.linear_model import LogisticRegression

            model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=500)
            model.fit(self.inputs[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(self.inputs[test]))

        key = [self.inputs, StressStudy.logistic]
        return Candidate("logistic regression", "the inputs of the network", predict, key=key)

    def clock(self) -> Candidate:
        """Return boosted trees that know nothing but the time since the session began."""
        elapsed = np.array([[item.elapsed] for item in self.corpus.items])

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.ensemble import HistGradientBoostingClassifier

            model = HistGradientBoostingClassifier(max_depth=3, random_state=seed)
            model.fit(elapsed[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(elapsed[test]))

        return Candidate(
            "clock alone (control)",
            "time since the start",
            predict,
            key=[elapsed, StressStudy.clock],
        )

    def paper(self, name: str) -> Candidate:
        """Return a network of the papers on the signals of the window, one step every 2 s."""
        network, origin = papers.NETWORKS[name]

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            waves = self.waves()
            lengths = np.full(len(waves), waves.shape[1], np.int64)
            some = train[::STRIDE]
            model = papers.fit_sequences(
                network, waves[some], lengths[some], self.corpus.labels[some], 2, seed, 8, 64
            )
            return papers.predict_sequences(model, waves[test], lengths[test])

        return Candidate(name, origin, predict, key=[network, papers.fit_sequences, *WAVE_CODE])

    def waves(self) -> NDArray[np.float32]:
        """Return heart rate, pulse height, skin conductance and temperature, [n, steps, 4]."""
        return self.work.recall(
            f"{NAME} waves",
            [self.inputs, *WAVE_CODE],
            lambda: {"waves": sequences(self.data, self.corpus)},
        )["waves"]


#: What the kept networks and signals of windows depend on beside their arguments.
_CODE = (
    *(StressNetwork, fit, platt, choose_and_fit, keep, smoothed, SmoothedOdds, SMOOTHINGS),
    *(STRESS_SETTINGS, MEMORIES, MEASURES, GROUPS, FOLDS),
    *(UPDATES, BATCH, RATE, DECAY, MEMBERS, HIDDEN),
)
