# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""English commands by PocketSphinx, whose model comes with its Python package.

A command is verified, not transcribed: the best phrase of the list is compared with the best string
of phones, whatever they are, over the whole utterance (Rose and Paul 1990). What is no command is
explained far better by its phones. Free transcription takes more work and understands less.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError, PluginError
from emo_music_ros.options import option
from emo_music_ros.talking.base import RATE, Transcript

_LANGUAGE = "en"
_INSTALL = "Install it: pip install pocketsphinx==5.1.1"
#: Hops of the features per second [Hz].
_FRAMES = 100
#: An utterance shorter than this [s] is no word.
_SHORTEST = 0.1
#: How fast the confidence falls around the limit; it is one half there.
_STEEP = 5.0


class PocketSphinx:
    """Recognises English commands of a list, with the model of the package pocketsphinx."""

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        limit: float = option(
            -1.8,
            "scaled log-likelihood ratio of phrase to phones at which a command is as likely "
            "as not",
            low=-5.0,
            high=1.0,
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        self._decoder: Any = None

    def prepare(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Load the acoustic model, the phrases as a grammar, and the free phones.

        Raises
        ------
        PluginError
            If the package is missing.
        ModelError
            If its model is, or a phrase has a word that it does not know.
        """
        try:
            from pocketsphinx import Decoder, get_model_path
        except ImportError as error:
            raise PluginError(f"pocketsphinx cannot be imported: {error}", _INSTALL) from error
        chosen = list(phrases.get(_LANGUAGE, ()))
        if not chosen:
            raise ModelError("pocketsphinx has no phrases to listen for", "It knows English only")
        try:
            decoder = Decoder(samprate=RATE, loglevel="FATAL", lm=None, bestpath=False)
            words = {word for phrase in chosen for word in phrase.split()}
            unknown = sorted(word for word in words if decoder.lookup_word(word) is None)
            if unknown:
                raise ModelError(
                    f"pocketsphinx does not know {', '.join(unknown)}", "Correct the phrases"
                )
            grammar = f"#JSGF V1.0; grammar commands; public <command> = {' | '.join(chosen)};"
            decoder.add_jsgf_string("commands", grammar)
            phones = os.path.join(get_model_path(), "en-us-phone.lm.bin")
            decoder.add_allphone_file("phones", phones)
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"the model of pocketsphinx is unusable: {error}", _INSTALL) from error
        self._decoder = decoder

    def __call__(self, samples: NDArray[np.float32]) -> Transcript | None:
        """Return the command that an utterance is, with how likely; None if it is none at all."""
        if len(samples) < _SHORTEST * RATE:
            return None
        sound = (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16).tobytes()
        text, phrase = self._search("commands", sound)
        if not text:
            return None
        _, phones = self._search("phones", sound)
        if not (math.isfinite(phrase) and math.isfinite(phones)):
            return None
        # pocketsphinx gives exp of a log-likelihood in steps that are scaled down
        ratio = (phrase - phones) / len(samples) * RATE / _FRAMES * 1000.0
        confidence = 1.0 / (1.0 + math.exp(-_STEEP * (ratio - self.options.limit)))
        return Transcript(text, _LANGUAGE, confidence)

    def _search(self, name: str, sound: bytes) -> tuple[str, float]:
        decoder = self._decoder
        decoder.activate_search(name)
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None or found.best_score <= 0:
            return "", -math.inf
        return found.hypstr, math.log(found.best_score)
