# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The recordings as the networks learn from them: cut, damaged in copies, measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from emo_music_ros.encoding.speech.audio_features import Analyser, features, log_mel
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.encoding.speech.lstm import halve
from emo_music_ros.encoding.speech.voice_activity import Endpointer, trim
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech import acoustics, voices
from emo_music_ros.training.speech.network import Clip

COPIES = 6  # damaged ones of every clip
Voice = NDArray[np.float32]


def prepare_clips(corpus: Corpus, work: Work, seed: int = 0, copies: int = COPIES) -> list[Clip]:
    """Return the features of every recording and of its damaged copies, cut as at run time."""
    felt, weight, possible = voices.affect(corpus), voices.weights(corpus), voices.possible(corpus)
    key = [
        *(seed, copies, corpus.name, corpus.labels, corpus.people),
        *([len(item) for item in corpus.items], Analyser, log_mel, functionals),
        *(acoustics.damage, acoustics.babble, acoustics.coloured_noise, halve),
    ]
    kept = work.recall("speech features", key, lambda: _measure_all(corpus, seed, copies))
    ends = np.cumsum(kept["lengths"].ravel())
    bounds = [slice(end - length, end) for end, length in zip(ends, kept["lengths"].ravel())]
    count = copies + 1
    return [
        Clip(
            int(label),
            tuple(kept["spectra"][:, part] for part in bounds[row * count : (row + 1) * count]),
            tuple(kept["contours"][:, part] for part in bounds[row * count : (row + 1) * count]),
            kept["statistics"][row],
            felt[row],
            float(weight[row]),
            possible[row],
        )
        for row, label in enumerate(corpus.labels)
    ]


def _measure_all(corpus: Corpus, seed: int, copies: int) -> dict[str, NDArray[Any]]:
    endpointer = Endpointer()
    spectra, contours, statistics, lengths = [], [], [], []
    for row in tqdm(range(len(corpus)), desc="features", mininterval=10, disable=None):
        voice = trim(corpus.items[row], endpointer).samples
        versions = [voice]
        for copy in range(copies):
            versions.append(acoustics.damage(voice, np.random.default_rng([seed, row, copy])))
        for version in versions:
            found = features(version)
            spectra.append(halve(found.mel).astype(np.float16))
            contours.append(halve(found.contour).astype(np.float16))
            statistics.append(functionals(found))
            lengths.append(spectra[-1].shape[1])
    shape = (len(corpus), copies + 1)
    return {
        "spectra": np.concatenate(spectra, axis=1),
        "contours": np.concatenate(contours, axis=1),
        "statistics": np.stack(statistics).reshape(*shape, -1),
        "lengths": np.array(lengths).reshape(shape),
    }


def cut_voices(corpus: Corpus, work: Work) -> list[Voice]:
    """Return the recordings cut to what the voice activity detector takes for speech."""

    def cut() -> dict[str, NDArray[Any]]:
        endpointer = Endpointer()
        found = [trim(item, endpointer) for item in corpus.items]
        return {"ends": np.array([(one.start, one.start + len(one.samples)) for one in found])}

    key = [corpus.name, corpus.labels, corpus.people, [len(item) for item in corpus.items], trim]
    ends = work.recall("speech ends", key, cut)["ends"]
    return [item[first:last] for item, (first, last) in zip(corpus.items, ends, strict=True)]
