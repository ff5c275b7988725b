# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The interfaces of a recogniser of speech and of a voice, both plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.plugins import NoOptions

#: Rate of the sound that recognisers hear [Hz].
RATE = 16000


@dataclass(frozen=True)
class Transcript:
    """What was said in one utterance; `confidence` is 0..1."""

    text: str
    language: str
    confidence: float


class Recogniser(Protocol):
    """Turns the sound of one utterance into text."""

    def prepare(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Load what is needed; called once, before anything is heard.

        Parameters
        ----------
        phrases : mapping of str to sequence of str
            What is listened for, by language. One that writes down whatever is said may ignore it.

        Raises
        ------
        PluginError
            If a package is missing.
        ModelError
            If the model is missing or unusable.
        """
        ...

    def __call__(self, samples: NDArray[np.float32]) -> Transcript | None:
        """Return what is said in float32 [n] at 16 kHz, -1..1; None if nothing is understood."""
        ...


class Voice(Protocol):
    """Says short lines aloud."""

    def say(self, text: str, language: str) -> None:
        """Say a line and return when it is over, or when it was hushed.

        Raises
        ------
        PluginError
            If it cannot speak; it names the remedy.
        """
        ...

    def hush(self) -> None:
        """Fall silent at once; called from another thread."""
        ...


class NoRecogniser:
    """Hears nothing: what is said comes from elsewhere, such as a robot's own recogniser."""

    Options: ClassVar[type] = NoOptions

    def __init__(self, options: NoOptions | None = None) -> None:
        del options

    def prepare(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Load nothing."""

    def __call__(self, samples: NDArray[np.float32]) -> Transcript | None:
        """Understand nothing."""
        return None


class NoVoice:
    """Says nothing: the robot's own voice takes the line from the topic."""

    Options: ClassVar[type] = NoOptions

    def __init__(self, options: NoOptions | None = None) -> None:
        del options

    def say(self, text: str, language: str) -> None:
        """Return at once."""

    def hush(self) -> None:
        """Be silent already."""
