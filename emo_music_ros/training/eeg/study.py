# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The Muse recordings with all that is measured on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emo_music_ros.encoding.eeg.encoder import LABELS, WAVE_RATE, EegFeatures
from emo_music_ros.io.model import Model, describe
from emo_music_ros.io.muse import read_muse
from emo_music_ros.training.corpora import muse
from emo_music_ros.training.eeg import eegnet
from emo_music_ros.training.eeg.band_powers import PENALTY, STEPS, BandPowerNetwork, fit
from emo_music_ros.training.eeg.eegnet import EegNet, answer, augment, fit_eegnet
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.protocol import Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared.calibration import fit_temperature
from emo_music_ros.training.shared.onnx_export import export_onnx
from emo_music_ros.training.shared.work import Work

NAME, VERSION = "eeg", "2.0.0"
#: EEGNet is trained on every second window: they overlap by three quarters.
STRIDE = 2
#: What :class:`MentalStateStudy` trains.
Kept = BandPowerNetwork | EegNet


class MentalStateStudy:
    """The Muse recordings with all that is measured on them."""

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        self.data, self.work, self.seed = data, work, seed
        self.corpus = muse.load(data)
        self.measures = np.stack([item.spectrum.measures for item in self.corpus.items])
        self.waves = np.stack([item.waves for item in self.corpus.items])
        self.everybody = np.arange(len(self.corpus))

    def linear(self, train: Rows, seed: int) -> Kept:
        """Return the network on band powers, calibrated by leaving its people out in turn."""
        labels, people = self.corpus.labels[train], self.corpus.people[train]
        measures = self.measures[train]

        def compute() -> dict[str, NDArray[Any]]:
            network = fit(measures, labels, people)
            if len(np.unique(people)) > 1:
                logits = np.zeros((len(train), len(LABELS)))
                for rest, held in leave_one_out(people):
                    alone = fit(measures[rest], labels[rest], people[rest])
                    logits[held] = answer(alone, measures[held])
                network.temperature.fill_(fit_temperature(logits, labels))
            return _state(network)

        arrays = self.work.recall(
            f"{NAME} band powers", [measures, labels, people, seed, *_LINEAR_CODE], compute
        )
        return _restore(arrays, measures.shape)

    def eegnet(self, train: Rows, seed: int) -> Kept:
        """Return EEGNet on the signal, trained on every `STRIDE`-th window."""
        labels, waves = self.corpus.labels[train][::STRIDE], self.waves[train][::STRIDE]
        arrays = self.work.recall(
            f"{NAME} EEGNet",
            [waves, labels, seed, *_EEGNET_CODE],
            lambda: _state(fit_eegnet(waves, labels, len(LABELS), seed)),
        )
        return _restore(arrays, waves.shape)

    def candidate(
        self,
        name: str,
        origin: str,
        network: Callable[[Rows, int], Kept],
        inputs: NDArray[np.float32],
        code: Sequence[object],
    ) -> Candidate:
        """Return a network as a candidate."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float32]:
            trained = network(train, seed)
            with torch.no_grad():
                answers: NDArray[np.float32] = trained(torch.from_numpy(inputs[test])).numpy()
            return answers

        def cost() -> Cost:
            return self._cost(network(self.everybody, self.seed), inputs)

        return Candidate(name, origin, predict, cost, [inputs, *code])

    def _cost(self, network: Kept, inputs: NDArray[np.float32]) -> Cost:
        """Return the cost of one update: features of 4 s, and the network."""
        path = self.work.folder / "cost" / f"{NAME}.onnx"
        export(network, path, inputs)
        _, flops = onnx_cost(path, {"signal": inputs[:1]})
        describe(path, version=VERSION, labels=list(LABELS))
        model = Model(NAME, path.parent)
        features = EegFeatures(1.0)
        endless = chain.from_iterable(repeat(list(read_muse(muse.files(self.data)[0], 0.5))))
        waves = inputs.ndim == 3

        def once() -> object:
            for block in endless:
                for moment in features.push(block):
                    seen = moment.waves if waves else moment.spectrum.measures
                    return model(seen[None])
            return None

        return Cost(sum(p.numel() for p in network.parameters()), flops, once)

    def ours(self) -> Candidate:
        """Return the shipped network."""
        return self.candidate(
            "emo_music_ros", "this project: band powers", self.linear, self.measures, _LINEAR_CODE
        )

    def convolutional(self) -> Candidate:
        """Return EEGNet."""
        origin = "Lawhern et al. 2018, trained here"
        return self.candidate("EEGNet", origin, self.eegnet, self.waves, _EEGNET_CODE)

    def forest(self) -> Candidate:
        """Return a random forest on the band powers."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.ensemble import RandomForestClassifier

            model = RandomForestClassifier(100, random_state=seed)
            model.fit(self.measures[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(self.measures[test]))

        return Candidate(
            "Random Forest", "paper B", predict, key=[self.measures, MentalStateStudy.forest]
        )

    def paper(self, name: str) -> Candidate:
        """Return a network of the papers on band powers of every half second."""
        network, origin = papers.NETWORKS[name]
        steps = powers(self.waves)
        lengths = np.full(len(steps), steps.shape[1], np.int64)

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            model = papers.fit_sequences(
                network, steps[train], lengths[train], self.corpus.labels[train], len(LABELS),
                seed, 10,
            )  # fmt: skip
            return papers.predict_sequences(model, steps[test], lengths[test])

        return Candidate(name, origin, predict, key=[steps, network, papers.fit_sequences])


def powers(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithm of band powers of windows, [n, half seconds, electrodes * bands]."""
    from emo_music_ros.encoding.eeg.encoder import BANDS

    size = round(WAVE_RATE)
    starts = np.arange(0, waves.shape[2] - size + 1, size // 2)
    pieces = np.stack([waves[:, :, start : start + size] for start in starts], axis=1)
    spectrum = np.abs(np.fft.rfft(pieces * np.hanning(size), axis=3)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / WAVE_RATE)
    bands = [
        spectrum[..., (frequency >= low) & (frequency < high)].mean(axis=3)
        for low, high in BANDS.values()
    ]
    return np.log(np.concatenate(bands, axis=2) + 1e-3).astype(np.float32)


_LINEAR_CODE = (BandPowerNetwork, fit, MentalStateStudy.linear, PENALTY, STEPS)
_EEGNET_CODE = (EegNet, fit_eegnet, augment, eegnet.EPOCHS, STRIDE)


def _state(network: nn.Module) -> dict[str, NDArray[Any]]:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def _restore(arrays: Mapping[str, NDArray[Any]], shape: Sequence[int]) -> Kept:
    network: Kept
    if "mean" in arrays:
        network = BandPowerNetwork(arrays["mean"], arrays["spread"])
    else:
        network = EegNet(shape[1], shape[2], len(LABELS))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return network.eval()


def export(network: nn.Module, path: Path, inputs: NDArray[np.float32]) -> Path:
    """Write a network as ONNX."""
    examples = [torch.from_numpy(inputs[:4])]
    return export_onnx(network, path, examples, ["signal"], ["probabilities"])
