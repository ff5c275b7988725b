# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model cards of the learned fusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.classes import CLASSES
from emo_music_ros.fusion.grid import FEATURES, SPAN, STEP, STEPS
from emo_music_ros.fusion.temporal import NAMES
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.fusion import temporal
from emo_music_ros.training.fusion.calibration import Calibration
from emo_music_ros.training.fusion.stitched import LESSONS, StitchedStudy
from emo_music_ros.training.fusion.temporal_study import (
    EPISODES,
    MOMENTS,
    TemporalCalibration,
    TemporalStudy,
)
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table


def model_card(
    results: Sequence[Result], study: StitchedStudy, found: Calibration, parameters: int
) -> Card:
    """Return the card of the network."""
    sources = "\n".join(
        f"- {one.name}: {len(one.truth)} answers, {len(set(one.group.tolist()))} groups, half-life "
        f"{one.half_life:g} s"
        for one in study.sources
    )
    return Card(
        "fusion",
        "From what face, voice and words each say of the basic emotions to one of four states "
        f"({', '.join(STATES)}) with a calibrated chance, or to unknown. Takes what is missing, "
        "late or poor. A tendency, no diagnosis.",
        f"Recorded answers of the encoders ({study.about}; models/answers.md), put together by "
        f"emotion: {LESSONS} moments, a third of the modalities missing, a third late, some poor, "
        f"some of another emotion.\n\n{sources}",
        "Research only, as the corpora of the answers.",
        "Stitched moments: in four parts by person (voice) or item (face, words); a part is "
        "answered by a network of the other three, calibrated inside them. Real pairs: five folds "
        "by actor; there a network of the same design learns what the classifiers of other actors "
        "say.",
        f"For every modality a linear reader of {len(CLASSES)} log probabilities, blended with "
        "knowing nothing by learned reliability, quality and age, multiplied under a learned "
        f"prior; {parameters} parameters. It also gives how well one common emotion explains what "
        "was said, from which contradiction is told.",
        _figures(results),
        [
            "The modalities of a stitched moment are of different people, so their errors are "
            "independent given the emotion. In one person they are not: expect less.",
            "How long an answer holds (half-life) is an assumption, not measured.",
            "Corpora of acted or chosen emotions of mostly young adults; nothing is known of how "
            "it does on older people.",
            "Embeddings are not used.",
            "Body signals, EEG, behaviour and modalities of third parties are not learned; they "
            "join by a reliability that is set.",
        ],
        "emo-music train fusion --data FOLDER --out models",
        {
            "By state, stitched": _by_state(results[0]),
            "Calibration": markdown_table(
                ("pieces of evidence", "temperature", "credible from", "contradictory from [nats]"),
                _by_level(found),
            ),
        },
    )


#: What the networks over the time grid are, by plugin.
NETWORKS = {
    "attention": "Paper A, Eqs. 5-7: for every modality a convolution over three steps to "
    f"{2 * temporal.HIDDEN} channels and a Bi-LSTM of {temporal.HIDDEN} units each way, one query "
    "that weighs all steps of all modalities together, a dense layer, softmax.",
    "compressed": f"Paper C, Eqs. 6-10: for every modality an auto-encoder to {temporal.CODE} "
    "numbers, whose reconstruction loss is learned beside the states; codes and masks "
    f"concatenated, a Bi-LSTM of {temporal.HIDDEN} units each way, a dense layer, softmax.",
}


def temporal_card(
    kind: str,
    results: Sequence[Result],
    timed: TemporalStudy,
    found: TemporalCalibration,
    parameters: int,
) -> Card:
    """Return the card of a network over the time grid."""
    pairs = "Real pairs: not run."
    if any(one.protocol.startswith("real") for one in results):
        pairs = (
            "Real pairs: folds by person; there a network of the same design learns, without time, "
            "what the classifiers of other people say."
        )
    return Card(
        NAMES[kind],
        f"The strategy `{kind}` of the fusion: from what face, voice and words said in the last "
        f"{SPAN:g} s to one of four states ({', '.join(STATES)}) with a calibrated chance, or to "
        "unknown. Takes what is missing, late or poor. A tendency, no diagnosis.",
        f"Recorded answers of the encoders ({timed.study.about}; models/answers.md), put together "
        f"by emotion: {MOMENTS} moments as `learned` learns from, some that contradict "
        f"themselves, and {EPISODES} episodes.",
        "Research only, as the corpora of the answers.",
        "Stitched moments and episodes: in four parts by person (voice) or item (face, words); a "
        f"part is answered by a network of the other three, calibrated inside them. {pairs}",
        f"{NETWORKS[kind]} Input: {STEPS} steps of {STEP:g} s, three modalities, {FEATURES} "
        "features: four states, eight classes, quality, age and mask, where the paper has those "
        f"of signals; {parameters} parameters.",
        _figures(results),
        [
            "The modalities of a stitched moment are of different people, and how an episode goes "
            "on is an assumption (simulation): expect less of one person.",
            "It is told what encoders say, not signals or embeddings.",
            "Corpora of acted or chosen emotions of mostly young adults; nothing is known of how "
            "it does on older people.",
            "Body signals, EEG, behaviour and modalities of third parties are not learned; they "
            "join by a reliability that is set.",
        ],
        "emo-music train fusion --data FOLDER --out models",
        {
            "By state, stitched": _by_state(results[0]),
            "Calibration": markdown_table(
                ("pieces of evidence", "temperature", "credible from", "unknown from entropy"),
                _by_level(found),
            ),
        },
    )


def _figures(results: Sequence[Result]) -> list[Figure]:
    return [
        replace(figure, name=f"{one.task}: {figure.name}")
        for one in results
        for figure in one.figures()
    ]


def _by_state(states: Result) -> str:
    recall = metrics.recalls(states.truth, states.probabilities.argmax(axis=1), len(STATES))
    return markdown_table(("state", "recall"), list(zip(STATES, recall)))


def _by_level(found: Calibration | TemporalCalibration) -> list[tuple[Any, ...]]:
    levels = ("one", "two", "three and more")
    columns = vars(found).values()
    return [(name, *(float(one[at]) for one in columns)) for at, name in enumerate(levels)]
