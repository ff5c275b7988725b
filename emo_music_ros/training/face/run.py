"""Train and measure the facial expression network (FER2013; CK+ only measured)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora import fer2013
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, random_split
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.face import restoration
from emo_music_ros.training.face import settings as face_settings
from emo_music_ros.training.face.candidates import (
    PARTS,
    candidate,
    ensemble,
    fer_peer,
    held_out_part,
)
from emo_music_ros.training.face.card import model_card
from emo_music_ros.training.face.corruptions import CORRUPTIONS
from emo_music_ros.training.face.cross_corpus import evaluate_ck_plus
from emo_music_ros.training.face.network import EMBEDDING
from emo_music_ros.training.face.quantisation import PRECISIONS
from emo_music_ros.training.face.settings import NAME, PLAIN, PRECISION, TASK
from emo_music_ros.training.face.training import Trainings
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.work import Work

VERSION = "2.0.0"
CORPORA = ("FER2013", "CK+")
SHARP = 12.0  # cycles a face has in a sharp copy of the corpus


def softened(corpus: Corpus) -> Corpus:
    """Return a corpus of faces at the resolution the network expects, also if it is sharp."""
    from emo_music_ros.encoding.face.quality import soften

    if restoration.resolution(corpus.items) < SHARP:
        return corpus
    images = np.stack([np.round(soften(face)).astype(np.uint8) for face in corpus.items])
    return replace(corpus, items=images)


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the shipped network on faces of FER2013, and of CK+ where it is at hand.

    Parameters
    ----------
    data : pathlib.Path
        Folder with FER2013; CK+ is looked for there and in its folders ``ck_plus`` and ``CK+48``.
    work : Work
        Where finished trainings are kept.
    seed : int
        Of the split, the initial weights and the augmentation.
    leaky : bool
        Also measure under a random split of all pictures, copies included.
    baselines : bool
        Also measure the plain network of paper B and the package fer.

    Returns
    -------
    list of Result
        The first is the shipped network.

    Raises
    ------
    InputError
        If FER2013 cannot be read.
    """
    corpus = softened(fer2013.load(data))
    protocol = held_out_part(corpus, seed)
    trainings = Trainings(corpus, work)
    origin, shipped = "this project", face_settings.SHIPPED
    rows = [candidate("emo_music_ros", origin, shipped, trainings, PRECISION)]
    rows += [
        candidate(f"emo_music_ros, {precision}", origin, shipped, trainings, precision)
        for precision in PRECISIONS
        if precision != PRECISION
    ]
    rows.append(ensemble(trainings))
    if baselines:
        rows.append(candidate("plain CNN", "paper B, sizes ours", PLAIN, trainings, "float32"))
        other = fer_peer(corpus)
        rows += [] if other is None else [other]
    rows += [
        candidate(f"emo_music_ros, {name}", origin, shipped, trainings, PRECISION, change)
        for name, change in CORRUPTIONS.items()
    ]
    notes = {"emo_music_ros": _shortfall(corpus), "emo_music_ros large": TOGETHER}
    results = [
        evaluate_candidate(
            NAME, TASK, corpus, row, protocol, work, seed, note=notes.get(row.name, "")
        )
        for row in rows
    ]
    if leaky:
        everything = softened(fer2013.load(data, keep_duplicates=True))
        leak = Protocol(
            f"one part of {PARTS} at random, copies included",
            random_split(len(everything), PARTS, seed)[:1],
            leaky=True,
        )
        row = candidate("emo_music_ros", origin, shipped, Trainings(everything, work), PRECISION)
        row = replace(row, cost=None)  # the same network
        results.append(evaluate_candidate(NAME, TASK, everything, row, leak, work, seed))
    results += evaluate_ck_plus(data, trainings, protocol.folds[0][0], work, seed)
    return results


def _shortfall(corpus: Corpus) -> str:
    """Return what bounds the figures and what was tried, for the table."""
    return (
        f"from {restoration.resolution(corpus.items):g} of 24 cycles on these pictures hold less "
        "than one grey level: figures of sharp copies of the corpus, and networks trained on "
        "them, do not carry over (see fer). Tried on this part: pixels as they are (plain CNN), "
        "the blur undone, labels tempered by the answers of a teacher, wider layers, logits "
        "adjusted to the class frequencies, the mean over the mirror image, two networks "
        "together."
    )


TOGETHER = "the mean of the shipped network and its teacher; not shipped."


def train(data: Path, out: Path, work: Work, seed: int = 0, precision: str = "") -> dict[str, Any]:
    """Train on FER2013 and write ``face.onnx``, ``face.json`` and ``face.md``.

    The network is the one the figures were measured on: it has not seen the tested part.

    Parameters
    ----------
    data : pathlib.Path
        Folder with FER2013.
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
        The measured figures.

    Raises
    ------
    InputError
        If FER2013 cannot be read or the precision is not known.
    """
    precision = precision or PRECISION
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is not known", f"Use {', '.join(PRECISIONS)}")
    corpus = softened(fer2013.load(data))
    protocol = held_out_part(corpus, seed)
    rows, test = protocol.folds[0]
    trainings = Trainings(corpus, work)
    shipped = face_settings.SHIPPED
    model = trainings(shipped, rows, seed)
    measured = {
        kind: evaluate_candidate(
            NAME,
            TASK,
            corpus,
            candidate(f"emo_music_ros, {kind}", "this project", shipped, trainings, kind),
            protocol,
            work,
            seed,
        )
        for kind in PRECISIONS
    }
    result = measured[precision]
    path = out / f"{NAME}.onnx"
    out.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.onnx(precision))
    describe(
        path,
        version=VERSION,
        labels=list(FER2013),
        temperature=model.temperature,
        conformal=model.conformal,
        size=restoration.SIZE,
        embedding=EMBEDDING,
        soften=True,
        precision=precision,
        licence="research only",
    )
    write_card(model_card(corpus, model, measured, precision, test), out)
    return (
        {name: entry["value"] for name, entry in result.measures.items()}
        | result.cost
        | {
            "temperature": model.temperature,
            "conformal": model.conformal,
            "precision": precision,
        }
    )
