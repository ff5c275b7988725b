# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model card of the stress network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from emo_music_ros.encoding.physiology.encoder import MEASURES, MEMORIES
from emo_music_ros.training.corpora import stress_predict
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.physiology.fitting import FOLDS
from emo_music_ros.training.physiology.network import (
    HIDDEN,
    MEMBERS,
    NAME,
    STRESS_SETTINGS,
    StressNetwork,
)
from emo_music_ros.training.physiology.study import StressStudy
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table

TRIED = (
    "Measures, memories and size are chosen inside the training people of every fold. Tried on 9 "
    "folds by person without moving the mean by more than 0.01: skin temperature, breath from the "
    "pulse wave, shape and height of the pulse, changes over 1 to 5 minutes, boosted trees "
    "(worse), logistic regression. The unweighted average recall of windows stays below the 0.74 "
    "that was wanted: calibrating 0.5 to where stress and calm are equally likely raised it most, "
    "averaging the answers over the last seconds a little; taking off what the person was usually "
    "answered, averaging with logistic regression and averaging longer (worse from 40 s on) moved "
    "it by less than 0.005."
)
CLOCK_NOTE = (
    "Every session has the same order of tasks, so time alone tells most of the labels. The "
    "network is therefore given nothing that tells time by itself: no skin temperature, which "
    "drifts while the watch is worn, and no ranks within the session, in which trees read the time."
)
FOREST_NOTE = "Sees the same inputs as the network."


def model_card(study: StressStudy, network: StressNetwork, results: Sequence[Result]) -> Card:
    """Return the card; the first of the results is the shipped network's."""
    ours, people = results[0], study.corpus.people
    truth = study.corpus.labels
    each = {
        str(one): metrics.auc(truth[people == one], ours.probabilities[people == one, 1])
        for one in np.unique(people)
    }
    worst = sorted(each.items(), key=lambda item: item[1])[:5]
    used = [name for name, on in zip(MEASURES * len(MEMORIES), network.used[0, 0].tolist()) if on]
    memories = [
        f"{memory / 60:.0f} minutes" if np.isfinite(memory) else "the session"
        for number, memory in enumerate(MEMORIES)
        if network.used[0, 0, number * len(MEASURES)]
    ]
    return Card(
        NAME,
        "Probability that the last minute was one of stress rather than rest, from heart rate "
        "and skin conductance of a wrist or chest sensor, each against what is usual for the "
        "person. It sees arousal: joyful excitement, heat, coffee, medicine and exertion look "
        "alike. Not a medical device, and no measure of anxiety as an illness.",
        f"{study.corpus.name} ({study.corpus.source}): Empatica E4 on the wrist, {len(each)} "
        "healthy volunteers with labels, about one hour each: Stroop test, interview and "
        "hyperventilation (stress) between rests. Windows of 60 s every "
        f"{stress_predict.UPDATE:g} s (overlapping), {len(truth)} in all, {truth.mean():.0%} "
        "stress by majority of seconds.",
        "MIT, as the corpus.",
        "One person left out in turn. Settings and calibration are chosen by "
        f"{FOLDS} folds of the other people, so the person left out has no part in them. "
        f"{len(STRESS_SETTINGS)} settings are compared.",
        f"{MEMBERS} averaged perceptrons of {HIDDEN} hidden units, "
        f"{network.parameters_used} parameters. Input: {', '.join(dict.fromkeys(used))} against "
        f"running baselines of {', '.join(memories)}, and a mask of the sensors; probabilities "
        "calibrated by Platt scaling, stress and calm counting alike, so 0.5 says nothing (in the "
        "laboratory, where a third of the time is stress, that shows as a calibration error). "
        f"Answers are averaged with a memory of {float(network.smoothing):g} s. Trained also with "
        "heart or skin left out.",
        [
            Figure(f"{result.candidate}: {name}", *_figure(entry), scope=_scope(result))
            for result in results
            for name, entry in result.measures.items()
            if result is ours or name in ("AUC per person", "UAR")
        ],
        [
            "Seated adults in a laboratory, one protocol: the order of rest and stress is the "
            "same for all, so slow change over the session may help more than it would in "
            "daily life. " + CLOCK_NOTE,
            "Age, sex, illnesses and medicines of the participants are not in the data, so there "
            "is no figure by group. Nothing is known of how it does on older people.",
            "Movement disturbs the pulse wave. The variability of the heart rate from the "
            "wrist told nothing about stress here and is not used.",
            "Lowest areas of single people: "
            + ", ".join(f"{person} {area:.2f}" for person, area in worst)
            + ". At 0.5 it knows nothing of the person, below it is misled.",
            "The first minutes, before the baseline is known, carry little weight.",
            "What was tried: " + TRIED,
        ],
        "emo-music train physiology --data FOLDER --out models",
        {
            "Area of every person": markdown_table(
                ("person", "AUC"), [(one, area) for one, area in each.items()]
            )
        },
    )


def _figure(entry: Mapping[str, float]) -> tuple[float, float, float, float]:
    return entry["value"], entry["trivial"], entry["low"], entry["high"]


def _scope(result: Result) -> str:
    return f"{result.protocol}: {result.people} {result.unit}, {result.items} windows"
