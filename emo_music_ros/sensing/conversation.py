# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people type or say, as utterances."""

from __future__ import annotations

import io
import os
import re
import select
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.sensing.device import PATIENCE, Connection, DeviceSource, EndOfRecording
from emo_music_ros.streams import Sample, Utterance

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
#: Longest line that is kept [bytes]; a longer one is cut.
LONGEST_LINE = 65536
#: A recogniser that says nothing more for so long [s] is done, whether it says so or not.
UNFINISHED = 2.0


def language_of(text: str) -> str:
    """Guess the language by script: ``zh``, ``en``, or empty if neither fits."""
    if _KANA.search(text):
        return ""
    if _HAN.search(text):
        return "zh"
    return "en" if _LATIN.search(text) else ""


class LiveSpeech:
    """What one voice says, from messages such as ROS4HRI's LiveSpeech.

    Results of a recogniser that are still going to change are kept back until the final one is
    there; where none comes, the last of them counts.

    Parameters
    ----------
    source : str
        Which recogniser or voice.
    """

    def __init__(self, source: str = "live:speech") -> None:
        self._source = source
        self._open: tuple[float, Utterance] | None = None  # when it came, and what was said

    def __call__(
        self,
        final: str,
        incremental: str,
        locale: str,
        confidence: float,
        *,
        time: float,
        now: float,
        person_id: str = "",
    ) -> Utterance | None:
        """Return what was said, None while the recogniser still listens.

        Parameters
        ----------
        final : str
            The recognised text when the recogniser is done; empty while it still listens.
        incremental : str
            The text so far.
        locale : str
            Such as ``en_GB``; empty = guessed from the script.
        confidence : float
            0..1; 0 means that the recogniser gives none, which is taken as 1.
        time : float
            When it was said [unix s].
        now : float
            The time now, of any clock that nobody sets [s].
        person_id : str
            Who said it.
        """
        text = final.strip() or incremental.strip()
        if not text:
            return None
        language = re.split(r"[_.-]", locale)[0].lower() or language_of(text)
        sure = confidence if 0.0 < confidence <= 1.0 else 1.0
        said = Utterance(time, text, language, sure, person_id, self._source)
        if not final.strip():
            self._open = now, said
            return None
        self._open = None
        return said

    def unfinished(self, now: float) -> Utterance | None:
        """Return what was said if the recogniser fell silent without a final result."""
        if self._open is None or now - self._open[0] < UNFINISHED:
            return None
        (_, said), self._open = self._open, None
        return said


@dataclass(frozen=True)
class TerminalOptions:
    """What can be set."""

    person_id: str = option("", "who types; empty = unknown")


class Terminal(DeviceSource):
    """Delivers each line typed or piped into standard input as an utterance.

    Parameters
    ----------
    options : TerminalOptions
        Who types.
    """

    Options = TerminalOptions

    def __init__(self, options: TerminalOptions | None = None) -> None:
        self._options = TerminalOptions() if options is None else options
        super().__init__("terminal", self._open)

    def _open(self, stop: threading.Event) -> Connection:
        try:
            descriptor = sys.stdin.fileno()
        except (AttributeError, ValueError, io.UnsupportedOperation) as error:
            raise EndOfRecording("terminal: there is no standard input") from error
        return StandardInput(descriptor, self._options.person_id)


class StandardInput:
    """Lines of a file descriptor, read without ever blocking for long.

    Raises
    ------
    InputError
        If the terminal belongs to another job.
    """

    def __init__(self, descriptor: int, person_id: str) -> None:
        self.detail = "terminal: type a line and press Enter"
        self.dropped = 0
        self._descriptor = descriptor
        self._person_id = person_id
        self._rest = b""
        self._ended = False

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return the lines that are complete."""
        if self._ended:
            raise EndOfRecording("terminal: standard input ended")
        descriptor = self._descriptor
        # Reading a terminal from the background would stop the whole process.
        if os.isatty(descriptor) and os.tcgetpgrp(descriptor) != os.getpgrp():
            raise InputError("terminal: runs in the background", "Bring it to the foreground (fg)")
        try:
            if not select.select([descriptor], [], [], PATIENCE)[0]:
                return ()
            content = os.read(descriptor, LONGEST_LINE)
        except (OSError, ValueError) as error:
            raise EndOfRecording(f"terminal: standard input was closed: {error}") from error
        self._ended = not content
        *lines, self._rest = (self._rest + content).split(b"\n")
        if self._ended or len(self._rest) >= LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        now = time.time()
        texts = [line.decode("utf-8", "replace").strip() for line in lines]
        return [
            Utterance(now, text, language_of(text), 1.0, self._person_id, "live:terminal")
            for text in texts
            if text
        ]

    def close(self) -> None:
        """Leave standard input open: it is not ours."""
