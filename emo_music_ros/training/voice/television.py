# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A room with a television that talks: how often emotion would be read from its voices.

It is made of recorded speech and music, strung together and played through a simulated loudspeaker
and room. It is no broadcast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.attribution import Attribution, Prints
from emo_music_ros.encoding.speech.audio_features import RATE
from emo_music_ros.encoding.speech.voice_activity import Endpointer
from emo_music_ros.training.speech import acoustics
from emo_music_ros.training.voice.study import ROOM, SHARE, People, Sound

#: People in one programme, its utterances, and shortest and longest pause between those [s].
CAST, LINES, PAUSES = 4, 48, (0.05, 0.8)
#: Music beneath every other programme, below the speech [dB].
BENEATH = 12.0
#: What a small loudspeaker gives [Hz].
BAND = (150.0, 6000.0)


@dataclass(frozen=True)
class Programme:
    """What is heard of a programme, and who speaks in it."""

    sound: Sound
    cast: frozenset[str]


def programmes(
    who: People, music: Sequence[Sound], count: int, seed: int = 0
) -> Iterator[Programme]:
    """Yield programmes in which people of one language speak in turn."""
    random = np.random.default_rng(seed)
    languages = sorted(set(who.language.values()))
    for number in range(count):
        language = languages[number % len(languages)]
        speakers = [name for name in sorted(who.tried) if who.language[name] == language]
        cast = [str(one) for one in random.choice(speakers, min(CAST, len(speakers)), False)]
        said: list[Sound] = []
        for line in range(LINES):
            lines = who.tried[cast[line % len(cast)]]
            said.append(acoustics.peak(lines[int(random.integers(len(lines)))]))
            said.append(np.zeros(int(random.uniform(*PAUSES) * RATE), np.float32))
        whole = np.concatenate(said)
        if music and number % 2:
            piece = music[number % len(music)]
            whole = acoustics.mix(whole, np.resize(piece, len(whole)), BENEATH)
        heard = acoustics.reverberate(acoustics.band(whole, *BAND), ROOM, SHARE, random)
        yield Programme(acoustics.peak(heard.astype(np.float32), 0.3), frozenset(cast))


@dataclass(frozen=True)
class Mistakes:
    """Utterances of a television that would be taken for the person's.

    Attributes
    ----------
    hours : float
        Of television.
    before : int
        With voices not told apart.
    alone : int
        With nobody enrolled: a television is noticed by its many voices. Before every programme it
        was quiet.
    lasting : int
        The same with one programme after the other.
    enrolled : mapping of str to tuple of (int, float)
        With a person enrolled who is not in the programme: utterances and hours, by person.
    noticed : float
        Share of programmes that were taken for a television or company.
    """

    hours: float
    before: int
    alone: int
    lasting: int
    enrolled: Mapping[str, tuple[int, float]]
    noticed: float


def mistakes(
    shown: Iterator[Programme],
    voiceprint: Prints,
    profiles: Mapping[str, NDArray[np.float32]],
) -> Mistakes:
    """Count what is taken for a person's."""
    cutter, kept = Endpointer(), _Kept(voiceprint)
    hours, before, alone, lasting, noticed, count = 0.0, 0, 0, 0, 0, 0
    passed = {person: [0, 0.0] for person in profiles}
    nobody, goes_on, told = (Attribution(kept) for _ in range(3))
    for programme in shown:
        begin = hours * 3600
        cutter.reset(background=True)
        nobody.reset()
        lasted = len(programme.sound) / RATE / 3600
        hours += lasted
        count += 1
        absent = [person for person in profiles if person not in programme.cast]
        for person in absent:
            passed[person][1] += lasted
        for said in [*cutter.push(programme.sound), *cutter.flush()]:
            ended = begin + (said.start + len(said.samples)) / RATE
            before += 1
            alone += nobody(said.samples, ended).own
            lasting += goes_on(said.samples, ended).own
            for person in absent:
                told.person, told.enrolled = person, {person: profiles[person]}
                passed[person][0] += told(said.samples, ended).own
        noticed += nobody.television
    found = {person: (int(one), two) for person, (one, two) in passed.items()}
    return Mistakes(hours, before, alone, lasting, found, noticed / max(count, 1))


class _Kept:
    """Makes the print of an utterance once, however often it is asked for in a row."""

    def __init__(self, voiceprint: Prints) -> None:
        self.same, self.strange = voiceprint.same, voiceprint.strange
        self.apart, self.command = voiceprint.apart, voiceprint.command
        self._make = voiceprint
        self._last: tuple[object, NDArray[np.float32]] | None = None

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the prints of an utterance."""
        if self._last is None or self._last[0] is not samples:
            self._last = samples, self._make(samples)
        return self._last[1]
