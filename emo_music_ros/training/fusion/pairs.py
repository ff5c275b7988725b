# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Moments of one person in several modalities at once: RAVDESS (acted), CMU-MOSI (opinions).

In RAVDESS the face is read from action units by a classifier of its own, since the pictures are not
at hand. Every answer is to somebody that its classifier never saw: those to the people a fusion
learns from come from folds inside the training people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.audio_features import features
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.encoding.speech.voice_activity import Endpointer, trim
from emo_music_ros.encoding.text.encoder import TextEncoder
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.classes import FLOOR
from emo_music_ros.numerics import softmax
from emo_music_ros.streams import Utterance
from emo_music_ros.training.corpora import mosi, ravdess, ravdess_faces
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import answers
from emo_music_ros.training.evaluation.metrics import uar
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.fusion import network, temporal_pairs
from emo_music_ros.training.fusion.network import Moments, fit, hear, stack
from emo_music_ros.training.fusion.stitched import simplex
from emo_music_ros.training.shared.calibration import fit_temperature
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech.run import FOLDS as FOLDS_OF_SPEECH

TASK = "8 emotions of voice and face"
SIGN = "sign of valence of voice and words"
FOLDS, INNER = 5, 4
#: Whose kept answers are taken for the voice.
KEPT = ("emotions", "RAVDESS speech", f"{FOLDS_OF_SPEECH}-fold by speaker", "emo_music_ros")

Floats = NDArray[np.float64]
#: (training rows, test rows) -> probabilities [test rows, classes].
Reader = Callable[[Rows, Rows], Floats]


def read_faces(train: Floats, truth: Rows, test: Floats, seed: int) -> Floats:
    """Return the probabilities [n, 8] of expressions by action units [n, 35]."""
    from sklearn.ensemble import ExtraTreesClassifier

    trees = ExtraTreesClassifier(
        300, min_samples_leaf=2, class_weight="balanced", random_state=seed
    )
    found: Floats = trees.fit(train, truth).predict_proba(test)
    return found


def read_features(train: Floats, truth: Rows, test: Floats, seed: int) -> Floats:
    """Return the probabilities [n, classes] by features of an utterance [n, features]."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer

    model = make_pipeline(
        QuantileTransformer(n_quantiles=100, output_distribution="normal", random_state=seed),
        LogisticRegression(C=0.003, max_iter=500, class_weight="balanced"),
    )
    found: Floats = model.fit(train, truth).predict_proba(test)
    return found


def statistics(corpus: Corpus, work: Work) -> Floats:
    """Return the statistics [n, features] of every recording, cut as at run time."""

    def measure() -> dict[str, NDArray[Any]]:
        endpointer = Endpointer()
        cut = [trim(item, endpointer).samples for item in corpus.items]
        return {"statistics": np.stack([functionals(features(one)) for one in cut])}

    key = [corpus.name, corpus.labels, corpus.people, len(corpus), features, functionals, trim]
    return work.recall("fusion voices", key, measure)["statistics"].astype(float)


class Together:
    """Recordings of one person in several modalities at once, and what joins them.

    Parameters
    ----------
    corpus : Corpus
        The recordings.
    readers : mapping of str to callable
        Modality -> (training rows, test rows) -> probabilities [test rows, classes].
    folds : int
        Of the protocol.
    key : sequence
        All the readers depend on.
    seed : int
        Of everything random.
    """

    def __init__(
        self,
        corpus: Corpus,
        readers: Mapping[str, Reader],
        protocol: Protocol,
        key: Sequence[object],
        seed: int,
    ) -> None:
        self.corpus, self.protocol, self.seed = corpus, protocol, seed
        self._readers, self._key = dict(readers), list(key)
        self._heard: dict[tuple[bytes, bytes], Floats] = {}

    def read(self, train: Rows, test: Rows) -> Floats:
        """Return what all say of test rows, [n, m, classes], learned from training rows."""
        asked = train.tobytes(), test.tobytes()
        if asked not in self._heard:
            said = [reader(train, test) for reader in self._readers.values()]
            self._heard[asked] = np.stack(said, axis=1)
        return self._heard[asked]

    def lessons(self, train: Rows) -> Floats:
        """Return what all say of the training rows, learned from other training people."""
        found = np.zeros((len(train), len(self._readers), len(self.corpus.classes)))
        for rest, held in by_group(self.corpus.people[train], INNER, self.seed):
            found[held] = self.read(train[rest], train[held])
        return found

    def candidates(self) -> list[Candidate]:
        """Return ours, each modality alone, and the fixed ways of joining."""
        made = [
            Candidate("emo_music_ros", "this project", self._learned, key=[self._key, _CODE]),
            *(
                Candidate(
                    f"{name} alone", "no fusion", partial(self._alone, place), key=[self._key]
                )
                for place, name in enumerate(self._readers)
            ),
        ]
        ways: dict[str, tuple[str, Callable[[Floats, Rows], Floats]]] = {
            "average": ("paper B", lambda said, train: said.mean(axis=1)),
            "select": ("paper D", lambda said, train: surest(said)),
            "logpool": ("product", lambda said, train: product(said)),
            "weighted": ("paper E, Eq. 7", self._weighted),
        }
        made += [
            Candidate(name, origin, partial(self._fixed, way), key=[self._key, name, _CODE])
            for name, (origin, way) in ways.items()
        ]
        made += [
            Candidate(
                kind,
                origin,
                partial(self._temporal, kind),
                key=[self._key, kind, *temporal_pairs.DEPENDS],
            )
            for kind, origin in temporal_pairs.ORIGINS.items()
        ]
        return made

    def _alone(self, place: int, train: Rows, test: Rows, seed: int) -> Floats:
        found: Floats = self.read(train, test)[:, place]
        return found

    def _fixed(
        self,
        way: Callable[[Floats, Rows], Floats],
        train: Rows,
        test: Rows,
        seed: int,
    ) -> Floats:
        found = way(self.read(train, test), train)
        return found / found.sum(axis=1, keepdims=True)

    def _weighted(self, said: Floats, train: Rows) -> Floats:
        return weighted(said, self.lessons(train), self.corpus.labels[train])

    def _temporal(self, kind: str, train: Rows, test: Rows, seed: int) -> Floats:
        labels, people = self.corpus.labels[train], self.corpus.people[train]
        said = self.read(train, test)
        return temporal_pairs.told(kind, self.lessons(train), labels, people, said, self.seed)

    def _learned(self, train: Rows, test: Rows, seed: int) -> Floats:
        return self.learned(train, self.read(train, test))

    def learned(self, train: Rows, said: Floats, present: Floats | None = None) -> Floats:
        """Return the fused probabilities [n, classes] of what all say [n, m, classes].

        It learns from training rows with all modalities and with each alone, and is calibrated by
        folds inside them. `present` [n, m] says which there are; default: all.
        """
        seen, truth = self.lessons(train), self.corpus.labels[train]
        count = seen.shape[1]
        halves = np.full(count, network.DEFAULT_HALF_LIFE)
        whole = moments(seen, truth)
        every = [whole, *(whole.without(np.eye(count)[[one] * len(seen)]) for one in range(count))]
        held = np.zeros((len(train), seen.shape[2]))
        for rest, out in by_group(self.corpus.people[train], INNER, self.seed):
            made = fit(stack([one.take(rest) for one in every]), halves, self.seed, 1.0)
            held[out] = hear(made, whole.take(out)).classes
        temperature = fit_temperature(held, truth)
        made = fit(stack(every), halves, self.seed, 1.0)
        asked = moments(said, np.zeros(len(said), np.int64))
        asked = asked if present is None else asked.without(present)
        return softmax(hear(made, asked).classes, temperature)


def pairs(data: Path, work: Work, seed: int, kept: Path | None = None) -> tuple[Together, str]:
    """Return the takes of RAVDESS with voice and face, and where the voices' answers are from.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``multimodal/ravdess_face_au`` and ``speech/ravdess``.
    work : Work
        Where what was measured is kept.
    seed : int
        Of everything random.
    kept : pathlib.Path, optional
        Folder of results with answers of the speech network, such as ``docs``.

    Raises
    ------
    InputError
        If either is missing.
    """
    faces, clips = ravdess_faces.load(data)
    units, labels = np.sqrt(faces.items), faces.labels

    def face(train: Rows, test: Rows) -> Floats:
        return read_faces(units[train], labels[train], units[test], seed)

    answered = None if kept is None else kept_voices(kept, data, clips)
    if answered is not None:
        voice: Reader = lambda train, test: answered[test]  # noqa: E731
        about, table = "the speech network, kept answers to actors it never heard", answered
    else:
        voices = ravdess.load(data / "speech" / "ravdess")
        stems = [path.stem for path in ravdess.files(data / "speech" / "ravdess")]
        place = {stem: row for row, stem in enumerate(stems)}
        missing = [clip for clip in clips if clip not in place]
        if missing:
            raise InputError(f"no recording of {missing[0]}", "Restore speech/ravdess")
        table = statistics(voices, work)[[place[clip] for clip in clips]]
        about = "a linear classifier on the statistics of the speech encoder"

        def voice(train: Rows, test: Rows) -> Floats:
            return read_features(table[train], labels[train], table[test], seed)

    corpus = Corpus(
        "RAVDESS voice and face", faces.source, faces.licence, np.arange(len(faces)),
        labels, RAVDESS, faces.people, "actors", faces.groups,
    )  # fmt: skip
    key = [units, table, read_faces, read_features]
    study = Together(corpus, {"face": face, "voice": voice}, by_actor(corpus), key, seed)
    return study, about


def by_actor(corpus: Corpus) -> Protocol:
    """Return the folds: two men and two women each, in order of their numbers."""
    people = np.unique(corpus.people)
    part = {actor: index // 2 % FOLDS for index, actor in enumerate(people)}
    place = np.array([part[actor] for actor in corpus.people])
    folds = [(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(FOLDS)]
    return Protocol(f"real pairs, {FOLDS}-fold by actor", folds)


def opinions(data: Path, seed: int) -> Together:
    """Return the utterances of CMU-MOSI: voice and words of one speaker, sign of valence.

    The words are read as the text network embeds them, which never learnt from them.

    Raises
    ------
    InputError
        If it is missing.
    """
    corpus, voices = mosi.load(data)
    features = {"voice": voices, "words": embedded(corpus.items)}

    def reader(table: Floats) -> Reader:
        return lambda train, test: read_features(
            table[train], corpus.labels[train], table[test], seed
        )

    readers = {name: reader(table) for name, table in features.items()}
    protocol = Protocol(
        f"real moments, {FOLDS}-fold by speaker", by_group(corpus.people, FOLDS, seed)
    )
    return Together(corpus, readers, protocol, [*features.values(), read_features], seed)


def embedded(texts: Sequence[str]) -> Floats:
    """Return the embeddings [n, k] of the text network; zeros where a text says nothing to it."""
    encoder = TextEncoder()
    heard = [encoder.push(Utterance(float(at), text.lower())) for at, text in enumerate(texts)]
    found = {row: encodings[0].embedding for row, encodings in enumerate(heard) if encodings}
    size = len(next(iter(found.values()), ()))
    return np.array([found.get(row, np.zeros(size)) for row in range(len(texts))], float)


def kept_voices(folder: Path, data: Path, clips: Sequence[str]) -> Floats | None:
    """Return the kept answers [n, 8] of the speech network to takes; None if there are none.

    They are in the order of the recordings, each by a network that never heard the actor.
    """
    stems = [path.stem for path in ravdess.files(data / "speech" / "ravdess")]
    place = {stem: row for row, stem in enumerate(stems)}
    labels = np.array([int(stem.split("-")[2]) - 1 for stem in stems])
    for key, one in answers.load(answers.path_of(folder, "speech")).items():
        task, corpus, protocol, leaky, candidate = key
        if (task, corpus, protocol, candidate) != KEPT or leaky or len(one.truth) != len(stems):
            continue
        if np.array_equal(one.truth, labels) and all(clip in place for clip in clips):
            return one.probabilities[[place[clip] for clip in clips]]
    return None


def moments(said: Floats, truth: Rows) -> Moments:
    """Return what several say [n, m, classes] as the network takes it; all there, fresh."""
    logs = np.log(np.maximum(said, FLOOR))
    logs = logs - logs.mean(axis=2, keepdims=True)
    ones = np.ones(said.shape[:2], np.float32)
    return Moments(
        logs.astype(np.float32), ones, ones, 0 * ones,
        truth.astype(np.int64), np.arange(len(truth)),
    )  # fmt: skip


def weighted(said: Floats, seen: Floats, truth: Rows) -> Floats:
    """Return the mean by the weights that are right most often of what was seen (paper E, 7)."""
    best = max(
        simplex(said.shape[1]),
        key=lambda one: uar(truth, np.einsum("m,nmc->nc", np.array(one), seen).argmax(axis=1)),
    )
    found: Floats = np.einsum("m,nmc->nc", np.array(best), said)
    return found


def surest(said: Floats) -> Floats:
    """Return what the one says whose largest probability is largest (paper D: one decides)."""
    found: Floats = said[np.arange(len(said)), said.max(axis=2).argmax(axis=1)]
    return found


def product(said: Floats) -> Floats:
    """Return the product of the distributions, not scaled."""
    found: Floats = np.exp(np.log(np.maximum(said, FLOOR)).sum(axis=1))
    return found


_CODE = (Together.learned, moments, weighted, surest, product, network.FusionNetwork, fit)
