# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How many spoken commands are understood, how often something else is, and how soon."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.stats import chi2

from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.base import RATE
from emo_music_ros.talking.commands import URGENT
from emo_music_ros.talking.ear import Ear
from emo_music_ros.talking.echo import EchoCanceller
from emo_music_ros.training.evaluation.metrics import interval
from emo_music_ros.training.talking.voices import Speaker, mixed, speak

#: Length of the blocks that the microphone gives [s].
BLOCK = 0.05
#: Music before a command, in which an echo canceller learns the room [s].
SETTLING = 4.0
#: What is said, one phrase per command and some more, by language.
SAID = {
    "en": (
        ("stop", "stop"),
        ("stop the music", "stop"),
        ("louder", "louder"),
        ("softer", "softer"),
        ("something calmer", "calmer"),
        ("i like this", "like"),
        ("never again", "never"),
        ("who is singing", "who"),
        ("help me", "help"),
    ),
    "zh": (
        ("停", "stop"),
        ("停下来", "stop"),
        ("大声点", "louder"),
        ("小声点", "softer"),
        ("来点安静的", "calmer"),
        ("我喜欢这个", "like"),
        ("不要再放这个", "never"),
        ("谁在唱歌", "who"),
        ("救命", "help"),
    ),
}


@dataclass(frozen=True)
class Event:
    """A command, when it was understood in the stream [s], and what that took [s of work]."""

    command: str
    at: float
    work: float


def hear(ear: Ear, sound: NDArray[np.float32], first: int = 0) -> list[Event]:
    """Return the commands that are understood in a stream of sound at 16 kHz."""
    step, found = int(BLOCK * RATE), []
    for at in range(0, len(sound), step):
        block = AudioBlock((first + at) / RATE, sound[at : at + step], RATE, first + at)
        began = time.perf_counter()
        heard = ear.push(block)
        work = time.perf_counter() - began
        end = (at + len(block.samples)) / RATE
        found += [Event(each.command, end, work) for each in heard if each.command]
    return found


def in_room(played: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a microphone hears of what a loudspeaker plays, in a simulated room.

    The sound comes 30 ms later and with a tail that falls by 60 dB in 0.3 s.
    """
    random = np.random.default_rng(0)
    tail = np.arange(int(0.3 * RATE))
    answer = np.zeros(len(tail) + int(0.03 * RATE))
    answer[-len(tail) :] = 0.05 * random.standard_normal(len(tail)) * 10 ** (-3 * tail / len(tail))
    answer[-len(tail)] = 0.5
    return fftconvolve(played, answer)[: len(played)].astype(np.float32)


def hear_without(
    ear: Ear, canceller: EchoCanceller, sound: NDArray[np.float32], played: NDArray[np.float32]
) -> list[Event]:
    """Return the commands in a stream of sound from which what is played is taken out."""
    step, found = int(BLOCK * RATE), []
    for at in range(0, len(sound), step):
        canceller.played(AudioBlock(at / RATE, played[at : at + step], RATE, at))
        for block in canceller(AudioBlock(at / RATE, sound[at : at + step], RATE, at)):
            heard = ear.push(block)
            found += [Event(each.command, at / RATE, 0.0) for each in heard if each.command]
    return found


@dataclass(frozen=True)
class Understood:
    """Share of commands understood as themselves and nothing else, with its interval over voices.

    `wrong` is the share in which another command was understood.
    """

    share: float
    low: float
    high: float
    wrong: float
    count: int


def understood(
    ear: Ear,
    language: str,
    speakers: Sequence[Speaker],
    backgrounds: Sequence[NDArray[np.float32]],
    ratio: float,
    own: Callable[[], EchoCanceller | None] | None = None,
) -> Understood:
    """Return how many commands are understood over a background [dB].

    With `own` the background is music that the robot plays into a simulated room, and is taken
    out by what it makes, if that is anything. Every stream begins with `SETTLING` of it.
    """
    right, wrong, voices = [], [], []
    for number, speaker in enumerate(speakers):
        for index, (text, command) in enumerate(SAID[language]):
            background = backgrounds[(number + index) % len(backgrounds)]
            ear.reset()
            speech = speak(text, speaker)
            if own is None:
                events = hear(ear, mixed(speech, background, ratio))
            else:
                events = _over_own(ear, speech, background, ratio, own())
            commands = [event.command for event in events]
            right.append(float(commands == [command]))
            wrong.append(float(any(each != command for each in commands)))
            voices.append(number)
    low, high = interval(lambda hits: float(np.mean(hits)), voices, right)
    return Understood(float(np.mean(right)), low, high, float(np.mean(wrong)), len(right))


def _over_own(
    ear: Ear,
    speech: NDArray[np.float32],
    played: NDArray[np.float32],
    ratio: float,
    canceller: EchoCanceller | None,
) -> list[Event]:
    sound = mixed(speech, in_room(played), ratio, lead=SETTLING)
    if canceller is None:
        return hear(ear, sound)
    return hear_without(ear, canceller, sound, np.resize(played, len(sound)))


@dataclass(frozen=True)
class Mistaken:
    """Commands understood where nobody asked for anything: how many, of those urgent, in hours."""

    events: tuple[str, ...]
    hours: float

    @property
    def urgent(self) -> int:
        """Commands that stop the music or call a carer."""
        return sum(event in URGENT for event in self.events)

    def bound(self, count: int) -> float:
        """Return the highest rate per hour that goes with so many, at one-sided 95 % (Poisson)."""
        if not self.hours:
            return math.nan
        return float(chi2.ppf(0.95, 2 * (count + 1)) / 2 / self.hours)


def mistaken(ear: Ear, sounds: Iterable[NDArray[np.float32]]) -> Mistaken:
    """Return what is understood in a stream of sounds, one after the other."""
    ear.reset()
    samples, events = 0, []
    for sound in sounds:
        events += [event.command for event in hear(ear, sound, samples)]
        samples += len(sound)
    return Mistaken(tuple(events), samples / RATE / 3600)


def mistaken_of_own(
    ear: Ear, make: Callable[[], EchoCanceller], sounds: Iterable[NDArray[np.float32]]
) -> Mistaken:
    """Return what is understood of what the robot plays into a room and takes out again."""
    samples, events = 0, []
    for played in sounds:
        ear.reset()
        events += [each.command for each in hear_without(ear, make(), in_room(played), played)]
        samples += len(played)
    return Mistaken(tuple(events), samples / RATE / 3600)


def delays(ear: Ear, texts: Mapping[str, Sequence[Speaker]]) -> list[float]:
    """Return the time from the end of a spoken stop to its being understood, work included [s].

    What is not understood has none.
    """
    found = []
    for text, speakers in texts.items():
        for speaker in speakers:
            speech = speak(text, speaker)
            loud = np.flatnonzero(np.abs(speech) > 0.02)
            ear.reset()
            lead, quiet = 0.6, np.random.default_rng(0).normal(0, 1e-3, RATE).astype(np.float32)
            events = hear(ear, mixed(speech, quiet, 40.0, lead=lead))
            stops = [event for event in events if event.command == "stop"]
            if stops:
                spoken = lead + (loud[-1] + 1) / RATE
                found.append(stops[0].at - spoken + stops[0].work)
    return found
