# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The interface of an encoder plugin."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from emo_music_ros.streams import Encoding, Sample


@runtime_checkable
class Encoder(Protocol):
    """Turns a stream of samples of one modality into encodings.

    An encoder is causal and keeps its own state: the encodings that come out are the same
    however the stream is cut into blocks. It never raises on bad signal (NaN, constant, gaps,
    silence): it lowers `quality`, or returns nothing. It raises
    :class:`~emo_music_ros.errors.CompanionError` only from its constructor.

    Attributes
    ----------
    modality : str
        One of face, speech, text, physiology, eeg, music, interaction.
    version : str
        Version of the model, from its description.
    admits : callable, optional
        Of one that hears people: gets an utterance [n] at 16 kHz and when it ended [s] before
        anything is inferred from it, and says whether it counts. Set by the node.
    pace : Pace, optional
        Of one that works per step of time and can do so less often (:mod:`emo_music_ros.pacing`).
    """

    modality: ClassVar[str]
    version: str

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next sample of the stream and return the encodings it completes."""
        ...

    def reset(self) -> None:
        """Forget everything about the stream so far, as at a gap or a change of person."""
        ...
