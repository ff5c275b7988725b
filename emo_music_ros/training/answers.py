# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Record what the encoders answer to people they never saw, for simulated listeners.

``python -m emo_music_ros.training.answers --data FOLDER --out models`` writes ``answers.npz``,
``answers.json`` and the card ``answers.md``; :mod:`emo_music_ros.simulation.answers` reads them.
The folder holds ``face`` (FER2013, FER+), ``speech`` (RAVDESS and others), ``text/goemotions`` and
``physio/stress_predict``. No recording, text or id goes into the files: only answers, the true
label, and a number that tells one person's answers from another's.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import EKMAN, FER2013, RAVDESS, STRESS, entropy
from emo_music_ros.encoding.face.predict import predict_npz
from emo_music_ros.encoding.speech.encoder import SpeechModel
from emo_music_ros.encoding.speech.voice_activity import Endpointer, trim
from emo_music_ros.encoding.text.encoder import TextEncoder
from emo_music_ros.io.model import Model, describe
from emo_music_ros.simulation.answers import NAME
from emo_music_ros.streams import Utterance
from emo_music_ros.training.answers_card import write_card
from emo_music_ros.training.corpora import goemotions
from emo_music_ros.training.face import settings as face_settings
from emo_music_ros.training.face.candidates import PARTS, held_out_part
from emo_music_ros.training.face.run import trainings_on
from emo_music_ros.training.face.settings import PRECISION
from emo_music_ros.training.physiology.study import StressStudy
from emo_music_ros.training.shared.work import Work, default_folder
from emo_music_ros.training.speech import voices
from emo_music_ros.training.speech.clips import prepare_clips
from emo_music_ros.training.speech.listeners import ListenerTraining
from emo_music_ros.training.speech.run import FOLDS

VERSION = "1.1.0"
#: At most so many texts of a label.
TEXTS = 260
#: Every so many windows of a person are kept: windows of 60 s come every 10 s.
STRIDE = 3

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """Answers to one corpus, one row each; `people` says whose a row is."""

    corpus: str
    licence: str
    left_out: str
    truth: Rows
    probabilities: Floats
    confidence: Floats
    quality: Floats
    people: NDArray[Any]
    features: Mapping[str, Floats] = field(default_factory=dict)

    def subset(self, rows: Rows) -> Part:
        """Return some of the rows, in this order."""
        return replace(
            self,
            truth=self.truth[rows],
            probabilities=self.probabilities[rows],
            confidence=self.confidence[rows],
            quality=self.quality[rows],
            people=self.people[rows],
            features={name: column[rows] for name, column in self.features.items()},
        )


@dataclass(frozen=True, eq=False)
class Recorded:
    """The answers of one encoder; with `timed` the rows of a person stay in their order."""

    labels: tuple[str, ...]
    conformal: float
    known: bool
    timed: bool
    parts: Sequence[Part]


def face(data: Path, work: Work, seed: int) -> Recorded:
    """Return the answers of the shipped network to the faces it was measured on."""
    trainings = trainings_on(data / "face", work)
    corpus = trainings.corpus
    train, test = held_out_part(corpus, seed).folds[0]
    trained = trainings(face_settings.SHIPPED, train, seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "face.onnx").write_bytes(trained.onnx(PRECISION))
        describe(
            folder / "face.onnx",
            version=VERSION,
            labels=list(FER2013),
            temperature=trained.temperature,
            conformal=trained.conformal,
        )
        np.savez(folder / "faces.npz", images=corpus.items[test])
        found = list(predict_npz(folder / "faces.npz", models=folder))
    part = Part(
        corpus.name,
        corpus.licence,
        f"One part of {PARTS} of the pictures, near copies kept together: the part the shipped "
        "network is measured on and did not learn from. Nobody knows whose faces these are: one "
        "person may be on both sides.",
        corpus.labels[test],
        _column(found, "probabilities"),
        _column(found, "confidence"),
        _column(found, "quality"),
        corpus.people[test],
    )
    return Recorded(FER2013, trained.conformal, False, False, [part])


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    return np.array([row[name] for row in rows], float)


class _Exchanged(SpeechModel):
    """The judge of the speech encoder with other weights in the place of the shipped ones."""

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network
        super().__init__()

    def run(self, *inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        with torch.no_grad():
            found = self._network(*(torch.from_numpy(np.array(one)) for one in inputs))
        return [one.numpy() for one in found]


def _voices(
    judge: SpeechModel, items: Sequence[NDArray[np.float32]], endpointer: Endpointer
) -> tuple[Floats, Floats, Floats]:
    """Return probabilities, confidence and quality of recordings, cut as at run time."""
    found = [judge(trim(item, endpointer))[0] for item in items]
    return (
        np.array([one.probabilities for one in found], float),
        np.array([one.confidence for one in found]),
        np.array([one.quality for one in found]),
    )


def speech(data: Path, work: Work, seed: int, folds: int = FOLDS) -> Recorded:
    """Return the answers to speakers of all corpora by networks trained without them.

    With fewer `folds` only the speakers of the first ones are answered.
    """
    corpus = voices.load(data / "speech")
    training = ListenerTraining(corpus, prepare_clips(corpus, work, seed), work)
    protocol, endpointer = voices.folds(corpus, FOLDS), Endpointer()
    probabilities = np.zeros((len(corpus), len(RAVDESS)))
    confidence, quality = np.zeros(len(corpus)), np.zeros(len(corpus))
    asked = protocol.folds[:folds]
    for train, test in asked:
        judge = _Exchanged(training.together(train, seed))
        answers = _voices(judge, [corpus.items[row] for row in test], endpointer)
        probabilities[test], confidence[test], quality[test] = answers
    everybody = Part(
        corpus.name,
        corpus.licence,
        f"{protocol.name}, as the shipped network is measured, {len(asked)} of the folds (option "
        f"`--folds {len(asked)}`): every speaker is answered by a network trained in the shipped "
        "way on the speakers of the other folds. Temperature and conformal threshold are the "
        "shipped ones. Not every corpus has every emotion.",
        corpus.labels,
        probabilities,
        confidence,
        quality,
        corpus.people,
    )
    tested = np.sort(np.concatenate([test for _, test in asked]))
    names = corpus.groups["corpus"][tested]
    parts = [
        replace(everybody.subset(tested[names == name]), corpus=str(name))
        for name in dict.fromkeys(names.tolist())
    ]
    return Recorded(RAVDESS, Model("speech").conformal, True, False, parts)


def text(data: Path, work: Work, seed: int) -> Recorded:
    """Return the answers of the shipped encoder to comments it was not trained on."""
    corpus = goemotions.single(goemotions.load(data / "text" / "goemotions", "ekman", ("dev",)))
    rows = balanced(corpus.labels, TEXTS, np.random.default_rng(seed))
    encoder = TextEncoder()
    heard = {int(row): encoder.push(Utterance(0.0, corpus.items[row])) for row in rows}
    found = {row: encodings[0].estimate for row, encodings in heard.items() if encodings}
    rows = np.array(list(found), np.int64)
    part = Part(
        corpus.name,
        f"{corpus.licence}; the weights that answer are for research only",
        "The shipped network; the published development set, whose texts are never trained on. "
        f"Comments with one of Ekman's words, at most {TEXTS} of each. Nobody knows who wrote "
        "them: one writer may be on both sides.",
        corpus.labels[rows],
        np.array([one.probabilities for one in found.values()], float),
        np.array([one.confidence for one in found.values()]),
        np.array([one.quality for one in found.values()]),
        corpus.people[rows],
    )
    return Recorded(EKMAN, Model("text").conformal, False, False, [part])


def balanced(labels: Rows, most: int, draw: np.random.Generator) -> Rows:
    """Return rows with at most so many of every label, drawn at random."""
    return np.sort(
        np.concatenate(
            [draw.permutation(np.flatnonzero(labels == one))[:most] for one in np.unique(labels)]
        )
    )


def physiology(data: Path, work: Work, seed: int) -> Recorded:
    """Return the answers to people of Stress-Predict by networks trained without them."""
    study = StressStudy(data / "physio" / "stress_predict", work, seed)
    corpus, ours = study.corpus, study.ours()
    probabilities = np.zeros((len(corpus), len(STRESS)))
    for train, test in study.one_out.folds:
        probabilities[test] = ours.predict(train, test, seed)
    moments = [item.moment for item in corpus.items]
    ready = np.array([moment.features["baseline_ready"] for moment in moments])
    rate = np.array([moment.features["heart_rate"] for moment in moments])
    elapsed = np.array([item.elapsed for item in corpus.items])
    part = Part(
        corpus.name,
        corpus.licence,
        f"{study.one_out.name}, as the shipped network is measured: everybody is answered by a "
        "network trained and calibrated in the shipped way on all others. The conformal threshold "
        "is the shipped one.",
        corpus.labels,
        probabilities,
        np.array([1.0 - entropy(row) for row in probabilities]) * ready,
        np.array([moment.quality for moment in moments]),
        corpus.people,
        {
            "heart_rate_change": rate - resting(rate, corpus.labels == 0, corpus.people),
            "elapsed": elapsed,
        },
    )
    every = np.concatenate(
        [np.flatnonzero(corpus.people == one)[::STRIDE] for one in np.unique(corpus.people)]
    )
    return Recorded(STRESS, Model("physiology").conformal, True, True, [part.subset(every)])


def resting(rate: Floats, rest: NDArray[np.bool_], people: NDArray[Any]) -> Floats:
    """Return for every row the mean heart rate of its person at rest, NaN where it is not known."""
    result = np.full(len(rate), np.nan)
    for one in np.unique(people):
        mine = people == one
        known = rate[mine & rest & np.isfinite(rate)]
        if len(known):
            result[mine] = known.mean()
    return result


#: Modality -> what records its answers.
RECORDERS: dict[str, Callable[[Path, Work, int], Recorded]] = {
    "face": face,
    "speech": speech,
    "text": text,
    "physiology": physiology,
}


def arranged(recorded: Recorded, seed: int) -> tuple[list[Part], list[Rows]]:
    """Return the parts and their group numbers, so that neither tells a person or an item.

    People get numbers in a random order, those of the next part after those of the last; rows are
    in order of these numbers and within one at random, or as they were where they are timed.
    """
    draw = np.random.default_rng(seed)
    parts, groups, first = [], [], 0
    for part in recorded.parts:
        names, code = np.unique(part.people, return_inverse=True)
        number = draw.permutation(len(names))[code] + first
        within = np.arange(len(code)) if recorded.timed else draw.permutation(len(code))
        order = np.lexsort((within, number))
        parts.append(part.subset(order))
        groups.append(number[order].astype(np.int64))
        first += len(names)
    return parts, groups


def store(recorded: Mapping[str, Recorded], out: Path, seed: int = 0) -> Path:
    """Write ``answers.npz``, ``answers.json`` and ``answers.md``; return the first.

    The same answers give the same bytes.
    """
    arrays: dict[str, NDArray[Any]] = {}
    about: dict[str, Any] = {}
    for name, one in recorded.items():
        parts, groups = arranged(one, seed)
        half = {
            "probabilities": [part.probabilities for part in parts],
            "confidence": [part.confidence for part in parts],
            "quality": [part.quality for part in parts],
        }
        arrays[f"{name}_truth"] = np.concatenate([part.truth for part in parts]).astype(np.uint8)
        arrays[f"{name}_group"] = np.concatenate(groups).astype(np.uint16)
        arrays |= {f"{name}_{key}": np.concatenate(v).astype(np.float16) for key, v in half.items()}
        features = sorted(parts[0].features)
        for feature in features:
            column = np.concatenate([part.features[feature] for part in parts])
            arrays[f"{name}_{feature}"] = column.astype(np.float32)
        about[name] = {
            "labels": list(one.labels),
            "conformal": one.conformal,
            "people": one.known,
            "features": features,
            "sources": [
                {
                    "corpus": part.corpus,
                    "licence": part.licence,
                    "rows": len(part.truth),
                    "groups": [int(group.min()), int(group.max())],
                    "left_out": part.left_out,
                }
                for part, group in zip(parts, groups)
            ],
        }
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    describe(path, version=VERSION, modalities=about)
    write_card(out)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the answers from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="emo_music_ros.training.answers")
    parser.add_argument("--data", type=Path, required=True, help="folder with all corpora")
    parser.add_argument("--out", type=Path, required=True, help="folder for the answers")
    parser.add_argument("--work", type=Path, default=default_folder(), help="finished trainings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--modalities", nargs="+", choices=RECORDERS, default=list(RECORDERS), help="default: all"
    )
    parser.add_argument(
        "--folds", type=int, choices=range(1, FOLDS + 1), default=FOLDS, help="of speech"
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    work = Work(chosen.work)
    recorders = RECORDERS | {"speech": partial(speech, folds=chosen.folds)}
    store(
        {name: recorders[name](chosen.data, work, chosen.seed) for name in chosen.modalities},
        chosen.out,
        chosen.seed,
    )


if __name__ == "__main__":
    main()
