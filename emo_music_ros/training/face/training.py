# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Facial expression networks trained on rows of a corpus and calibrated on others."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import FER2013
from emo_music_ros.io.model import open_network
from emo_music_ros.numerics import softmax
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.face import augmentation, fitting, network
from emo_music_ros.training.face.fitting import Fitting, Lessons, answers, fit
from emo_music_ros.training.face.network import Expressions
from emo_music_ros.training.face.quantisation import export, quantise
from emo_music_ros.training.face.settings import Faces, FaceSettings
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.shared.work import Work

CALIBRATION = 0.03  # share of the training groups that the last numbers are read from
EXAMPLES = 1024  # faces kept for reading the ranges of activations
#: How far towards equal classes the logits may be moved, and what a point of accuracy is worth in
#: points of unweighted recall.
ADJUSTMENTS = np.linspace(0.0, 1.0, 21)
SHARES = np.linspace(0.0, 0.5, 6)  # of the votes in the answer
WORTH = 0.25


@dataclass(frozen=True, eq=False)
class TrainedFaceNetwork:
    """A network with what was read from faces it did not learn from."""

    network: Expressions
    temperature: float
    conformal: float
    examples: Faces
    learnt: int
    calibrated: int

    @cache  # noqa: B019 - lives as long as its network
    def onnx(self, precision: str) -> bytes:
        """Return the network as ONNX."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{precision}.onnx"
            if precision == "float32":
                return export(self.network, path, self.examples).read_bytes()
            whole = Path(folder) / "whole.onnx"
            whole.write_bytes(self.onnx("float32"))
            return quantise(whole, path, self.examples).read_bytes()

    @cache  # noqa: B019
    def session(self, precision: str) -> Any:
        """Return the network ready to run on one thread."""
        return open_network(self.onnx(precision), "the trained network", "Train it again")

    def answers(self, images: NDArray[Any], precision: str) -> NDArray[np.float64]:
        """Return the probabilities [n, 7] of faces [n, 48, 48], 0..255."""
        session = self.session(precision)
        parts = [
            session.run(["logits"], {"faces": images[start : start + 64, None].astype(np.float32)})
            for start in range(0, len(images), 64)
        ]
        return softmax(np.concatenate([part[0] for part in parts]), self.temperature)

    def cost(self, precision: str) -> Cost:
        """Return what one answer costs from a grey face of 48 x 48 px on."""
        session = self.session(precision)
        face = {"faces": self.examples[:1, None].astype(np.float32)}
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / "whole.onnx"
            whole.write_bytes(self.onnx("float32"))
            _, flops = onnx_cost(whole, face)
        parameters = sum(weight.numel() for weight in self.network.parameters())
        return Cost(parameters, flops, lambda: session.run(None, face))


def hold_out(groups: NDArray[Any], rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Part training rows into those to learn from and those to calibrate on, by group."""
    _, code = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(seed).random(int(code.max()) + 1)[code][rows]
    return rows[drawn >= CALIBRATION], rows[drawn < CALIBRATION]


def adjustment(logits: NDArray[Any], truth: NDArray[Any], prior: NDArray[Any]) -> NDArray[Any]:
    """Return what to add to logits [n, 7] so that rare classes are not passed over.

    A share of the negative logarithm of the class frequencies (Menon et al., 2021, "Long-tail
    learning via logit adjustment"), the one with the best accuracy plus `WORTH` times unweighted
    recall.
    """
    log_prior = np.log(prior)

    def worth(share: float) -> float:
        predicted = (logits - share * log_prior).argmax(axis=1)
        return metrics.accuracy(truth, predicted) + WORTH * metrics.uar(truth, predicted)

    best = max(ADJUSTMENTS, key=worth)
    added = -best * log_prior
    return added - added.mean()  # type: ignore[no-any-return]


def share_of_votes(logits: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return how much of the answer should come from the votes, for the likeliest labels.

    Parameters
    ----------
    logits : array [n, 7 + 10]
        Of label and votes.
    truth : array [n]
        Classes.
    """

    def loss(share: float) -> float:
        mixed = mixed_logits(logits, share)
        likely = softmax(mixed, fit_temperature(mixed, truth))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())

    return float(min(SHARES, key=loss))


def mixed_logits(logits: NDArray[Any], share: float) -> NDArray[Any]:
    """Return the logits [n, 7] of an answer of which a share comes from the votes."""
    label, votes = logits[:, : len(FER2013)], logits[:, len(FER2013) : 2 * len(FER2013)]
    return label + share * (votes - label)  # type: ignore[no-any-return]


class Trainings:
    """The networks trained on one corpus, each once.

    Parameters
    ----------
    corpus : Corpus
        Faces with labels.
    work : Work
        Where finished and unfinished trainings are kept.
    votes : array [n, 10], optional
        Shares of the votes of raters.
    more : Corpus, optional
        Further faces [m, 48, 48] with labels, all of which are learnt from.
    """

    def __init__(
        self,
        corpus: Corpus,
        work: Work,
        votes: NDArray[np.float32] | None = None,
        more: Corpus | None = None,
    ) -> None:
        self.corpus = corpus
        self.votes = votes
        self.more = more
        self._work = work
        self._made: dict[tuple[FaceSettings, int, bytes], TrainedFaceNetwork] = {}

    def __call__(self, settings: FaceSettings, rows: Rows, seed: int) -> TrainedFaceNetwork:
        """Return the network trained on rows of the corpus, recalled where it was made before."""
        key = (settings, seed, rows.tobytes())
        if key not in self._made:
            self._made[key] = self._train(settings, rows, seed)
        return self._made[key]

    def _network(self, settings: FaceSettings, learn: Rows, seed: int) -> Expressions:
        """Return a network trained on rows of the corpus."""
        images, labels = self.corpus.items[learn], self.corpus.labels[learn]
        votes = None if self.votes is None else self.votes[learn]
        if self.more is not None:
            images = np.concatenate([images, self.more.items])
            labels = np.concatenate([labels, self.more.labels])
            if votes is not None:
                nobody = np.zeros((len(self.more), votes.shape[1]), np.float32)
                votes = np.concatenate([votes, nobody])
        name = f"face {settings.make.__name__}"
        key = [*weights_key(settings), seed, images, labels, [] if votes is None else votes]

        def compute() -> dict[str, NDArray[Any]]:
            beliefs = None
            if settings.teacher is not None:
                held = answers(self._network(settings.teacher, learn, seed), images)
                parts = np.split(held, [len(FER2013)], axis=1)
                beliefs = np.concatenate([softmax(part) for part in parts], axis=1)
                beliefs = beliefs.astype(np.float32)
            seed_everything(seed)
            lessons = Lessons(images, labels, votes, beliefs)
            threads = len(os.sched_getaffinity(0))
            begun = Fitting(settings.make(), lessons, seed, settings.epochs, threads)
            result = fit(begun, self._work.unfinished(name, key))
            return {name: value.numpy() for name, value in result.state_dict().items()}

        state = self._work.recall(name, key, compute)
        model = settings.make()
        model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
        model.mirrored = True
        return model.eval()

    def _train(self, settings: FaceSettings, rows: Rows, seed: int) -> TrainedFaceNetwork:
        labels = self.corpus.labels
        learn, calibrate = hold_out(self.corpus.people, rows, seed)
        model = self._network(settings, learn, seed)
        truth = labels[calibrate]
        frequency = np.bincount(labels[learn], minlength=len(FER2013)) + 1.0
        both = answers(model, self.corpus.items[calibrate])
        share = 0.0 if self.votes is None else share_of_votes(both, truth)
        logits = mixed_logits(both, share)
        added = adjustment(logits, truth, frequency / frequency.sum())
        model.share.fill_(share)
        model.adjustment += torch.from_numpy(added).float()
        temperature = fit_temperature(logits + added, truth)
        threshold = conformal_threshold(softmax(logits + added, temperature), truth)
        examples = self.corpus.items[learn[:EXAMPLES]]
        return TrainedFaceNetwork(
            model, temperature, threshold, examples, len(learn), len(calibrate)
        )


def weights_key(settings: FaceSettings) -> list[object]:
    """Return what the weights of a network depend on, beside the faces."""
    teacher = [] if settings.teacher is None else weights_key(settings.teacher)
    return [
        *[settings.make, settings.epochs, teacher, network.FaceNetwork, network.Residual],
        *[Expressions, Fitting, Lessons, augmentation.augment, augmentation.NOISE],
        *[fitting.BATCH, fitting.RATE, fitting.DECAY, fitting.SMOOTHING, fitting.AVERAGING],
        *[fitting.BALANCE, fitting.VOTED, fitting.TAUGHT],
    ]
