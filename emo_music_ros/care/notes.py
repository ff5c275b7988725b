# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What somebody wrote about a moment or a session."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emo_music_ros.errors import InputError
from emo_music_ros.names import LONGEST, printable

#: Who may write; what two roles write is never pooled.
RATERS = ("carer", "therapist")
#: Most characters of a note.
LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Note:
    """One note: about which moment [unix s], by whom in which role, and of which session."""

    time: float
    rater: str
    author: str
    text: str
    session: str = ""
    note_id: str = ""


def checked(note: Note) -> Note:
    """Return a note as it can be stored, sent and shown.

    Raises
    ------
    InputError
        If it cannot be.
    """
    if note.rater not in RATERS:
        raise InputError(f"nobody notes as {note.rater[:40]!r}", f"Give {' or '.join(RATERS)}")
    if not note.text.strip():
        raise InputError("the note is empty", "Write what was seen")
    if note.text != printable(note.text, LONGEST_NOTE):
        raise InputError(
            f"a note of {len(note.text)} characters cannot be kept",
            f"Write at most {LONGEST_NOTE} printable characters on one line",
        )
    if any(each != printable(each, LONGEST) for each in (note.author, note.session)):
        raise InputError("the author or session of a note cannot be", "Give their names")
    if not math.isfinite(note.time) or note.time < 0:
        raise InputError(f"a note about the time {note.time}", "Give seconds of the unix clock")
    return note
