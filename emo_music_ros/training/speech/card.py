# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model card of the speech network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.functionals import COUNT
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import calibration_error, metrics
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared.cards import Card, markdown_table
from emo_music_ros.training.speech import network as networks
from emo_music_ros.training.speech import voices
from emo_music_ros.training.speech.clips import COPIES
from emo_music_ros.training.speech.listeners import TEMPERATURE
from emo_music_ros.training.speech.shipped import NAME

#: What else was looked at, for the card.
TRIED = """On six actors of RAVDESS, with no or less gain: either kind of listener alone; a \
second hidden layer, twice as many units, more dropout and twice as many epochs for the listeners \
to statistics; convolutions over time alone instead of time and frequency; a support vector \
machine on the statistics. Damaged copies changed little on clean recordings and much on \
damaged ones. Noise reduction (minimum statistics and a Wiener gain) costs recall in noise, \
because the listeners learnt with noise as it is: it is an option, off by default; the \
evaluation with `--baselines` shows both. On two folds, listeners to statistics only: 2469 \
utterances of 70 Amharic students (ASED) and 300 Korean ones (EmotionTTS) learnt beside these \
three corpora raised what was heard in those languages, cost EMO-DB .78 to .48 and .72 to .63 and \
RAVDESS up to .04, and EMOVO left out altogether gained .02 at most: they are not learnt from."""


def model_card(
    measured: Mapping[str, Result],
    calibrated: NDArray[np.float64],
    conformal: float,
    corpus: Corpus,
    parameters: int,
    temperature: float,
) -> Card:
    """Return the model card.

    `measured` holds the result of every corpus by its name, the main one first, and `calibrated`
    the answers of all of them in this order.
    """
    main = next(iter(measured.values()))
    truth = np.concatenate([result.truth for result in measured.values()])
    sets = calibrated >= conformal
    origins = []
    for name, result in measured.items():
        mine = corpus.groups["corpus"] == name
        language = corpus.groups["language"][mine][0]
        origins.append(f"{name} ({language}, {result.people} speakers, {result.items} utterances)")
    return Card(
        name=NAME,
        purpose="Estimates the emotion in the voice of one utterance, whatever the words. A tone "
        "of voice is not a feeling: the answer is one piece of evidence for the fusion, never a "
        "diagnosis.",
        data=f"{'; '.join(origins)}. Sources: {corpus.source}. All acted, in studios. Cut by the "
        f"voice activity detector as at run time; every clip also in {COPIES} copies with other "
        "speaking rate, room, bandwidth, noise, babble and codec; pitch, length of the vocal tract "
        "and rate are warped anew in every pass. In every corpus its classes count alike, and an "
        "emotion that a corpus lacks is no mistake there. Valence and arousal are derived: those "
        "of the word of the emotion on the circumplex (`emotion.py`), nearer to its middle where "
        "the emotion was acted less strongly; nobody rated them.",
        licence=f"Research only, non-commercial ({corpus.licence}).",
        split=f"Figures: {main.protocol}, pairs of a woman and a man of every corpus in each; "
        "nothing in a fold is fitted to its test speakers, the temperature there is "
        f"{TEMPERATURE}. Architecture, course of training and that temperature were chosen by "
        "training on ten actors of RAVDESS (7 to 10, 15 to 20) and looking at six others (3 to 6, "
        "13, 14), whose part of the figures is therefore slightly optimistic. Intervals resample "
        "speakers. The shipped weights are trained in the same way on all speakers, their "
        "temperature and conformal threshold fitted to the held-out answers.",
        network=f"One network of {parameters:,} parameters holds listeners of two kinds: "
        f"{networks.SEQUENCES} following the utterance over time (convolutions, bidirectional "
        f"LSTM, attention) and {networks.WHOLES} judging its statistics; each kind has half a say "
        "in the mean of the log probabilities. Input log-Mel float32 "
        "[n, 64, frames] and contour [n, 3, frames] (10 ms hop: pitch, voicing, level) and "
        f"statistics [n, {COUNT}]; output logits [n, 8], to be divided by the temperature "
        f"{temperature:.3f}, an embedding [n, {networks.EMBEDDING}], and valence and arousal "
        "[n, 2].",
        figures=[figure for result in measured.values() for figure in result.figures()],
        limits=_limits(main, corpus),
        reproduce="emo-music train speech --data FOLDER --out models",
        extra={
            f"By class, {main.corpus}": _by_class(main),
            "Strength": _strength(corpus),
            "Tried": TRIED,
            "Calibration": "Calibration error after the temperature "
            f"{calibration_error.plain(truth, calibrated):.3f} (optimistic: fitted to the same "
            f"answers). Conformal sets at 90 %: {sets.sum(axis=1).mean():.2f} of 8 labels on "
            f"average, the true one in {sets[np.arange(len(truth)), truth].mean():.3f}.",
        },
    )


def _strength(corpus: Corpus) -> str:
    kinds, counts = np.unique(corpus.groups["intensity"], return_counts=True)
    return "Targets of valence and arousal, as share of the place of the word: " + ", ".join(
        f"{voices.STRENGTHS[str(kind)]} where the strength is {kind} ({count} recordings)"
        for kind, count in zip(kinds, counts)
    )


def _limits(main: Result, corpus: Corpus) -> list[str]:
    people = corpus.people[main.rows]
    predicted = main.probabilities.argmax(axis=1)
    each = {
        str(one): metrics.uar(main.truth[people == one], predicted[people == one])
        for one in np.unique(people)
    }
    worst, best = min(each, key=lambda k: each[k]), max(each, key=lambda k: each[k])
    recall = metrics.recalls(main.truth, predicted, len(RAVDESS))
    sexes = ", ".join(f"{sex} {row['UAR']:.2f}" for sex, row in main.groups["sex"].items())
    return [
        "Acted emotion by young adults in studios: how well it does on the quieter, spontaneous "
        "speech of older people was not measured.",
        f"By sex, UAR on {main.corpus}: {sexes}.",
        f"Worst and best speaker there: {worst} ({each[worst]:.2f}) and {best} ({each[best]:.2f}); "
        f"recall of sadness {recall[RAVDESS.index('sadness')]:.2f}.",
        "A corpus and a language that were not trained on are heard much less well: see the rows "
        "of corpora left out in docs/results.md.",
    ]


def _by_class(result: Result) -> str:
    predicted = result.probabilities.argmax(axis=1)
    recall = metrics.recalls(result.truth, predicted, len(RAVDESS))
    counts = metrics.confusion(result.truth, predicted, len(RAVDESS))
    return markdown_table(
        ("class", "recall", "most often taken for", "clips"),
        [
            (
                label,
                recall[index],
                RAVDESS[int(np.argmax(np.where(np.arange(8) == index, -1, counts[index])))],
                int(counts[index].sum()),
            )
            for index, label in enumerate(RAVDESS)
        ],
    )
