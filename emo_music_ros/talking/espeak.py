# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A voice by the program espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
import threading
from dataclasses import dataclass

from emo_music_ros.errors import PluginError
from emo_music_ros.options import option

#: IETF tag -> voice of espeak-ng, where they differ.
VOICES = {"zh": "cmn", "en": "en-gb"}
#: A line that takes longer than this [s] is given up.
LONGEST = 30.0


class Espeak:
    """Speaks through the sound device with espeak-ng."""

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        program: str = option("espeak-ng", "name or path of the program")
        rate: int = option(140, "words per minute; slow is understood better", low=80, high=300)
        volume: int = option(80, "amplitude of the voice, 0..200", low=0, high=200)

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def say(self, text: str, language: str) -> None:
        """Say a line and return when it is over, or when it was hushed.

        Raises
        ------
        PluginError
            If the program is missing or fails.
        """
        program = shutil.which(self.options.program)
        if program is None:
            raise PluginError(
                f"'{self.options.program}' is not installed: the robot answers nothing aloud",
                "Install it: sudo apt install espeak-ng, or take the plugin none and the topic",
            )
        language = language.split("-")[0].lower()
        command = [program, "-v", VOICES.get(language, language or "en-gb")]
        command += ["-s", str(self.options.rate), "-a", str(self.options.volume), "--", text]
        with self._lock:
            process = self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        try:
            _, told = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise PluginError(
                f"espeak-ng spoke for more than {LONGEST:.0f} s", "See whether sound plays at all"
            ) from None
        finally:
            with self._lock:
                self._process = None
        if process.returncode > 0:  # a negative one was hushed
            raise PluginError(
                f"espeak-ng failed: {told.decode('utf-8', 'replace').strip()}",
                "Try it by hand: espeak-ng hello",
            )

    def hush(self) -> None:
        """Fall silent at once."""
        with self._lock:
            if self._process is not None:
                self._process.terminate()
