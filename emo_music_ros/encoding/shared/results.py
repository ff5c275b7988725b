# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Results of files as values that JSON knows, one bad file never ending the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from emo_music_ros.errors import CompanionError, InputError, ModelError
from emo_music_ros.names import one_line
from emo_music_ros.numerics import plain
from emo_music_ros.paths import regular_file
from emo_music_ros.streams import Estimate

log = logging.getLogger(__name__)


def plain_estimate(estimate: Estimate) -> dict[str, Any]:
    """Return the fields of an estimate by name; None stands for unknown."""
    return {
        "labels": list(estimate.labels),
        "probabilities": [float(value) for value in estimate.probabilities],
        "valence": plain(estimate.valence),
        "arousal": plain(estimate.arousal),
        "dominance": plain(estimate.dominance),
        "confidence": float(estimate.confidence),
        "quality": float(estimate.quality),
        "credible": list(estimate.credible),
    }


def unanswered(name: str | Path, why: str) -> dict[str, Any]:
    """Return the result of an input that cannot be judged: `input` and `error`, in one line."""
    return {"input": str(name), "error": one_line(why)}


def each(
    inputs: Iterable[str | Path], judge: Callable[[Path], Iterator[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """Yield the results of all inputs; of one that gives none, or fails, what was wrong with it.

    Parameters
    ----------
    inputs : iterable of str or pathlib.Path
        Files or folders.
    judge : callable
        Yields the results of one.

    Raises
    ------
    ModelError
        If there is nothing to judge by.
    """
    for name in inputs:
        answered = False
        try:
            for result in judge(Path(name)):
                answered = True
                yield result
        except ModelError:
            raise
        except CompanionError as error:
            yield unanswered(name, str(error))
        except Exception as error:  # decoders of odd files raise anything; the rest goes on
            log.debug("'%s' failed", name, exc_info=True)
            yield unanswered(name, f"cannot be judged: {type(error).__name__}: {error}")
        else:
            if not answered:
                yield unanswered(name, "holds too little to judge: no result came of it")


def file(name: str | Path) -> Path:
    """Return the path of an input that is a file.

    Raises
    ------
    InputError
        If there is none, or it is a folder, a pipe or a device, which may never end.
    """
    path = Path(name)
    try:
        return regular_file(path, "input")
    except InputError as error:
        if path.is_dir():
            raise InputError(f"'{path}' is a folder, not a file", "Name the files in it") from error
        raise
