# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""All voices there are to learn from, as one corpus."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS, circumplex
from emo_music_ros.training.corpora import emodb, indexed_voices, ravdess
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Protocol, Rows

logger = logging.getLogger(__name__)

LANGUAGES = {"RAVDESS speech": "en", "EMO-DB": "de"}
#: How far from the middle of the circumplex an emotion is put, by how strongly it was acted.
STRENGTHS = {"normal": 0.7, "strong": 1.0, "not known": 0.85}


def load(folder: Path) -> Corpus:
    """Return the voices of every corpus below a folder as one corpus.

    Parameters
    ----------
    folder : pathlib.Path
        Holds RAVDESS speech, itself or in ``ravdess``, and may hold EMO-DB in ``emodb`` and
        folders with ``index.csv`` (:mod:`indexed_voices`).

    Returns
    -------
    Corpus
        Labels are numbers of ``emotion.RAVDESS``; `people` are ``<corpus>/<speaker>``; the groups
        are corpus, language, sex and intensity.

    Raises
    ------
    InputError
        If there is no RAVDESS speech, or a corpus is damaged.
    """
    corpora = [ravdess.load(folder)]
    if emodb.files(folder / "emodb"):
        corpora.append(emodb.load(folder / "emodb"))
    tables = folder.glob(f"*/{indexed_voices.TABLE}")
    corpora += [indexed_voices.load(path.parent) for path in sorted(tables)]
    logger.info("voices of %s", ", ".join(corpus.name for corpus in corpora))
    return joined(corpora)


def joined(corpora: Sequence[Corpus]) -> Corpus:
    """Return corpora as one, with the classes of RAVDESS."""

    def column(group: str, missing: str = "not known") -> NDArray[np.str_]:
        return np.concatenate(
            [
                corpus.groups.get(group, np.full(len(corpus), missing)).astype(str)
                for corpus in corpora
            ]
        )

    names = np.repeat([corpus.name for corpus in corpora], [len(corpus) for corpus in corpora])
    languages = column("language")
    for name, language in LANGUAGES.items():
        languages[names == name] = language
    return Corpus(
        name="voices",
        source="; ".join(corpus.source for corpus in corpora),
        licence="; ".join(dict.fromkeys(corpus.licence for corpus in corpora)),
        items=[item for corpus in corpora for item in corpus.items],
        labels=np.concatenate(
            [
                np.array([RAVDESS.index(name) for name in corpus.classes])[corpus.labels]
                for corpus in corpora
            ]
        ),
        classes=RAVDESS,
        people=np.concatenate(
            [
                [f"{corpus.name}/{one:0>2}" for one in corpus.people.astype(str)]
                for corpus in corpora
            ]
        ),
        unit="speakers",
        groups={
            "corpus": names,
            "language": languages,
            "sex": column("sex"),
            "intensity": column("intensity"),
        },
    )


def of(corpus: Corpus, name: str) -> Corpus:
    """Return the joined corpus under the name of one of its parts, for a table of that part."""
    return Corpus(
        name,
        corpus.source,
        corpus.licence,
        corpus.items,
        corpus.labels,
        corpus.classes,
        corpus.people,
        corpus.unit,
        {group: corpus.groups[group] for group in ("sex", "intensity")},
    )


def weights(corpus: Corpus) -> NDArray[np.float32]:
    """Return how much every recording counts [n], mean 1: in every corpus its classes alike.

    Over all corpora together a class that only one of them has would count so much there that
    its speakers were heard in nothing else.
    """
    _, place = np.unique(corpus.groups["corpus"], return_inverse=True)
    counts = np.zeros((int(place.max()) + 1, len(RAVDESS)))
    np.add.at(counts, (place, corpus.labels), 1.0)
    mean = counts.sum(axis=1) / (counts > 0).sum(axis=1)
    weight = mean[place] / counts[place, corpus.labels]
    return (weight / weight.mean()).astype(np.float32)


def affect(corpus: Corpus) -> NDArray[np.float32]:
    """Return valence and arousal [n, 2], -1..1, derived from emotion and intensity."""
    places = np.array([circumplex(RAVDESS, one)[:2] for one in np.eye(len(RAVDESS))])
    strength = np.array([STRENGTHS[str(one)] for one in corpus.groups["intensity"]])
    return (places[corpus.labels] * strength[:, None]).astype(np.float32)


def folds(corpus: Corpus, count: int, part: str = "") -> Protocol:
    """Return folds by speaker: of every corpus pairs of a woman and a man are dealt to the folds.

    With `part` only speakers of that corpus are tested; all others are trained on, too.
    """
    place: dict[str, int] = {}
    names = corpus.groups["corpus"]
    for name in np.unique(names):
        mine = corpus.people[names == name]
        sexes = dict(zip(mine.tolist(), corpus.groups["sex"][names == name].tolist(), strict=True))
        sides = [
            sorted(one for one in sexes if sexes[one] == sex) for sex in sorted(set(sexes.values()))
        ]
        for side in sides:
            place |= {one: index % count for index, one in enumerate(side)}
    fold = np.array([place[one] for one in corpus.people.tolist()])
    tested = np.ones(len(corpus), bool) if not part else names == part
    parts = [
        (np.flatnonzero(fold != number), np.flatnonzero((fold == number) & tested))
        for number in range(count)
    ]
    return Protocol(f"{count}-fold by speaker", [one for one in parts if len(one[1])])


def left_out(corpus: Corpus, part: str) -> Protocol:
    """Return the protocol that trains on all other corpora and tests one."""
    mine = corpus.groups["corpus"] == part
    return Protocol(
        "this corpus left out, its speakers and language never heard",
        [(np.flatnonzero(~mine), np.flatnonzero(mine))],
    )


def possible(corpus: Corpus) -> NDArray[np.bool_]:
    """Return for every recording which emotions its corpus has [n, 8]."""
    _, place = np.unique(corpus.groups["corpus"], return_inverse=True)
    found = np.zeros((int(place.max()) + 1, len(RAVDESS)), bool)
    found[place, corpus.labels] = True
    return found[place]


def restricted(
    corpus: Corpus, test: Rows, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return answers in the emotions that the corpora of the tested rows have.

    Calm counts as neutral where nobody was calm.
    """
    known = possible(corpus)[test]
    calm, neutral = RAVDESS.index("calm"), RAVDESS.index("neutral")
    result = probabilities.copy()
    result[:, neutral] += result[:, calm] * ~known[:, calm]
    result *= known
    return result / result.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]
