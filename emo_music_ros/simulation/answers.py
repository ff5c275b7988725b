# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the encoders answered to people they never saw, to be drawn from.

``models/answers.npz`` holds for every modality, one row an answer, the arrays ``<modality>_truth``
(number of the label), ``_probabilities`` [n, labels], ``_confidence``, ``_quality`` and ``_group``
(whose answer it is), and what else was recorded; ``models/answers.json`` says what they mean and
has their hash. Which corpora they are from and how people were left out: ``models/answers.md``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import from_labels
from emo_music_ros.errors import InputError
from emo_music_ros.resources import share
from emo_music_ros.streams import Estimate

NAME = "answers"
#: Arrays that every modality has.
COLUMNS = ("truth", "probabilities", "confidence", "quality", "group")
#: Whose encoders say nothing of valence and dominance.
AROUSAL_ONLY = ("physiology",)
REMEDY = (
    "Restore it from the release, or make it again: python -m emo_music_ros.training.answers "
    "--data FOLDER --out models"
)

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """The answers of one encoder, one row each; rows of one group are together.

    Attributes
    ----------
    labels : tuple of str
        Of the truth and of the answers.
    conformal : float
        Probability from which the encoder takes a label as credible.
    people : bool
        Whether a group is a person; else it is one item (and near copies of it), since the corpus
        does not say whose it is.
    truth : array int64 [n]
        Number of the label that holds.
    probabilities : array float32 [n, labels]
        The answers; each row sums to 1.
    confidence, quality : array float32 [n]
        As published, 0..1.
    group : array int64 [n]
        Who, from 0 on.
    features : mapping of str to array float32 [n]
        What else was recorded. Of physiology, in order of time within a person:
        ``heart_rate_change`` [1/min] against the mean of this person's rest, NaN = unknown, and
        ``elapsed`` [s] since the person's first answer.
    """

    labels: tuple[str, ...]
    conformal: float
    people: bool
    truth: Rows
    probabilities: NDArray[np.float32]
    confidence: NDArray[np.float32]
    quality: NDArray[np.float32]
    group: Rows
    features: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.truth)

    def rows(self, label: str, person: int | None = None) -> Rows:
        """Return the rows of a true label, of all or of one person.

        Raises
        ------
        InputError
            If the label is none of this table's, or nobody is known and a person is asked for.
        """
        if label not in self.labels:
            raise InputError(
                f"'{label}' is no label of these answers", f"Use {', '.join(self.labels)}"
            )
        found = self.truth == self.labels.index(label)
        if person is not None:
            if not self.people:
                raise InputError(
                    "these answers do not say whose they are", "Draw them without a person"
                )
            found &= self.group == person
        return np.flatnonzero(found)

    def listeners(self, *labels: str) -> Rows:
        """Return the people who have answers to each of these labels; none where nobody is known.

        Raises
        ------
        InputError
            If a label is none of this table's.
        """
        found = np.unique(self.group) if self.people else np.empty(0, np.int64)
        for label in labels:
            found = np.intersect1d(found, self.group[self.rows(label)])
        return found


class Answers:
    """The recorded answers of all modalities.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where to look; default is the ``models`` folder of the package.

    Attributes
    ----------
    version : str
        Of the recording.
    modalities : tuple of str
        What was recorded.

    Raises
    ------
    InputError
        If a file is missing, unreadable, does not match its hash or lacks an array.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = share("models") if folder is None else Path(folder)
        content, description = folder / f"{NAME}.npz", folder / f"{NAME}.json"
        for path in (content, description):
            if not path.is_file():
                raise InputError(f"recorded answers {path} are missing", REMEDY)
        try:
            about: dict[str, Any] = json.loads(description.read_text("utf-8"))
            self.version = str(about["version"])
            expected, described = str(about["sha256"]), dict(about["modalities"])
            binary = content.read_bytes()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"description {description} is unreadable: {error!r}", REMEDY
            ) from error
        if hashlib.sha256(binary).hexdigest() != expected:
            raise InputError(f"recorded answers {content} are corrupt: another hash", REMEDY)
        try:
            with np.load(io.BytesIO(binary)) as archive:
                self._tables = {
                    name: _table(name, entry, archive) for name, entry in described.items()
                }
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"recorded answers {content} are not as described: {error!r}", REMEDY
            ) from error
        self.modalities = tuple(self._tables)

    def table(self, modality: str) -> Table:
        """Return all answers of a modality.

        Raises
        ------
        InputError
            If there are none.
        """
        if modality not in self._tables:
            raise InputError(
                f"no answers of '{modality}' were recorded", f"Use {', '.join(self.modalities)}"
            )
        return self._tables[modality]

    def pick(
        self,
        modality: str,
        truth_label: str,
        rng: np.random.Generator,
        person: int | None = None,
    ) -> int:
        """Draw the row of an answer to somebody of whom this label holds.

        Parameters
        ----------
        modality : str
            Whose encoder answers.
        truth_label : str
            One of the labels of its table.
        rng : numpy.random.Generator
            Draws among the answers, each as likely.
        person : int, optional
            Only answers to this person; see :meth:`Table.listeners`.

        Raises
        ------
        InputError
            If there is no such answer.
        """
        rows = self.table(modality).rows(truth_label, person)
        if not len(rows):
            whom = "" if person is None else f" of person {person}"
            raise InputError(
                f"no {modality} answer to '{truth_label}'{whom} was recorded",
                "Draw among the listeners who have one",
            )
        return int(rows[rng.integers(len(rows))])

    def estimate(self, modality: str, row: int) -> Estimate:
        """Return a recorded answer as its encoder publishes it."""
        table = self.table(modality)
        found = dataclasses.replace(
            from_labels(
                table.labels,
                table.probabilities[row],
                float(table.quality[row]),
                table.conformal,
            ),
            confidence=float(table.confidence[row]),
        )
        if modality in AROUSAL_ONLY:
            nan = float("nan")
            found = dataclasses.replace(found, valence=nan, dominance=nan)
        return found

    def draw(
        self,
        modality: str,
        truth_label: str,
        rng: np.random.Generator,
        person: int | None = None,
    ) -> Estimate:
        """Draw what the encoder answers to somebody of whom this label holds; see :meth:`pick`."""
        return self.estimate(modality, self.pick(modality, truth_label, rng, person))


def _table(name: str, about: Mapping[str, Any], archive: Any) -> Table:
    """Return the table of a modality.

    Raises
    ------
    KeyError, ValueError, TypeError
        If an array is missing or of another shape than the others.
    """
    labels = tuple(str(label) for label in about["labels"])
    truth, raw, confidence, quality, group = (archive[f"{name}_{column}"] for column in COLUMNS)
    extra = [str(feature) for feature in about["features"]]
    features = {feature: archive[f"{name}_{feature}"].astype(np.float32) for feature in extra}
    count = len(truth)
    if raw.shape != (count, len(labels)) or not count:
        raise ValueError(f"{name} has probabilities {raw.shape} of {len(labels)} labels")
    if any(len(one) != count for one in (confidence, quality, group, *features.values())):
        raise ValueError(f"the columns of {name} differ in length")
    probabilities = raw.astype(np.float32)
    total = probabilities.sum(axis=1, keepdims=True)
    if truth.max() >= len(labels) or not np.allclose(total, 1.0, atol=0.01):
        raise ValueError(f"{name} holds no probabilities, or a label that is none")
    return Table(
        labels,
        float(about["conformal"]),
        bool(about["people"]),
        truth.astype(np.int64),
        probabilities / total,
        confidence.astype(np.float32),
        quality.astype(np.float32),
        group.astype(np.int64),
        features,
    )
