# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Cuts what a microphone hears into utterances, and understands them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.io.resampling import Resampler, clean, mono
from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.base import RATE, NoRecogniser, Recogniser, Transcript
from emo_music_ros.talking.commands import URGENT, languages, phrases, understand

#: An urgent command is looked for after so much silence [s], in an utterance of at most so much.
URGENT_PAUSE, URGENT_LONGEST = 0.15, 2.0
#: An utterance longer than this [s] is no command.
LONGEST = 4.0
#: How far an utterance stands out from what was heard before it [dB], at least: somebody who speaks
#: to the robot does, a voice in the music of a radio does not.
STANDS_OUT = 6.0
#: How long what was heard before is remembered [s].
MEMORY = 2.0
#: Longest gap in the stream that counts as silence [s].
GAP = 0.2
#: Share of samples at full scale from which on sound counts as clipped, and what is full scale.
CLIPPED, _FULL = 0.02, 0.999
#: Power below which a microphone gives nothing: half a step of 16 bit. None is so quiet.
SILENT = (0.5 / 32768) ** 2
#: Time without sound that is told [s].
PATIENCE = 5.0


class Cutter(Protocol):
    """Cuts a stream at 16 kHz into segments of speech, such as `Endpointer`."""

    @property
    def quiet(self) -> float:
        """Time since somebody was heard in the utterance that goes on [s]; 0 if nobody speaks."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...

    def push(self, samples: NDArray[np.float32]) -> Sequence[Any]:
        """Return the segments that samples complete, with `samples` and `start`."""
        ...

    def current(self) -> tuple[int, NDArray[np.float32]] | None:
        """Return start and samples of the utterance that goes on."""
        ...


@dataclass(frozen=True)
class Heard:
    """An utterance: what was said, when it ended, and what it asks for.

    `time` is that of its last sample, on the clock of the blocks; `command` is one of `COMMANDS`,
    empty for none.
    """

    said: Transcript
    time: float
    command: str = ""


def ready(recogniser: Recogniser) -> bool:
    """Prepare a recogniser for the phrases of all languages; return whether it hears at all.

    Raises
    ------
    PluginError, ModelError
        If it lacks what it needs.
    """
    if isinstance(recogniser, NoRecogniser):
        return False
    recogniser.prepare({language: list(phrases(language)) for language in languages()})
    return True


class Ear:
    """Understands what is said in a stream of sound.

    While the robot speaks only what is urgent counts: it would hear itself, and people fall into
    its word to stop it.

    Parameters
    ----------
    cutter : Cutter
        Finds the utterances.
    recognisers : sequence of Recogniser
        Prepared by :func:`ready`. All are asked; whoever is surest of a command is believed, else
        of any text.
    least : float
        Confidence that a command needs, 0..1.

    Attributes
    ----------
    admits : callable
        Gets an utterance [n] at 16 kHz, the command that was understood in it, and how long nobody
        spoke before [s]; one that it does not admit asks for nothing.
    clipped : float
        Share of the samples of the last second that were at full scale.
    level : float
        Power of the last second, 0..1.
    heard : bool
        Whether there was any sound since the stream began.
    """

    def __init__(
        self, cutter: Cutter, recognisers: Sequence[Recogniser], least: float = 0.5
    ) -> None:
        self._cutter, self._recognisers, self.least = cutter, recognisers, least
        self._robot = False
        self.admits: Callable[[NDArray[np.float32], str, float], bool] = lambda *said: True
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far."""
        self._cutter.reset()
        self.clipped = self.level = 0.0
        self.heard = False
        self._rate = 0
        self._resample = Resampler(RATE, RATE)
        self._next = 0
        self._count = 0  # samples at 16 kHz that the cutter was given
        self._end = math.nan  # time of the last of them
        self._background = math.nan  # power while nobody speaks
        self._done = -1  # start of the utterance that was acted on before its end
        self._tried = -1  # samples of it when it was last looked at
        self._spoken = -math.inf  # time when the utterance before ended

    def robot_speaks(self, speaks: bool) -> None:
        """Note that the robot begins or ends to speak; what it ended in its voice is dropped."""
        self._robot = speaks
        self._cutter.reset()
        self._count = 0
        self._done = self._tried = -1

    def push(self, block: AudioBlock) -> list[Heard]:
        """Take the next block and return what was understood by its end."""
        samples = np.asarray(block.samples)
        samples = mono(samples) if samples.ndim == 2 else samples
        if not block.usable or samples.ndim != 1 or not samples.size:
            return []
        missing = self._missing(block)
        if missing is None:
            self.reset()
            self._rate = block.sample_rate
            self._resample = Resampler(block.sample_rate, RATE)
            missing = 0
        self._next = block.first_sample + len(samples)
        samples = clean(samples)
        self._look(samples, block.duration)
        if missing:
            samples = np.concatenate([np.zeros(missing, np.float32), samples])
        sound = clean(self._resample(samples))
        self._count += len(sound)
        self._end = block.time + block.duration
        found = [self._whole(segment) for segment in self._cutter.push(sound)]
        found.append(self._early())
        self._remember(sound)
        return [each for each in found if each is not None]

    def _remember(self, sound: NDArray[np.float32]) -> None:
        """Note how loud it is while nobody speaks."""
        if self._cutter.current() is not None or not sound.size:
            return
        power = float(np.square(sound, dtype=np.float64).mean())
        keep = math.exp(-len(sound) / RATE / MEMORY) if math.isfinite(self._background) else 0.0
        self._background = keep * (self._background if keep else 0.0) + (1 - keep) * power

    def _stands_out(self, samples: NDArray[np.float32]) -> bool:
        """Return whether an utterance is louder than what was heard before; unknown = it is."""
        if not math.isfinite(self._background):
            return True
        power = float(np.square(samples, dtype=np.float64).mean())
        return power >= self._background * 10 ** (STANDS_OUT / 10)

    def _missing(self, block: AudioBlock) -> int | None:
        """Return the samples lost before a block; None if it begins a new stream."""
        lost = block.first_sample - self._next
        known = block.sample_rate == self._rate and 0 <= lost <= GAP * self._rate
        return lost if known else None

    def _look(self, samples: NDArray[np.float32], duration: float) -> None:
        """Note how loud the sound is, and whether it is cut off."""
        keep = math.exp(-duration) if self.heard else 0.0
        self.heard = True
        self.clipped += (1 - keep) * (float((np.abs(samples) >= _FULL).mean()) - self.clipped)
        power = float(np.square(samples, dtype=np.float64).mean())
        self.level += (1 - keep) * (power - self.level)

    def _time(self, sample: int) -> float:
        return self._end - (self._count - sample) / RATE

    def _whole(self, segment: Any) -> Heard | None:
        """Understand an utterance that is over."""
        began, ended = (self._time(segment.start + at) for at in (0, len(segment.samples)))
        alone, self._spoken = began - self._spoken, ended
        if segment.start == self._done or len(segment.samples) > LONGEST * RATE:
            return None
        heard = self._understand(segment.samples, ended)
        if heard is None or (self._robot and heard.command not in URGENT):
            return None
        return self._admitted(heard, segment.samples, alone)

    def _early(self) -> Heard | None:
        """Understand what is urgent in an utterance that goes on, in its first pause."""
        current = self._cutter.current()
        if current is None or not self._cutter.quiet >= URGENT_PAUSE:
            self._tried = -1 if current is None else self._tried
            return None
        start, samples = current
        spoken = len(samples) - round(self._cutter.quiet * RATE)
        if start == self._done or spoken == self._tried or len(samples) > URGENT_LONGEST * RATE:
            return None
        self._tried = spoken
        began, ended = self._time(start), self._time(start + len(samples))
        heard = self._understand(samples, ended)
        if heard is None or heard.command not in URGENT:
            return None
        admitted = self._admitted(heard, samples, began - self._spoken)
        self._done = self._done if admitted is None else start
        return admitted

    def _understand(self, samples: NDArray[np.float32], time: float) -> Heard | None:
        if not self._stands_out(samples):
            return None
        answers = [recogniser(samples) for recogniser in self._recognisers]
        heard = [self._heard(said, time) for said in answers if said is not None]
        if not heard:
            return None
        return max(heard, key=lambda each: (bool(each.command), each.said.confidence))

    def _admitted(self, heard: Heard, samples: NDArray[np.float32], alone: float) -> Heard | None:
        """Return what was heard unless it is a command that does not count."""
        refused = heard.command and not self.admits(samples, heard.command, alone)
        return None if refused else heard

    def _heard(self, said: Transcript, time: float) -> Heard:
        sure = min(max(said.confidence, 0.0), 1.0) if math.isfinite(said.confidence) else 0.0
        command = understand(said.text, said.language) if sure >= self.least else ""
        return Heard(replace(said, confidence=sure), time, command)


def complaint(ear: Ear, waited: float) -> str:
    """Return what is wrong with the sound that an ear gets, and what to do; empty = nothing.

    Parameters
    ----------
    ear : Ear
        That listens.
    waited : float
        Time since the last block [s].
    """
    if waited > PATIENCE:
        return "no sound comes. See whether the microphone runs and this user may open it"
    if not ear.heard:
        return ""
    if ear.level < SILENT:
        return "the sound is silence. Is the microphone muted, or kept from this program?"
    if ear.clipped > CLIPPED:
        return "the sound is cut off at full scale. Turn the gain of the microphone down"
    return ""
