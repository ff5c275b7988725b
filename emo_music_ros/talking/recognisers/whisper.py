# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whatever is said, by faster-whisper and a model folder that a user brings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError, PluginError
from emo_music_ros.options import option
from emo_music_ros.talking.base import Transcript
from emo_music_ros.talking.recognisers.folders import model_folder

#: A transcript that is more probably of no speech at all than this is none: it invents some.
_NO_SPEECH = 0.6


class FasterWhisper:
    """Writes down what is said with a Whisper model of CTranslate2."""

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        model: str = option("", "folder of the model, with model.bin")
        language: str = option("", "language that is spoken, as IETF tag; empty = found out")
        threads: int = option(2, "cores that it may use", low=1, high=64)

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        self._model: Any = None

    def prepare(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Load the model; nothing is ever downloaded.

        Raises
        ------
        ModelError
            If there is no model in the folder.
        PluginError
            If the package is missing.
        """
        folder = model_folder(
            self.options.model,
            "model.bin",
            "Whisper",
            "Name a folder with model.bin of CTranslate2 in faster_whisper.model",
        )
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise PluginError(
                f"faster-whisper cannot be imported: {error}",
                "Install it: pip install faster-whisper==1.2.1",
            ) from error
        try:
            self._model = WhisperModel(
                str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=self.options.threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"the Whisper model in '{folder}' is unusable: {error}", "Copy it again"
            ) from error

    def __call__(self, samples: NDArray[np.float32]) -> Transcript | None:
        """Return what is said in one utterance."""
        parts, found = self._model.transcribe(
            samples,
            language=self.options.language or None,
            beam_size=1,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        heard = [part for part in parts if part.no_speech_prob < _NO_SPEECH]
        text = "".join(part.text for part in heard).strip()
        if not text:
            return None
        confidence = math.exp(sum(part.avg_logprob for part in heard) / len(heard))
        return Transcript(text, found.language, confidence)
