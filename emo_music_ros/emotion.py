# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Label sets, the circumplex and the mappings between them: the one place they are defined.

Every vocabulary is in :data:`VOCABULARIES` with its source; every label of it has a word of
:data:`PAD` (:func:`canonical`), hence a place on the circumplex and, in
:mod:`emo_music_ros.states`, evidence for the four states. Mental states of an EEG corpus are no
emotions and have none.

Sources
-------
Pleasure, arousal and dominance of the emotion words: Russell & Mehrabian (1977), "Evidence for
a three-factor theory of emotions", J. Res. Pers. 11, as tabulated by Hoffmann et al. (2012),
"Mapping discrete emotions into the dimensional space". The four states are those of paper A,
section 2.2; their place is the quadrant of the circumplex they name. `neutral` is the origin
of the circumplex and counts as calm, the only state of paper A without activation or distress.
Labels that the table has no word for are taken as the basic emotion their corpus groups them
under (Demszky et al. 2020 for GoEmotions).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.streams import Estimate, FloatArray

#: The states of paper A in the order of the message constants 1..4; 0 is unknown.
STATES = ("positive", "calm", "anxiety", "depression")
UNKNOWN = "unknown"

#: Vocabularies of the corpora, in the order of their class numbers.
FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
RAVDESS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
EKMAN = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
SMP2020 = ("anger", "happiness", "sadness", "fear", "surprise", "neutral")
QUADRANTS = ("happy", "relaxed", "angry", "sad")  # Q1, Q4, Q2, Q3
CK_PLUS = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
EMODB = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")
ELDERREACT = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
STRESS = ("calm", "stress")
POLARITY = ("negative", "positive")
GOEMOTIONS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion"),
    *("curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment"),
    *("excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism"),
    *("pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)
#: What music makes people feel: the nine factors of the Geneva Emotional Music Scale (Zentner,
#: Grandjean & Scherer 2008). Some have no word in :data:`PAD`, so they are no vocabulary of states.
GEMS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness", "power"),
    *("joyful_activation", "tension", "sadness"),
)
#: Those of them that have a word of :data:`PAD`, for the dominance that nobody rated. Solemnity,
#: nostalgia and power have none.
GEMS_WORDS = {
    "amazement": "surprise",
    "tenderness": "love",
    "calmness": "calm",
    "joyful_activation": "happiness",
    "tension": "anxiety",
    "sadness": "sadness",
}

#: Basic emotion -> labels of GoEmotions it groups (Demszky et al. 2020, ekman_mapping.json).
GOEMOTIONS_EKMAN: dict[str, tuple[str, ...]] = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "happiness": (
        *("joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism"),
        *("relief", "pride", "admiration", "desire", "caring"),
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
    "neutral": ("neutral",),
}

#: Vocabulary -> (labels, source).
VOCABULARIES: dict[str, tuple[tuple[str, ...], str]] = {
    "states": (STATES, "paper A, section 2.2"),
    "FER2013": (FER2013, "Goodfellow et al. 2013"),
    "RAVDESS": (RAVDESS, "Livingstone & Russo 2018"),
    "Ekman": (EKMAN, "Ekman 1992; the order of Demszky et al. 2020, with neutral"),
    "GoEmotions": (GOEMOTIONS, "Demszky et al. 2020, emotions.txt"),
    "SMP2020": (SMP2020, "SMP2020-EWECT"),
    "quadrants": (QUADRANTS, "paper B; Russell 1980"),
    "CK+": (CK_PLUS, "Lucey et al. 2010"),
    "EMO-DB": (EMODB, "Burkhardt et al. 2005"),
    "ElderReact": (ELDERREACT, "Ma et al. 2019"),
    "Stress-Predict": (STRESS, "Iqbal et al. 2022"),
    "weibo_senti_100k": (POLARITY, "paper E, section 4.1.3"),
}

#: Rating scales: corpus -> (lowest, highest) rating of valence, arousal or dominance.
SCALES: dict[str, tuple[float, float]] = {
    "DEAP": (1.0, 9.0),  # Koelstra et al. 2012
    "AMIGOS": (1.0, 9.0),  # Miranda-Correa et al. 2018
    "DEAM": (1.0, 9.0),  # Aljanaki et al. 2017
    "ElderReact": (1.0, 7.0),  # Ma et al. 2019, valence only
}

#: Word -> (valence, arousal, dominance), -1..1.
PAD: dict[str, tuple[float, float, float]] = {
    "happiness": (0.81, 0.51, 0.46),
    "surprise": (0.40, 0.67, -0.13),
    "anger": (-0.51, 0.59, 0.25),
    "disgust": (-0.60, 0.35, 0.11),
    "fear": (-0.64, 0.60, -0.43),
    "sadness": (-0.63, -0.27, -0.33),
    "calm": (0.68, -0.46, 0.06),
    "neutral": (0.0, 0.0, 0.0),
    "anxiety": (-0.51, 0.60, -0.33),
    "boredom": (-0.65, -0.62, -0.33),
    "gratitude": (0.61, 0.10, -0.13),  # "thankful"
    "love": (0.82, 0.65, -0.05),  # "in love"
    "optimism": (0.51, 0.23, 0.14),  # "hopeful"
    "remorse": (-0.52, 0.02, -0.21),  # "regretful"
    "curiosity": (0.64, 0.51, 0.17),  # "interested"
    "positive": (0.81, 0.51, 0.46),
    "depression": (-0.63, -0.27, -0.33),
}

#: Other words of the corpora, the papers and ROS4HRI -> word of `PAD`.
SYNONYMS = {
    # A label of GoEmotions without a value of its own has that of its group.
    **{
        label: group
        for group, labels in GOEMOTIONS_EKMAN.items()
        for label in labels
        if label not in PAD
    },
    "angry": "anger",
    "disgusted": "disgust",
    "contempt": "disgust",  # no value in the table; the nearest basic emotion
    "fearful": "fear",
    "scared": "fear",
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "relaxed": "calm",
    "serene": "calm",
    "anxious": "anxiety",
    "stress": "anxiety",
    "bored": "boredom",
    "negative": "depression",  # the pole of `positive`, which is happiness
}


def canonical(label: str) -> str:
    """Return the word of `PAD` for a label of any vocabulary.

    Raises
    ------
    KeyError
        If the label is not known.
    """
    word = SYNONYMS.get(label.lower(), label.lower())
    if word not in PAD:
        raise KeyError(label)
    return word


def circumplex(labels: Sequence[str], probabilities: ArrayLike) -> tuple[float, float, float]:
    """Return the expected (valence, arousal, dominance), each -1..1, of class probabilities."""
    weights = np.asarray(probabilities, float)
    points = np.array([PAD[canonical(label)] for label in labels])
    valence, arousal, dominance = weights @ points
    return float(valence), float(arousal), float(dominance)


def from_scale(rating: ArrayLike, scale: str) -> NDArray[np.float64]:
    """Return ratings of a corpus as coordinates of the circumplex, -1..1, NaN kept.

    Raises
    ------
    KeyError
        If the corpus has no scale in `SCALES`.
    """
    low, high = SCALES[scale]
    centred = (np.asarray(rating, float) - (low + high) / 2) / ((high - low) / 2)
    return np.clip(centred, -1.0, 1.0)


def to_ekman(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities [..., 7] in the order of `EKMAN` from [..., 28] of `GOEMOTIONS`.

    Those of one group are added and the sum scaled to 1, as labels of GoEmotions may go together.
    """
    table = np.asarray(probabilities, float)
    groups = [
        table[..., [GOEMOTIONS.index(label) for label in GOEMOTIONS_EKMAN[word]]].sum(axis=-1)
        for word in EKMAN
    ]
    result = np.stack(groups, axis=-1)
    return result / np.maximum(result.sum(axis=-1, keepdims=True), 1e-12)  # type: ignore[no-any-return]


def entropy(probabilities: ArrayLike) -> float:
    """Return the entropy of a distribution divided by its maximum, 0 (certain) .. 1 (uniform)."""
    weights = np.clip(np.asarray(probabilities, float), 1e-12, 1.0)
    if weights.size < 2:
        return 0.0
    return float(np.clip(-(weights * np.log(weights)).sum() / np.log(weights.size), 0.0, 1.0))


def credible(labels: Sequence[str], probabilities: ArrayLike, threshold: float) -> tuple[str, ...]:
    """Return the labels that reach a conformal threshold, and the most probable one in any case.

    Returns
    -------
    tuple of str
        Empty if the threshold is NaN (not calibrated) or there are no probabilities.
    """
    table = np.asarray(probabilities, float)
    if np.isnan(threshold) or table.size == 0:
        return ()
    return tuple(
        label for label, value in zip(labels, table) if value >= min(threshold, table.max())
    )


def knows(estimate: Estimate) -> bool:
    """Return False if no label can be ruled out: a calibrated "don't know"."""
    return not estimate.credible or len(estimate.credible) < len(estimate.labels)


def from_labels(
    labels: Sequence[str],
    probabilities: FloatArray,
    quality: float = 1.0,
    threshold: float = float("nan"),
) -> Estimate:
    """Make an estimate from class probabilities; confidence is one minus their entropy.

    `threshold` is the conformal one of the model, NaN if it has none.
    """
    valence, arousal, dominance = circumplex(labels, probabilities)
    return Estimate(
        tuple(labels),
        np.asarray(probabilities, np.float32),
        valence,
        arousal,
        dominance,
        confidence=1.0 - entropy(probabilities),
        quality=quality,
        credible=credible(labels, probabilities, threshold),
    )


def unknown(labels: Sequence[str] = ()) -> Estimate:
    """Make the estimate that says nothing."""
    nan = float("nan")
    return Estimate(tuple(labels), np.empty(0, np.float32), nan, nan, nan, 0.0, 0.0)
