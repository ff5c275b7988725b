# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Physiology and text as lanes of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from emo_music_ros.io.signals import Signal, blocks
from emo_music_ros.io.tables import timed_texts
from emo_music_ros.sensing.conversation import language_of
from emo_music_ros.sensing.recording import Lane
from emo_music_ros.streams import Sample, Utterance

#: Time one block covers [s]; slow signals have at least one sample in it.
BLOCK = 0.05


def signal_lane(signal: Signal, start: float, source: str) -> Lane:
    """Return a signal in blocks of about 50 ms as a lane that begins at `start` [s]."""

    def samples() -> Iterator[Sample]:
        yield from blocks(signal, BLOCK, start, source)

    return Lane(source, samples, notes=signal.notes)


def text_lane(path: Path, source: str) -> Lane:
    """Return lines of ``time_s<TAB or ,>text`` as a lane; lines without a time are left out.

    Raises
    ------
    InputError
        If no line can be used.
    """
    found = timed_texts(path)
    return Lane(
        source,
        lambda: (
            Utterance(time, text, language_of(text), source=source) for time, text in found.entries
        ),
        notes=found.notes,
    )
