# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Reports made by a process of their own, so that nothing else has to wait or grow for them."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from emo_music_ros.care.notes import Note
from emo_music_ros.errors import InputError
from emo_music_ros.resources import own_command

#: How long a report may take [s].
PATIENCE = 300.0


class ReportProcess:
    """Makes one report at a time, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self._closed = False

    def make(
        self, files: Sequence[Path], form: str, language: str, notes: Sequence[Note] = ()
    ) -> bytes:
        """Return a report of recordings, see :func:`emo_music_ros.report.write.render`.

        Raises
        ------
        InputError
            If it cannot be made, takes too long, or another one is being made.
        """
        arguments = ["report", *map(str, files), "--language", language]
        if not notes:
            return self._run(arguments, form)
        with tempfile.TemporaryDirectory(prefix="emo-music-notes-") as folder:
            noted = Path(folder, "notes.json")
            noted.write_text(json.dumps([vars(each) for each in notes]), "utf-8")
            return self._run([*arguments, "--notes", str(noted)], form)

    def own_data(self, person: str, namespace: str, recordings: str) -> bytes:
        """Return what is kept of a person, see :mod:`emo_music_ros.commands.own_data`.

        Raises
        ------
        InputError
            As of `make`.
        """
        places = ["--namespace", namespace, "--recordings", recordings]
        return self._run(["own-data", *places, "--", person], ".zip")

    def _run(self, arguments: Sequence[str], ending: str) -> bytes:
        if not self._lock.acquire(blocking=False):
            raise InputError("another report is being made", "Try again in a minute")
        try:
            with tempfile.TemporaryDirectory(prefix="emo-music-report-") as folder:
                return self._make(arguments, Path(folder, f"report{ending}"))
        finally:
            self._lock.release()

    def close(self) -> None:
        """End what is being made."""
        self._closed = True
        if self._running is not None:
            self._running.kill()

    def _make(self, arguments: Sequence[str], out: Path) -> bytes:
        command, *rest = arguments
        with subprocess.Popen(
            own_command(command, "--out", str(out), *rest),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            self._running = process
            if self._closed:
                process.kill()
            try:
                _, told = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise InputError(
                    f"the report took longer than {PATIENCE:.0f} s", "Choose fewer sessions"
                ) from error
            finally:
                self._running = None
        if process.returncode:
            lines = [line for line in told.splitlines() if line.startswith("error: ")]
            why = lines[-1].removeprefix("error: ") if lines else "its process ended"
            raise InputError(
                f"the report cannot be made: {why}", "Try the command emo-music report"
            )
        return out.read_bytes()
