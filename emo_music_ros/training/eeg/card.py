# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model cards of the mental-state networks."""

from __future__ import annotations

import numpy as np

from emo_music_ros.encoding.eeg.encoder import LABELS, MEASURES, WAVE_RATE, WINDOW
from emo_music_ros.io.muse import MUSE_CHANNELS
from emo_music_ros.training.eeg.study import MentalStateStudy
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table

NOTE = (
    "A demonstration: three people carry no 95 % interval, so none is given. The penalty was fixed "
    "beforehand; the limit of saturation was once chosen on these same folds, so the figures "
    "flatter a little."
)
BAND_POWERS_TEXT = (
    "Multinomial logistic regression of the logarithm of each band's share of the power "
    f"({', '.join(MEASURES)}), {{size}} parameters, calibrated by a temperature."
)
EEGNET_TEXT = (
    f"EEGNet-8,2 (Lawhern et al. 2018) on {WINDOW:g} s of {len(MUSE_CHANNELS)} electrodes at "
    f"{WAVE_RATE:g} Hz, {{size}} parameters, not calibrated. Not the default: set the parameter "
    "`model` of the encoder to `eeg_eegnet`."
)


def model_card(study: MentalStateStudy, name: str, network: str, result: Result) -> Card:
    """Return the card of one of the two networks, which `network` describes."""
    truth, people = study.corpus.labels, study.corpus.people
    guess = result.probabilities.argmax(axis=1)
    quality = np.array([item.spectrum.quality for item in study.corpus.items])
    clean = quality >= 0.8
    each = [
        (str(one), metrics.uar(truth[people == one], guess[people == one]))
        for one in np.unique(people)
    ]
    figures = result.figures()
    figures.append(
        Figure(
            "UAR, windows with few artefacts",
            metrics.uar(truth[clean], guess[clean]),
            1 / len(LABELS),
            *metrics.interval(metrics.uar, people[clean], truth[clean], guess[clean]),
            scope=f"{int(clean.sum())} of these windows, quality 0.8 or better",
        )
    )
    return Card(
        name,
        "Whether somebody concentrates, is neutral or relaxed, from four dry electrodes (TP9 "
        "AF7 AF8 TP10). Mental states, not emotions: a demonstrator of the modality.",
        f"{study.corpus.name} ({study.corpus.source}): {len(each)} people, three states, two takes "
        f"of up to 60 s of each; {len(truth)} windows of {WINDOW:g} s every second.",
        "Research only, as the corpus.",
        "One person left out in turn; the temperature is set by leaving out the other people in "
        "turn, so the person left out has no part in it. " + NOTE,
        network,
        figures,
        [
            f"{len(each)} people: no interval can be given, and the figures may be far off for the "
            "next one. Nothing is known of how it does on older people.",
            "Much of what tells concentration apart is slow and fast power from eyes and "
            "muscles, not from the brain.",
            "Each take holds one state, so what is peculiar to a take (the seat of the "
            "electrodes) may be mixed up with the state.",
            "Sex and age of the participants are not in the files, so no figure by them.",
        ],
        "emo-music train eeg --data FOLDER --out models",
        {
            "By person and by state": markdown_table(
                ("who or what", "recall"),
                [*each, *zip(LABELS, metrics.recalls(truth, guess, len(LABELS)))],
            )
        },
    )
