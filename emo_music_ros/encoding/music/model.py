# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The models of music: from the features of windows to a mood, and to what listeners feel.

The mood is what the *music* expresses to listeners, as the quadrants of the circumplex of paper B
(happy, relaxed, angry, sad); valence and arousal are ``2 p - 1`` with p the probability of the
positive half. No music corpus rates dominance. Networks that answer with it learnt it from the
words of listeners; for the others it is that of the words of the quadrants, see
:data:`emo_music_ros.emotion.PAD`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import papers as music_papers
from emo_music_ros.encoding.music.features import Descriptors
from emo_music_ros.encoding.music.spectrum import FRAME_RATE, Spectrum
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import Model
from emo_music_ros.streams import Estimate, FloatArray

#: Window the models were trained on [s], and in frames.
WINDOW = 10.0
WIDTH = round(WINDOW * FRAME_RATE)
#: What listeners may say of themselves: each emotion that music makes people feel, and liking it.
FELT = (*emotion.GEMS, "liked")


@dataclass(frozen=True)
class FeatureSet:
    """What a model is told of a window: the names of the numbers, and how they are taken."""

    names: tuple[str, ...]
    of: Callable[[Spectrum], FloatArray]


#: The sets of features by the name that the description of a model gives.
FEATURE_SETS = {
    "music": FeatureSet(
        music_features.NAMES, lambda spectrum: music_features.describe(spectrum).vector
    ),
    "paper_b": FeatureSet(music_papers.PAPER_B, music_papers.of_paper_b),
    "paper_e": FeatureSet(music_papers.PAPER_E, music_papers.of_paper_e),
}


@dataclass(frozen=True)
class Answers:
    """What a model hears in windows.

    Attributes
    ----------
    quadrants : numpy.ndarray
        Probabilities [n, 4] of :data:`emo_music_ros.emotion.QUADRANTS`.
    dominance : numpy.ndarray or None
        [n], -1..1; None where the model has no such output.
    felt : numpy.ndarray or None
        Share of listeners [n, 10], 0..1, in the order of :data:`FELT`; None likewise.
    embedding : numpy.ndarray
        [n, ...].
    """

    quadrants: NDArray[np.float64]
    dominance: NDArray[np.float64] | None
    felt: NDArray[np.float64] | None
    embedding: FloatArray


@dataclass(frozen=True)
class Mood:
    """What the model makes of one window or piece.

    Attributes
    ----------
    estimate : Estimate
        What the music expresses.
    felt : dict of str to float
        Share of listeners that would feel each of :data:`emo_music_ros.emotion.GEMS`, 0..1; empty
        where the model does not say.
    liked : float
        Share that would like it, 0..1; NaN likewise.
    """

    estimate: Estimate
    felt: dict[str, float]
    liked: float


class MusicModel:
    """The network that turns the features of windows into a mood.

    Parameters
    ----------
    name : str
        Model file in the ``models`` folder, without ending.

    Attributes
    ----------
    version : str
        Changes whenever the network does.
    piece_temperature : float
        What the mean answer to the windows of a piece is sharpened with, see :func:`tempered`.

    Raises
    ------
    ModelError
        If it is missing, corrupt or was trained on other features.
    """

    def __init__(self, name: str = "music") -> None:
        self._model = Model(name)
        description = self._model.description
        # Trained again it may say something else under the same number.
        self.version = f"{self._model.version}+{description['sha256'][:8]}"
        features = FEATURE_SETS.get(description.get("feature_set", ""))
        fits = features is not None and description.get("features") == list(features.names)
        known = {"outputs", "temperature", "piece_temperature"} <= set(description)
        if features is None or not fits or not known:
            raise ModelError(
                f"model '{name}' was trained on other features than this version computes",
                "Train it again: emo-music train music",
            )
        self._features = features
        self._outputs = list(description["outputs"])
        self._temperature = float(description["temperature"])
        # The mean over the windows of a piece is less certain than the piece is clear.
        self.piece_temperature = float(description["piece_temperature"])

    def vector(self, spectrum: Spectrum, summary: Descriptors | None = None) -> FloatArray:
        """Return the features of a window; a summary of it that is at hand saves time."""
        if summary is not None and self._features is FEATURE_SETS["music"]:
            return summary.vector
        return self._features.of(spectrum)

    def __call__(self, vectors: FloatArray) -> Answers:
        """Answer to feature vectors [n, features]."""
        found = self._model(np.atleast_2d(vectors).astype(np.float32))
        named = dict(zip(self._outputs, found, strict=True))
        return Answers(
            tempered(named["probabilities"], self._temperature),
            named.get("dominance"),
            named.get("felt"),
            found[-1],
        )

    def mood(self, answers: Answers, weights: FloatArray, quality: float) -> Mood:
        """Return the mood of a piece from the answers to its windows, weighted [n]."""
        shares = weights / weights.sum()
        quadrants = tempered(shares @ answers.quadrants, self.piece_temperature)
        dominance = None if answers.dominance is None else float(shares @ answers.dominance)
        felt = [] if answers.felt is None else (shares @ answers.felt).tolist()
        named = dict(zip(FELT, felt))
        liked = named.pop("liked", float("nan"))
        return Mood(estimate(quadrants, quality, dominance), named, liked)


def tempered(probabilities: FloatArray, temperature: float) -> NDArray[np.float64]:
    """Return probabilities [..., classes] sharpened (below 1) or softened (above) and summing to 1.

    The classes of a certain model keep a millionth each.
    """
    scaled = np.maximum(probabilities, 1e-6).astype(float) ** (1 / temperature)
    return scaled / scaled.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def estimate(
    quadrants: FloatArray, quality: float = 1.0, dominance: float | None = None
) -> Estimate:
    """Return the estimate for probabilities [4] of :data:`emo_music_ros.emotion.QUADRANTS`.

    Without `dominance` it is that of the words of the quadrants.
    """
    happy, relaxed, angry, sad = (float(value) for value in quadrants)
    words = emotion.from_labels(emotion.QUADRANTS, quadrants, quality)
    return Estimate(
        words.labels,
        words.probabilities,
        valence=happy + relaxed - angry - sad,
        arousal=happy + angry - relaxed - sad,
        dominance=words.dominance if dominance is None else dominance,
        confidence=words.confidence,
        quality=quality,
    )
