# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A report into a file, in the form its name asks for."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from emo_music_ros.care.notes import Note, checked
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.report.recording import Session, read_sessions
from emo_music_ros.report.words import REPORT_WORDS

FORMS = (".html", ".pdf", ".csv")


def render(
    files: Sequence[Path],
    form: str,
    language: str = "en",
    person: str = "",
    notes: Sequence[Note] = (),
) -> bytes:
    """Return a report of recordings.

    Parameters
    ----------
    files : sequence of pathlib.Path
        MCAP.
    form : str
        One of `FORMS`.
    language : str
        ``en`` or ``zh``; csv is always English.
    person : str
        Whom it is about; empty = everybody, each apart.
    notes : sequence of Note
        What was written about the sessions, or about moments within them.

    Raises
    ------
    InputError
        If a file cannot be opened, the form is none, or nothing is about that person.
    """
    if form not in FORMS:
        raise InputError(f"there is no report as '{form}'", f"End its name in {', '.join(FORMS)}")
    sessions, problems = read_sessions(files)
    if person:
        known = sorted({each.person for each in sessions})
        sessions = [each for each in sessions if each.person == person]
        if not sessions:
            raise InputError(
                f"nothing is about '{person}'", f"They are about: {', '.join(known) or 'nobody'}"
            )
    for each in sessions:
        each.notes = [note for note in notes if _about(note, each)]
    if form == ".csv":
        from emo_music_ros.report.table import table

        return table(sessions).encode("utf-8-sig")  # spreadsheets ask for the mark
    from emo_music_ros.report.content import blocks

    words = REPORT_WORDS[language]
    said = blocks(sessions, problems, words)
    if form == ".pdf":
        from emo_music_ros.report.pdf import pdf

        return pdf(said, words)
    from emo_music_ros.report.page import page

    return page(said, words).encode("utf-8")


def _about(note: Note, session: Session) -> bool:
    if note.session:
        return note.session == Path(session.file).stem
    return session.began <= note.time <= session.began + session.length


def read_notes(path: Path) -> list[Note]:
    """Return the notes in a file.

    Raises
    ------
    InputError
        If it holds anything else.
    """
    try:
        return [checked(Note(**entry)) for entry in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"'{path}' holds no notes ({error})",
            "Give a JSON list of objects with time, rater, author, text and session",
        ) from error


def save(content: bytes, path: Path) -> None:
    """Write a report, whole or not at all, for its owner only.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    temporary = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    try:
        number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StorageError(
            f"the report '{path}' cannot be written: {error.strerror}",
            "Free space, or name a file in a folder that is there and can be written",
        ) from error
