# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the facial expression network (FER2013; CK+ only measured)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from emo_music_ros.emotion import FER2013
from emo_music_ros.encoding.face.alignment import PLACES
from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora import fer2013, ferplus, rafdb
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, random_split
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.face import settings as face_settings
from emo_music_ros.training.face.candidates import (
    PARTS,
    candidate,
    fer_peer,
    held_out_part,
)
from emo_music_ros.training.face.card import model_card
from emo_music_ros.training.face.corruptions import CORRUPTIONS
from emo_music_ros.training.face.cross_corpus import cropped, evaluate_others, faces_of
from emo_music_ros.training.face.network import EMBEDDING, SIZE
from emo_music_ros.training.face.quantisation import PRECISIONS
from emo_music_ros.training.face.settings import (
    LARGE_NAME,
    NAME,
    PLAIN,
    PRECISION,
    TASK,
    VGG_NAME,
    FaceSettings,
)
from emo_music_ros.training.face.training import Trainings
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.work import Work

VERSION = "3.0.0"
FER_NOTE = "It learnt from the published training part, and these pictures are of it."
CORPORA = ("FER2013", "FER+", "RAF-DB", "CK+", "JAFFE")


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the networks on faces of FER2013, and of other corpora that are at hand.

    Parameters
    ----------
    data : pathlib.Path
        Folder with FER2013, and ``FER2013Train`` of FER+ and ``basic`` of RAF-DB. CK+ is looked
        for there and in its folders ``ck_plus`` and ``CK+48``, JAFFE in ``jaffe``.
    work : Work
        Where finished trainings are kept.
    seed : int
        Of the split, the initial weights and the augmentation.
    leaky : bool
        Also measure under a random split of all pictures, copies included.
    baselines : bool
        Also measure the networks of papers B and E and the package fer.

    Returns
    -------
    list of Result
        The first is the shipped network.

    Raises
    ------
    InputError
        If FER2013 cannot be read.
    """
    trainings = trainings_on(data, work)
    corpus = trainings.corpus
    protocol = held_out_part(corpus, seed)
    origin, shipped = "this project", face_settings.SHIPPED
    rows = [candidate("emo_music_ros", origin, shipped, trainings, PRECISION)]
    rows += [
        candidate(f"emo_music_ros, {precision}", origin, shipped, trainings, precision)
        for precision in PRECISIONS
        if precision != PRECISION
    ]
    rows.append(candidate("emo_music_ros large", origin, face_settings.LARGE, trainings, PRECISION))
    if baselines:
        rows.append(candidate("plain CNN", "paper B, sizes ours", PLAIN, trainings, "float32"))
        vgg = face_settings.VGG
        rows.append(
            candidate("VGG-19, an eighth as wide", "paper E, width ours", vgg, trainings, PRECISION)
        )
    rows += [
        candidate(f"emo_music_ros, {name}", origin, shipped, trainings, PRECISION, change)
        for name, change in CORRUPTIONS.items()
    ]
    results = [evaluate_candidate(NAME, TASK, corpus, row, protocol, work, seed) for row in rows]
    other = fer_peer(corpus) if baselines else None
    if other is not None:
        # it learnt from the published training part, which these pictures are of
        seen = replace(protocol, leaky=True)
        results.append(
            evaluate_candidate(NAME, TASK, corpus, other, seen, work, seed, note=FER_NOTE)
        )
    if leaky:
        everything = fer2013.load(data, keep_duplicates=True)
        leak = Protocol(
            f"one part of {PARTS} at random, copies included",
            random_split(len(everything), PARTS, seed)[:1],
            leaky=True,
        )
        learnt = Trainings(everything, work, ferplus.votes(data, everything.items))
        row = candidate("emo_music_ros", origin, shipped, learnt, PRECISION)
        row = replace(row, cost=None)  # the same network
        results.append(evaluate_candidate(NAME, TASK, everything, row, leak, work, seed))
    results += evaluate_others(data, trainings, protocol.folds[0][0], work, seed)
    return results


def train(data: Path, out: Path, work: Work, seed: int = 0, precision: str = "") -> dict[str, Any]:
    """Train on FER2013 and write ``face``, ``face_large`` and ``face_vgg19`` with their cards.

    The votes of FER+ are learnt beside the labels, and the training part of RAF-DB beside
    FER2013, where they are at hand. The networks are those the figures were measured on: they
    have not seen the tested part.

    Parameters
    ----------
    data : pathlib.Path
        Folder as of :func:`evaluate`.
    out : pathlib.Path
        Folder for the model.
    work : Work
        Where finished trainings are kept.
    seed : int
        Of the split, the initial weights and the augmentation.
    precision : str
        float32 or int8; empty: as shipped.

    Returns
    -------
    dict
        The measured figures of the smaller one.

    Raises
    ------
    InputError
        If FER2013 cannot be read or the precision is not known.
    """
    precision = precision or PRECISION
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is not known", f"Use {', '.join(PRECISIONS)}")
    trainings = trainings_on(data, work)
    out.mkdir(parents=True, exist_ok=True)
    shipped = {  # the teacher first
        LARGE_NAME: face_settings.LARGE,
        NAME: face_settings.SHIPPED,
        VGG_NAME: face_settings.VGG,
    }
    figures = {
        name: _ship(name, settings, trainings, out, work, seed, precision)
        for name, settings in shipped.items()
    }
    return figures[NAME]


def trainings_on(data: Path, work: Work) -> Trainings:
    """Return the trainings on FER2013 in a folder, with FER+ and RAF-DB where they are there."""
    corpus = fer2013.load(data)
    more = rafdb.load(data, "train")
    more = None if more is None else _faces_kept(more, work)
    return Trainings(corpus, work, ferplus.votes(data, corpus.items), more)


def _faces_kept(pictures: Corpus, work: Work) -> Corpus:
    """Return the faces in pictures, which are found once."""
    key = [faces_of, cropped, PLACES, pictures.labels]
    kept = work.recall("face RAF-DB", key, lambda: {"faces": faces_of(pictures).items})
    return replace(pictures, items=kept["faces"])


def _ship(
    name: str,
    settings: FaceSettings,
    trainings: Trainings,
    out: Path,
    work: Work,
    seed: int,
    precision: str,
) -> dict[str, Any]:
    """Train and measure one network and write it with its card; return its figures."""
    corpus = trainings.corpus
    protocol = held_out_part(corpus, seed)
    rows, test = protocol.folds[0]
    model = trainings(settings, rows, seed)
    measured = {
        kind: evaluate_candidate(
            NAME,
            TASK,
            corpus,
            candidate(f"emo_music_ros, {kind}", "this project", settings, trainings, kind),
            protocol,
            work,
            seed,
        )
        for kind in PRECISIONS
    }
    path = out / f"{name}.onnx"
    path.write_bytes(model.onnx(precision))
    describe(
        path,
        version=VERSION,
        labels=list(FER2013),
        temperature=model.temperature,
        conformal=model.conformal,
        size=SIZE,
        embedding=EMBEDDING,
        precision=precision,
        licence="research only",
    )
    write_card(model_card(name, trainings, model, measured, precision, test), out)
    result = measured[precision]
    chosen = {"temperature": model.temperature, "conformal": model.conformal}
    figures = {key: entry["value"] for key, entry in result.measures.items()}
    return figures | result.cost | chosen | {"precision": precision}
