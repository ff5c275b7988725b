# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the speech network is compared with: its parts, the papers, openSMILE."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.lstm import HALVINGS, mfcc, steps
from emo_music_ros.numerics import softmax
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared import baselines
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech import network as networks
from emo_music_ros.training.speech.clips import cut_voices
from emo_music_ros.training.speech.listeners import ListenerTraining
from emo_music_ros.training.speech.network import Clip

logger = logging.getLogger(__name__)
BATCH = 64  # of the compared networks
MFCC = "LSTM on MFCC"


def listeners_alone(training: ListenerTraining) -> list[Candidate]:
    """Return each kind of listener alone."""
    clips = training.clips

    def follow(rows: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        logits = []
        for index in range(networks.SEQUENCES):
            network = training.sequence(rows, 100 * seed + index)
            with torch.no_grad():
                answers = [
                    network(*networks.pad(clips[row].spectra[:1], clips[row].contours[:1]))[0]
                    for row in test
                ]
            logits.append(_log(torch.cat(answers)))
        return softmax(np.mean(logits, axis=0))

    def judge(rows: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        statistics = torch.from_numpy(np.stack([clips[row].statistics[0] for row in test]))
        logits = []
        for index in range(networks.WHOLES):
            network = training.whole(rows, 100 * seed + index)
            with torch.no_grad():
                logits.append(_log(network(statistics)))
        return softmax(np.mean(logits, axis=0))

    return [
        Candidate(
            "conv + recurrent + attention alone",
            "this project, after paper A, Eqs. 5-6",
            follow,
            key=["time", networks.SEQUENCES, training.key],
        ),
        Candidate(
            "statistics alone",
            "this project",
            judge,
            key=["whole", networks.WHOLES, training.key],
        ),
    ]


def _log(answers: torch.Tensor) -> NDArray[np.float32]:
    """Return log probabilities [n, 8] of the answers of a listener."""
    return answers[:, : len(RAVDESS)].log_softmax(dim=1).numpy()


def papers(training: ListenerTraining) -> list[Candidate]:
    """Return the networks of the papers on the same spectra."""
    clips = training.clips
    spectra = [spectrum_of(clip) for clip in clips]
    cepstra = [cepstra_of(clip) for clip in clips]
    made = [
        _sequence_baseline(f"{name} on log-Mel", origin, network, spectra, clips)
        for name, (network, origin) in baselines.NETWORKS.items()
    ]
    return [*made, _sequence_baseline(MFCC, "paper D", baselines.LSTM, cepstra, clips)]


def spectrum_of(clip: Clip) -> NDArray[np.float32]:
    """Return the log-Mel spectrum [steps of 80 ms, bands] of a clip as it was recorded."""
    return steps(clip.spectra[0], HALVINGS - 1)


def cepstra_of(clip: Clip) -> NDArray[np.float32]:
    """Return the MFCC [steps of 80 ms, 40] of a clip as it was recorded."""
    return mfcc(spectrum_of(clip))


def _sequence_baseline(
    name: str,
    origin: str,
    network: Callable[[int, int], torch.nn.Module],
    sequences: Sequence[NDArray[np.float32]],
    clips: Sequence[Clip],
) -> Candidate:
    labels = np.array([clip.label for clip in clips], np.int64)
    x, lengths = baselines.pad(sequences)

    def predict(rows: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        model = baselines.fit_sequences(
            network, x[rows], lengths[rows], labels[rows], len(RAVDESS), seed, batch=BATCH
        )
        return baselines.predict_sequences(model, x[test], lengths[test])

    return Candidate(name, origin, predict, key=[network, baselines.fit_sequences, HALVINGS, BATCH])


def opensmile_peer(corpus: Corpus, work: Work) -> Candidate | None:
    """Return a linear SVM on eGeMAPS (Eyben et al., 2016), None where openSMILE is missing."""
    try:
        import opensmile
    except ImportError:
        logger.warning("openSMILE is not installed: not run")
        return None
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    def extract() -> dict[str, NDArray[Any]]:
        smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02,
            feature_level=opensmile.FeatureLevel.Functionals,
        )
        voices = cut_voices(corpus, work)
        rows = [
            smile.process_signal(voice, 16000).to_numpy()[0]
            for voice in tqdm(voices, desc="eGeMAPS", mininterval=10, disable=None)
        ]
        return {"features": np.stack(rows).astype(np.float32)}

    key = [corpus.name, corpus.labels, corpus.people, [len(item) for item in corpus.items]]
    x = work.recall("speech eGeMAPS", key, extract)["features"]

    def predict(rows: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        machine = SVC(kernel="linear", C=0.1, class_weight="balanced")
        folds = GroupKFold(4).split(rows, groups=corpus.people[rows])
        model = CalibratedClassifierCV(
            make_pipeline(StandardScaler(), machine), cv=list(folds), ensemble=False
        )
        model.fit(x[rows], corpus.labels[rows])
        return model.predict_proba(x[test])  # type: ignore[no-any-return]

    return Candidate(
        "eGeMAPS + linear SVM (peer)",
        f"package opensmile {opensmile.__version__}",
        predict,
        key=["C=0.1"],
    )
