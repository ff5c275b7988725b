"""The model card of the speech network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.functionals import COUNT
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import calibration_error, metrics
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared.calibration import conformal_threshold
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table
from emo_music_ros.training.speech import network as networks
from emo_music_ros.training.speech.clips import COPIES
from emo_music_ros.training.speech.listeners import TEMPERATURE
from emo_music_ros.training.speech.shipped import NAME

#: What else was looked at on the six validation actors, for the card.
TRIED = """On the six validation actors, with no or less gain: either kind of listener alone; a \
second hidden layer, twice as many units, more dropout and twice as many epochs for the listeners \
to statistics; convolutions over time alone instead of time and frequency; a support vector \
machine on the statistics. Damaged copies changed little on clean recordings and much on \
damaged ones. Noise reduction (minimum statistics and a Wiener gain) costs recall in noise, \
because the listeners learnt with noise as it is: it is an option, off by default; the \
evaluation with `--baselines` shows both."""


def model_card(
    result: Result,
    calibrated: NDArray[np.float64],
    corpus: Corpus,
    parameters: int,
    temperature: float,
) -> Card:
    """Return the model card."""
    truth, predicted = result.truth, calibrated.argmax(axis=1)
    actors = corpus.people[result.rows]
    recall = metrics.recalls(truth, predicted, len(RAVDESS))
    counts = metrics.confusion(truth, predicted, len(RAVDESS))
    each = {
        int(actor): metrics.uar(truth[actors == actor], predicted[actors == actor])
        for actor in np.unique(actors)
    }
    worst, best = min(each, key=lambda k: each[k]), max(each, key=lambda k: each[k])
    figures = result.figures()
    for sex, odd in (("men", 1), ("women", 0)):
        rows = actors % 2 == odd
        low, high = metrics.interval(metrics.uar, actors[rows], truth[rows], predicted[rows])
        value = metrics.uar(truth[rows], predicted[rows])
        scope = f"{len(np.unique(actors[rows]))} actors"
        figures.append(Figure(f"UAR, {sex}", value, 1 / len(RAVDESS), low, high, scope))
    sexes = [figure.value for figure in figures[-2:]]
    sets = calibrated >= conformal_threshold(calibrated, truth)
    return Card(
        name=NAME,
        purpose="Estimates the emotion in the voice of one utterance, whatever the words. A tone "
        "of voice is not a feeling: the answer is one piece of evidence for the fusion, never a "
        "diagnosis.",
        data=f"RAVDESS speech (Livingstone & Russo, 2018), {len(truth)} utterances of two English "
        f"sentences acted by {len(each)} North American actors (half women, 21 to 33 years old) in "
        "8 emotions. Cut by the voice activity detector as at run time; every clip also in "
        f"{COPIES} copies with other speaking rate, room, bandwidth, noise, babble and codec.",
        licence="Research only, non-commercial (the corpus is CC BY-NC-SA 4.0).",
        split=f"Figures: {result.protocol}, two men and two women in each; nothing in a fold is "
        f"fitted to its test actors, the temperature there is {TEMPERATURE}. Architecture, course "
        "of training and that temperature were chosen by training on ten actors (7 to 10, 15 to "
        "20) and looking at six others (3 to 6, 13, 14), whose part of the figures is therefore "
        "slightly optimistic; the convolutional part follows an earlier network for which actors "
        "1 to 4 had been looked at. Intervals resample actors. The shipped weights are trained in "
        "the same way on all actors, their temperature and conformal threshold fitted to the "
        "held-out answers.",
        network=f"One network of {parameters:,} parameters holds listeners of two kinds: "
        f"{networks.SEQUENCES} following the utterance over time (convolutions, bidirectional "
        f"LSTM, attention) and {networks.WHOLES} judging its statistics; each kind has half a say "
        "in the mean of the log probabilities. Input log-Mel float32 "
        "[n, 64, frames] and contour [n, 3, frames] (10 ms hop: pitch, voicing, level) and "
        f"statistics [n, {COUNT}]; output logits [n, 8], to be divided by the temperature "
        f"{temperature:.3f}, and an embedding [n, {networks.EMBEDDING}].",
        figures=figures,
        limits=[
            "Acted emotion by young adults in a studio: how well it does on the quieter, "
            "spontaneous speech of older people was not measured.",
            f"By sex: UAR {sexes[0]:.2f} for men, {sexes[1]:.2f} for women.",
            f"Worst and best actor: {worst} ({each[worst]:.2f}) and {best} ({each[best]:.2f}).",
            f"Recall of sadness is {recall[RAVDESS.index('sadness')]:.2f}.",
            "English only; two sentences, so the words carry no information in training. Other "
            "corpora, noise, telephone and rooms: docs/results.md.",
        ],
        reproduce="emo-music train speech --data FOLDER --out models",
        extra={
            "By class": markdown_table(
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
            ),
            "Tried": TRIED,
            "Calibration": "Calibration error after the temperature "
            f"{calibration_error.plain(truth, calibrated):.3f} (optimistic: fitted to the same "
            f"answers). Conformal sets at 90 %: {sets.sum(axis=1).mean():.2f} of 8 labels on "
            f"average, the true one in {sets[np.arange(len(truth)), truth].mean():.3f}.",
        },
    )
