# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whatever is said, by Vosk and a model folder that a user brings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError, PluginError
from emo_music_ros.options import option
from emo_music_ros.talking.base import RATE, Transcript
from emo_music_ros.talking.recognisers.folders import model_folder


class Vosk:
    """Writes down what is said with a Vosk model, such as a small Chinese one."""

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        model: str = option("", "folder of the model, such as vosk-model-small-cn-0.22")
        language: str = option("zh", "language of that model, as IETF tag")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        self._recogniser: Any = None

    def prepare(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Load the model.

        Raises
        ------
        ModelError
            If there is no model in the folder.
        PluginError
            If the package is missing.
        """
        folder = model_folder(
            self.options.model,
            "am",
            "Vosk",
            "Unpack one from alphacephei.com/vosk/models and name its folder in vosk.model",
        )
        try:
            import vosk
        except ImportError as error:
            raise PluginError(
                f"vosk cannot be imported: {error}", "Install it: pip install vosk==0.3.45"
            ) from error
        vosk.SetLogLevel(-1)
        try:
            self._recogniser = vosk.KaldiRecognizer(vosk.Model(str(folder)), RATE)
        except Exception as error:  # it raises Exception itself
            raise ModelError(
                f"the Vosk model in '{folder}' is unusable: {error}", "Unpack it again"
            ) from error
        self._recogniser.SetWords(True)

    def __call__(self, samples: NDArray[np.float32]) -> Transcript | None:
        """Return what is said in one utterance."""
        sound = (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16).tobytes()
        self._recogniser.AcceptWaveform(sound)
        answer = json.loads(self._recogniser.FinalResult())
        if not answer.get("text"):
            return None
        sure = [float(word["conf"]) for word in answer.get("result", ())]
        confidence = float(np.mean(sure)) if sure else 1.0
        return Transcript(answer["text"], self.options.language, confidence)
