# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model card of the facial expression network."""

from __future__ import annotations

import numpy as np

from emo_music_ros.emotion import FER2013
from emo_music_ros.training.corpora import fer2013, ferplus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.face.network import EMBEDDING, FaceNetwork, PlainNetwork, Vgg19
from emo_music_ros.training.face.training import TrainedFaceNetwork, Trainings
from emo_music_ros.training.shared.cards import Card, markdown_table

KINDS = {
    FaceNetwork: "Residual 3 x 3 convolutions",
    PlainNetwork: "3 x 3 convolutions as in paper B, sizes ours",
    Vgg19: "A miniature of paper E: the sixteen convolutions of VGG-19 at an eighth of their "
    "width, with batch normalisation and one layer of 64 units in the place of two of 4096",
}


def model_card(
    name: str,
    trainings: Trainings,
    model: TrainedFaceNetwork,
    measured: dict[str, Result],
    precision: str,
    test: Rows,
) -> Card:
    """Return the card of a network in the shipped precision."""
    corpus, more = trainings.corpus, trainings.more
    others = (
        "No other corpus was at hand."
        if more is None
        else f"Also all {len(more)} training faces of {more.name} ({more.source}), cut as at run "
        "time."
    )
    votes = (
        f"Beside the labels the network learnt how ten raters voted for the same pictures (FER+, "
        f"{ferplus.SOURCE}; training part only); {float(model.network.share):.1f} of its answer "
        "comes from the votes."
        if trainings.votes is not None
        else "The votes of FER+ were not at hand."
    )
    result = measured[precision]
    what = next(text for one, text in KINDS.items() if isinstance(model.network, one))
    truth, predicted = result.truth, result.probabilities.argmax(axis=1)
    recall = metrics.recalls(truth, predicted, len(FER2013))
    weakest = ", ".join(f"{FER2013[row]} ({recall[row]:.2f})" for row in np.argsort(recall)[:3])
    covered = (result.probabilities >= model.conformal).astype(int)
    hit = covered[np.arange(len(truth)), truth].mean()
    return Card(
        name=name,
        purpose="Estimates the facial expression in one cropped face. An expression is not a "
        "feeling: the answer is one piece of evidence for the fusion, never a diagnosis. Valence, "
        "arousal and dominance are those of the classes on the circumplex (`emotion.py`), "
        "weighted by their probabilities; no face was labelled with them.",
        data=f"FER2013 training faces ({fer2013.SOURCE}), grey pictures of 48 x 48 pixels from the "
        f"web; {len(corpus)} after equal pictures were merged and those with contradicting labels "
        f"dropped. {votes} {others}",
        licence="Research only, non-commercial (the corpora are published for research).",
        split=f"{model.learnt} to learn from, {model.calibrated} for temperature, "
        f"adjustment and conformal threshold, {len(test)} for the figures below; near copies of a "
        "picture stay together. The corpus has no subject ids, so one person may be on both "
        "sides: **no person-independent claim is possible**, and the intervals resample groups "
        "of near copies, not people. Width, teacher and augmentation were chosen with an eye on "
        "the tested part, so the figures lean to the bright side.",
        network=f"{what}, {int(result.cost['parameters']):,} parameters, "
        f"{result.cost['flops'] / 1e6:.0f} MFLOP for a face and its mirror image; convolutions "
        f"in {precision}. Input float32 [n, 1, 48, 48], grey 0..255 (each picture is normalised "
        "by itself inside the network); output logits [n, 7], to be "
        f"divided by the temperature {model.temperature:.3f}, and an embedding "
        f"[n, {EMBEDDING}].",
        figures=result.figures(),
        limits=[
            "Human agreement on the labels is about 65 %, which bounds what accuracy means; the "
            "raters of FER+ agree with 65 % of the labels of these very pictures.",
            "Age and sex of the faces are not known: how well it does on older people, and on "
            "women and men, was not measured.",
            f"Weakest classes: {weakest}.",
            "Posed and news pictures from the web, mostly frontal: profiles and shadow fail.",
        ],
        reproduce="emo-music train face --data FOLDER --out models",
        extra={
            "Precision": markdown_table(
                ("convolutions", "accuracy", "UAR", "ms p50", "ms p95"),
                [
                    (
                        kind,
                        entry.measures["accuracy"]["value"],
                        entry.measures["UAR"]["value"],
                        entry.cost["p50_ms"],
                        entry.cost["p95_ms"],
                    )
                    for kind, entry in measured.items()
                ],
            ),
            "By class": markdown_table(
                ("class", "recall", "faces"),
                [
                    (label, recall[row], int((truth == row).sum()))
                    for row, label in enumerate(FER2013)
                ],
            ),
            "Does not know": f"Conformal sets (probability at least {model.conformal:.3f}) held "
            f"the label of {hit:.3f} of the tested faces, aimed at 0.9, with "
            f"{covered.sum(axis=1).mean():.2f} classes on average.",
        },
    )
