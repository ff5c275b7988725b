"""The shipped speech network on a corpus it never heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.encoder import SpeechModel
from emo_music_ros.encoding.speech.voice_activity import Endpointer, trim
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech.shipped import NAME, cost_of_shipped


def evaluate_across(corpus: Corpus, work: Work, seed: int = 0) -> Result:
    """Measure the network of the package on a corpus it never heard.

    Only the emotions that both know count: `calm` is taken for neutral, and surprise, which the
    corpus lacks, cannot be answered.
    """
    judge, endpointer = SpeechModel(), Endpointer()
    table = np.zeros((len(RAVDESS), len(corpus.classes)))
    for index, name in enumerate(RAVDESS):
        known = "neutral" if name == "calm" else name
        if known in corpus.classes:
            table[index, corpus.classes.index(known)] = 1.0

    def predict(train: Rows, test: Rows, number: int) -> NDArray[np.float64]:
        found = []
        for row in test:
            estimate, _, _ = judge(trim(corpus.items[row], endpointer))
            shared = estimate.probabilities.astype(float) @ table
            found.append(shared / shared.sum())
        return np.stack(found)

    rows = np.arange(len(corpus))
    candidate = Candidate(
        "emo_music_ros",
        "this project",
        predict,
        cost_of_shipped(corpus),
        [judge.version, judge.digest],
    )
    return evaluate_candidate(
        NAME,
        f"{len(corpus.classes)} emotions",
        corpus,
        candidate,
        Protocol("cross-corpus: never trained on it", [(rows, rows)]),
        work,
        seed,
        note="Trained on RAVDESS alone. Emotions that both corpora know; calm counts as neutral. "
        "The trivial answer knows the class frequencies of this corpus.",
    )
