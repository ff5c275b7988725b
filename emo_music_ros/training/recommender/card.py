# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The model card of the response model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from emo_music_ros.recommendation.response.model import NAME
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared.cards import Card


def response_card(results: Sequence[Result]) -> Card:
    """Return the card from what was measured."""
    return Card(
        name=NAME,
        purpose=(
            "What a piece of music is expected to do to one person in one moment: rating 1..5, "
            "the chance that it is liked, valence and arousal afterwards with their deviations, "
            "and the chances that mood drops, keeps or lifts. It **learned from young adults**, "
            "and every report that rests on it says so; how older people answer to music was not "
            "measured. It is not for judging health, and no effect on anybody follows from it."
        ),
        data=(
            "SiTunes (Grigorev et al. 2024): 30 young adults, 600 listens in a laboratory and 897 "
            "in daily life. The later stage of the corpus was never read."
        ),
        licence="Research only: the corpus is called open source but has no licence file.",
        split=(
            "Four protocols, see the figures: each person's listens parted as published (people "
            "are on both sides, as personal answers are asked for), the last 40 % of each "
            "person's week, the same with tracks never heard before, and people never heard "
            "before. Strengths and calibration are learned inside the training rows of each."
        ),
        network=(
            "Four Gaussian processes (rating, liking, valence, arousal) whose covariance is a sum "
            "of terms by hierarchy: everybody, people who said alike of the same pieces, this "
            "person. The file holds the strengths of the terms, one weight for each column of "
            "what holds for everybody, and quantiles of errors; there is no listen of anybody in "
            "it. With a history of at least 10 people everybody is learned from that history; "
            "with fewer, only what a person differs by. At run time NumPy and SciPy."
        ),
        figures=[
            replace(figure, name=f"{figure.name} ({result.task}; {result.candidate})")
            for result in results
            for figure in result.figures()
        ],
        limits=(
            "Young adults of one city, popular music, a week each: nothing is known of older "
            "people, of illness, of the music of their youth.",
            "In 89 listens the record of the wrist was filled in (walking without a step), and "
            "their ratings are unlike all others; figures without them stand beside.",
            "Most change of mood is return to the middle. What music adds to that is small.",
            "Measures of tracks that are not known count as average; the measures of Spotify and "
            "openSMILE differ from those this project takes of its own library.",
            "Rows of one person are not independent; intervals are over 30 people.",
        ),
        reproduce="emo-music train recommender --data DATA --out models",
    )
