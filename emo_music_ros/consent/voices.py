# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The prints of the voices of people who agreed to it, one file each, for its owner only."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.consent.traces import folder_of, remove_folder, voices_folder
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.resources import private_folder

#: Name of the file within the folder of a person, and its largest size [bytes].
FILE, LARGEST = "voice.json", 100_000
_REMEDY = "Enrol the voice again, or delete that file"


@dataclass(frozen=True)
class Enrolled:
    """The voice of a person.

    Attributes
    ----------
    person_id : str
        Whose it is.
    version : str
        Of the network that made the print; prints of others cannot be compared.
    voice : tuple of float
        The print, of length 1.
    seconds : float
        Speech it was made from [s].
    time : float
        When [unix s].
    """

    person_id: str
    version: str
    voice: tuple[float, ...]
    seconds: float
    time: float

    @property
    def print(self) -> NDArray[np.float32]:
        """The print as an array."""
        return np.array(self.voice, np.float32)


class Voices:
    """The files of a namespace: each robot or resident has its own.

    Attributes
    ----------
    problem : str
        Why a voice is not known that should be; empty = all are.
    """

    def __init__(self, namespace: str) -> None:
        self._folder = voices_folder(namespace)
        self._known: dict[Path, tuple[tuple[int, int], Enrolled | None, str]] = {}
        self.problem = ""

    def enrolled(self) -> dict[str, Enrolled]:
        """Return everybody whose voice is known. A file that did not change is not read again."""
        found = sorted(self._folder.glob(f"*/{FILE}"))
        self._known = {path: entry for path in found if (entry := self._entry(path)) is not None}
        self.problem = next((entry[2] for entry in self._known.values() if entry[2]), "")
        voices = [entry[1] for entry in self._known.values() if entry[1] is not None]
        return {voice.person_id: voice for voice in voices}

    def store(self, voice: Enrolled) -> Path:
        """Keep a voice in place of the one before.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        folder = folder_of(self._folder, voice.person_id)
        path, part = folder / FILE, folder / f"{FILE}.part"
        try:
            private_folder(folder)
            number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(asdict(voice), file)
            part.replace(path)
        except OSError as error:
            raise StorageError(
                f"the voice of '{voice.person_id}' cannot be kept in {path} ({error.strerror})",
                "Free disk space and check the rights of that folder",
            ) from error
        return path

    def forget(self, person_id: str) -> list[str]:
        """Remove the voice of a person and return the files that were removed.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        return remove_folder(folder_of(self._folder, person_id))

    def _entry(self, path: Path) -> tuple[tuple[int, int], Enrolled | None, str] | None:
        """Return what a file holds, read again if it changed; None if it went meanwhile."""
        try:
            state = path.stat()
        except OSError:
            return None
        mark = (state.st_mtime_ns, state.st_size)
        known = self._known.get(path)
        if known is not None and known[0] == mark:
            return known
        try:
            return mark, _read(path, state.st_size), ""
        except InputError as error:
            return mark, None, str(error)


def _read(path: Path, size: int) -> Enrolled:
    """Return the voice in a file.

    Raises
    ------
    InputError
        If it cannot be read or is none.
    """
    try:
        content: Any = json.loads(path.read_text("utf-8")) if size <= LARGEST else None
        found = Enrolled(
            str(content["person_id"]),
            str(content["version"]),
            tuple(float(value) for value in content["voice"]),
            float(content["seconds"]),
            float(content["time"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"the voice in {path} cannot be read ({error!r})", _REMEDY) from error
    sound = all(map(math.isfinite, found.voice)) and abs(np.linalg.norm(found.print) - 1) < 0.01
    if not sound or folder_of(path.parents[1], found.person_id) != path.parent:
        raise InputError(f"what {path} holds is no voice, or somebody else's", _REMEDY)
    return found
