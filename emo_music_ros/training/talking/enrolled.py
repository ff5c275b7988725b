# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What enrolling somebody is worth to spoken commands where a television talks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.attribution import Attribution
from emo_music_ros.encoding.speech.voiceprint import Voiceprint, together
from emo_music_ros.talking.base import RATE
from emo_music_ros.talking.commands import URGENT
from emo_music_ros.talking.ear import Ear
from emo_music_ros.training.talking.measuring import SAID, hear
from emo_music_ros.training.talking.voices import Speaker, mixed, sentences, speak

#: Sentences that a voice is enrolled with.
SENTENCES = 10


class _Asked(NamedTuple):
    """A command as the ear asks whether it counts."""

    samples: NDArray[np.float32]
    command: str
    alone: float


@dataclass(frozen=True)
class Counted:
    """Commands of a television that count, and those of the enrolled voice.

    Attributes
    ----------
    hours : float
        Of television.
    before, before_urgent : int
        Commands while nobody is enrolled, and those that stop the music or call a carer.
    commands, urgent : list of int
        The same with each voice enrolled in turn.
    kept : float
        Share of the commands of the enrolled voice that count.
    own : int
        How many those were.
    """

    hours: float
    before: int
    before_urgent: int
    commands: list[int]
    urgent: list[int]
    kept: float
    own: int


def measure(
    ear: Ear, voices: Sequence[Speaker], television: Iterable[NDArray[np.float32]]
) -> Counted:
    """Count which commands in the talk of a television count, and which of the enrolled voices.

    Raises
    ------
    ModelError
        If the network of voices is missing.
    """
    voiceprint = Voiceprint()
    asked: list[_Asked] = []

    def admits(samples: NDArray[np.float32], command: str, alone: float) -> bool:
        asked.append(_Asked(samples, command, alone))
        return True

    before = ear.admits
    ear.admits = admits
    try:
        ear.reset()
        length = 0
        for sound in television:
            hear(ear, sound, length)
            length += len(sound)
        shown = list(asked)
        commands, urgent, kept = [], [], []
        for speaker in voices:
            attribution = _enrolled(voiceprint, speaker)
            counts = [one.command for one in shown if _count(attribution, one)]
            commands.append(len(counts))
            urgent.append(sum(command in URGENT for command in counts))
            for text, _ in SAID["en"]:
                asked.clear()
                ear.reset()
                hiss = np.random.default_rng(0).normal(0, 1e-3, RATE).astype(np.float32)
                hear(ear, mixed(speak(text, speaker), hiss, 30.0))
                kept += [_count(attribution, one._replace(alone=0.0)) for one in asked]
    finally:
        ear.admits = before
    return Counted(
        length / RATE / 3600,
        len(shown),
        sum(one.command in URGENT for one in shown),
        commands,
        urgent,
        float(np.mean(kept)) if kept else float("nan"),
        len(kept),
    )


def _count(attribution: Attribution, one: _Asked) -> bool:
    """Return whether a command counts, as the node decides it."""
    return one.command == "help" or attribution.commands(one.samples, one.alone)


def _enrolled(voiceprint: Voiceprint, speaker: Speaker) -> Attribution:
    said = [speak(text, speaker) for text in sentences("en")[:SENTENCES]]
    attribution = Attribution(voiceprint)
    prints = np.concatenate([voiceprint(one) for one in said])
    attribution.enrolled = {speaker.voice: together(prints)}
    return attribution
