# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pictures and sounds that people give, judged by a process of its own.

What a decoder does with a strange file ends that process and nothing else, and what the networks
take is given back.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_music_ros.errors import InputError
from emo_music_ros.resources import own_command

#: What can be given, by the modality that judges it.
GIVEN = ("face", "speech")
#: How long it may take [s].
PATIENCE = 30.0


@dataclass(frozen=True)
class Judged:
    """What a file is taken for: classes and their probabilities, valence and arousal, -1..1."""

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    valence: float
    arousal: float

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Judged:
        """Return one result of ``emo-music predict``."""
        valence, arousal = (
            math.nan if result[name] is None else float(result[name])
            for name in ("valence", "arousal")
        )
        return cls(tuple(result["labels"]), tuple(result["probabilities"]), valence, arousal)


class JudgeProcess:
    """Judges one file at a time, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, modality: str, content: bytes) -> Judged:
        """Return what a file is taken for.

        Parameters
        ----------
        modality : str
            One of `GIVEN`.
        content : bytes
            Of the file: a picture, or sound.

        Raises
        ------
        InputError
            If it cannot be judged, takes too long, or another one is being judged.
        """
        if not self._lock.acquire(blocking=False):
            raise InputError("another file is being judged", "Try again in some seconds")
        try:
            with tempfile.TemporaryDirectory(prefix="emo-music-given-") as folder:
                file = Path(folder, "given")
                file.write_bytes(content)
                return self._judge(modality, file)
        finally:
            self._lock.release()

    def _judge(self, modality: str, file: Path) -> Judged:
        command = own_command("predict", modality, str(file))
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise InputError(
                f"it took longer than {PATIENCE:.0f} s to judge", "Give a shorter file"
            ) from error
        try:
            result = json.loads(done.stdout.splitlines()[0])
        except (IndexError, ValueError) as error:
            lines = done.stderr.decode("utf-8", "replace").splitlines()
            why = lines[-1] if lines else f"its process ended with {done.returncode}"
            raise InputError(f"it cannot be judged: {why}", "Try emo-music predict") from error
        if "error" in result and not result.get("labels"):  # with them nobody speaks
            why = str(result["error"]).replace(str(file), "it").replace("''", "'")
            raise InputError(why.replace("'it'", "it"), "Give another file")
        return Judged.of(result)
