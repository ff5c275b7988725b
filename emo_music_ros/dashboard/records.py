# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The recorded sessions of a person: which there are, and reports of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.care.notes import Note
from emo_music_ros.errors import InputError

#: Forms of a report, and what they are on the web.
FORMS = {".html": "text/html", ".pdf": "application/pdf", ".csv": "text/csv"}
#: As sessions are recorded: when they began [unix s].
_NAME = re.compile(r"\d{1,12}\.\d{9}")

#: Makes a report of files in a form and a language with what was noted, on the thread it is
#: called on; or raises CompanionError.
Maker = Callable[[Sequence[Path], str, str, Sequence[Note]], bytes]


@dataclass(frozen=True)
class Record:
    """A recorded session: its name, when it began [unix s], how large it is [bytes]."""

    name: str
    began: float
    size: int


class Records:
    """What is in the folder of a person.

    Parameters
    ----------
    folder : callable
        Returns where the recordings of the person are whom the pages are about.
    make : callable
        Makes a report, see `Maker`.
    notes : callable
        Returns what was noted about the person, or raises CompanionError.
    """

    def __init__(
        self,
        folder: Callable[[], Path],
        make: Maker,
        notes: Callable[[], Sequence[Note]] = tuple,
    ) -> None:
        self._folder = folder
        self._make = make
        self._notes = notes

    def found(self) -> list[Record]:
        """Return what is recorded, the newest first."""
        try:
            paths = list(self._folder().glob("*.mcap"))
        except OSError:
            return []
        records = []
        for path in paths:
            if _NAME.fullmatch(path.stem) and path.is_file():
                size = path.stat().st_size
                records.append(Record(path.stem, float(path.stem), size))
        return sorted(records, key=lambda each: each.began, reverse=True)

    def report(self, name: str, form: str, language: str) -> bytes:
        """Return a report of one session, or of all where no name is given.

        Raises
        ------
        CompanionError
            If there is none of that name, or no report can be made of it.
        """
        names = [each.name for each in self.found()]
        wanted = [name] if name else names
        if not wanted or not set(wanted) <= set(names):
            raise InputError("there is no such session", "Choose one of the page")
        folder = self._folder()
        files = [folder / f"{each}.mcap" for each in wanted]
        return self._make(files, form, language, self._notes())
