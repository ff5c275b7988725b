# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The listeners of the speech network, trained on rows of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import Features
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.numerics import softmax
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech import network as networks
from emo_music_ros.training.speech import voices
from emo_music_ros.training.speech.clips import COPIES
from emo_music_ros.training.speech.network import Clip

TEMPERATURE = 0.7  # of the listeners' mean log probabilities in the folds


class ListenerTraining:
    """Trains listeners on rows of a corpus, each kept as one step of the work."""

    def __init__(self, corpus: Corpus, clips: Sequence[Clip], work: Work) -> None:
        self.clips = clips
        self.corpus = corpus
        self._work = work
        self.key = [
            *(networks.SequenceNetwork, networks.WholeNetwork, networks.fit_sequence),
            *(networks.fit_whole, networks.warp, networks.SEQUENCE_COURSE, networks.WHOLE_COURSE),
            *(networks._loss, networks.among, networks.Truth, networks.FELT),
            *(voices.affect, voices.weights, voices.possible),
            *(voices.STRENGTHS, networks.AVERAGING, networks.CHANNELS),
            *(networks.HIDDEN, networks.WHOLE, COPIES),
        ]

    @property
    def together_key(self) -> list[object]:
        """All the answers of the listeners together depend on but rows and seed."""
        return [networks.SEQUENCES, networks.WHOLES, TEMPERATURE, self.key]

    def sequence(self, rows: Rows, seed: int) -> torch.nn.Module:
        """Return a network that follows utterances over time."""

        def fit() -> dict[str, NDArray[Any]]:
            return networks.weights(networks.fit_sequence([self.clips[r] for r in rows], seed))

        key = [self.key, self.corpus.labels, self.corpus.people, rows, seed]
        return networks.restore(
            networks.SequenceNetwork(), self._work.recall("speech sequence", key, fit)
        )

    def whole(self, rows: Rows, seed: int) -> torch.nn.Module:
        """Return a network that judges statistics."""

        def fit() -> dict[str, NDArray[Any]]:
            return networks.weights(networks.fit_whole([self.clips[r] for r in rows], seed))

        key = [self.key, self.corpus.labels, self.corpus.people, rows, seed]
        return networks.restored_whole(self._work.recall("speech whole", key, fit))

    def together(self, rows: Rows, seed: int) -> networks.SpeechNetwork:
        """Return all listeners as one network."""
        return networks.SpeechNetwork(
            [self.sequence(rows, 100 * seed + index) for index in range(networks.SEQUENCES)],
            [self.whole(rows, 100 * seed + index) for index in range(networks.WHOLES)],
        ).eval()


def answer(network: torch.nn.Module, found: Features) -> NDArray[np.float32]:
    """Return the logits [8] of one utterance."""
    with torch.no_grad():
        logits: torch.Tensor = network(
            torch.from_numpy(found.mel.copy())[None],
            torch.from_numpy(found.contour)[None],
            torch.from_numpy(functionals(found))[None],
        )[0]
    return logits[0].numpy()


def clean_answers(network: torch.nn.Module, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """Return the probabilities [n, 8] of clips as they were recorded."""
    logits = []
    with torch.no_grad():
        for clip in clips:
            slow = torch.from_numpy(clip.spectra[0].astype(np.float32)).repeat_interleave(2, dim=1)
            line = torch.from_numpy(clip.contours[0].astype(np.float32))
            statistics = torch.from_numpy(clip.statistics[:1])
            inputs = (slow[None], line.repeat_interleave(2, dim=1)[None], statistics)
            logits.append(network(*inputs)[0][0].numpy())
    return softmax(np.stack(logits), TEMPERATURE)
