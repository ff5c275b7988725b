# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the fusion makes of one modality alone, of agreement and of contradiction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from emo_music_ros import plugins
from emo_music_ros.fusion.base import DEFAULT
from emo_music_ros.fusion.timeline import FusionOptions, Timeline
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.simulation.listener import WORDS
from emo_music_ros.streams import Encoding

#: How long each case is watched [s], and from when on it counts.
LASTS, FROM = 60, 5
#: How often an answer comes [s].
RATES = {"face": 1.0, "speech": 5.0, "text": 8.0}


def shares(answers: Answers, words: Mapping[str, str], rng: np.random.Generator) -> Counter[str]:
    """Return the seconds each state was reported when each modality shows one word.

    Parameters
    ----------
    answers : Answers
        Recorded answers.
    words : mapping
        Modality -> label that holds.
    rng : numpy.random.Generator
        Draws the answers.
    """
    timeline = Timeline(plugins.create("fusion", DEFAULT), DEFAULT, FusionOptions())
    counts: Counter[str] = Counter()
    for tick in range(LASTS * 4):
        now = tick / 4
        for name, word in words.items():
            if tick % round(RATES[name] * 4) == 0:
                estimate = answers.draw(name, word, rng)
                timeline.add(Encoding(name, now, now, estimate, np.zeros(0), {}, "simulated", "x"))
        state = timeline.step(now, "x").state
        if now >= FROM and tick % 4 == 0:
            counts[state] += 1
    return counts


def face_alone(answers: Answers, word: str, runs: int, seed: int) -> list[Counter[str]]:
    """Return the shares of each run with nothing but a face that shows a word."""
    rng = np.random.default_rng([seed, 1])
    return [shares(answers, {"face": word}, rng) for _ in range(runs)]


def together(answers: Answers, agree: bool, runs: int, seed: int) -> list[Counter[str]]:
    """Return the shares of each run with face, voice and words of one state, or of three."""
    rng = np.random.default_rng([seed, 2 + agree])
    found = []
    for _ in range(runs):
        states = rng.permutation(list(WORDS["face"]))[:3]
        if agree:
            states = np.repeat(states[:1], 3)
        words = {}
        for name, state in zip(("face", "speech", "text"), states):
            labels = answers.table(name).labels
            words[name] = str(
                rng.choice([word for word in WORDS[name][str(state)] if word in labels])
            )
        found.append(shares(answers, words, rng))
    return found
