# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A site's own recordings: what the encoders said there, and what people say was felt.

A folder ``site`` of MCAP files made by ``emo-music record``, each with a file of labels made by
``emo-music label`` beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.errors import InputError
from emo_music_ros.io.encodings import read_encodings
from emo_music_ros.streams import Encoding
from emo_music_ros.training.corpora import labels
from emo_music_ros.training.corpora.labels import Label

NAME, FOLDER = "A site's recordings", "site"
#: A moment every so many seconds of what is labelled.
EVERY = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Site:
    """Labelled moments of a site.

    Attributes
    ----------
    heard : list of list of (Encoding, float)
        For every moment the newest encoding of every modality and its age [s].
    states : array int64 [n]
        What was felt, as a number of :data:`emo_music_ros.emotion.STATES`.
    people : array of str [n]
        Whose moment it is.
    modalities : tuple of str
        All that are heard, in order of name.
    """

    heard: list[list[tuple[Encoding, float]]]
    states: NDArray[np.int64]
    people: NDArray[np.str_]

    @property
    def modalities(self) -> tuple[str, ...]:  # noqa: D102
        return tuple(sorted({one.modality for moment in self.heard for one, _ in moment}))


def files(data: Path) -> list[Path]:
    """Return the recordings of ``data/site`` that have labels, in order of name."""
    found = sorted(Path(data, FOLDER).glob("*.mcap*"))
    return [path for path in found if labels.path_of(path).is_file()]


def load(data: Path, limits: dict[str, float]) -> Site:
    """Return the labelled moments of all recordings; what cannot be used is logged by name.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``site``.
    limits : dict
        Modality -> age after which what it said is ignored [s]; what is not in it is not taken.

    Raises
    ------
    InputError
        If there is no labelled recording, or no encoder said anything in what is labelled.
    """
    heard: list[list[tuple[Encoding, float]]] = []
    states: list[int] = []
    people: list[str] = []
    for path in files(data):
        marked, problems = labels.read(labels.path_of(path))
        said: list[Encoding] = []
        try:
            said.extend(read_encodings([path]))
        except InputError as error:  # comes after all that can be read
            problems.append(error.cause)
        for problem in problems:
            log.warning("%s: %s", path.name, problem)
        for label in marked:
            found = list(moments(said, label, limits))
            if not found:
                log.warning(
                    "%s: no encoder said anything from %g s to %g s",
                    *(path.name, label.start, label.end),
                )
            heard += found
            states += [STATES.index(label.state)] * len(found)
            people += [label.person or path.name.split(".mcap")[0]] * len(found)
    if not heard:
        raise InputError(f"{Path(data, FOLDER)} holds no labelled recording", labels.REMEDY)
    return Site(heard, np.array(states), np.array(people))


def moments(
    said: Sequence[Encoding], label: Label, limits: dict[str, float]
) -> Iterator[list[tuple[Encoding, float]]]:
    """Yield what was newest at every second of a labelled stretch; seconds of silence are none."""
    mine = [
        one
        for one in said
        if one.modality in limits and (not label.person or one.person_id in ("", label.person))
    ]
    for now in np.arange(label.start, label.end, EVERY):
        newest: dict[str, Encoding] = {}
        for one in mine:
            if 0.0 <= now - one.time <= limits[one.modality]:
                kept = newest.get(one.modality)
                newest[one.modality] = one if kept is None or one.time >= kept.time else kept
        if newest:
            yield [(one, float(now - one.time)) for one in newest.values()]
