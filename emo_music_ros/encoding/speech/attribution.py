# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whose an utterance is: that of the person it is listened for, or to be dropped.

Nothing is inferred from the voice of anybody else, and where that cannot be told from the person's,
from nobody's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import RATE
from emo_music_ros.encoding.speech.voiceprint import likeness, together

#: Two voices within this time [s] are company or a television.
COMPANY = 120.0
#: So many different voices within that time are taken for a television.
MANY = 3
#: Utterances that are remembered at most.
REMEMBERED = 40
#: A room in which nobody was heard for so long [s] is quiet.
QUIET = 10.0
#: Shortest speech that a voice is learnt from [s], and the share of pairs of its parts that may be
#: as little alike as parts of two people.
LEAST, UNLIKE = 10.0, 0.15

OWN, STRANGER, SEVERAL, UNKNOWN, BRIEF = (
    "own",
    "somebody else's",
    "one of several voices, nobody enrolled",
    "nobody enrolled",
    "too short to tell",
)


class Prints(Protocol):
    """Makes prints of utterances and says how alike they are, such as `Voiceprint`."""

    same: float
    strange: float
    apart: float
    command: float

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the prints [parts, n] of an utterance."""
        ...


class Verdict(NamedTuple):
    """Whether an utterance is the person's, why, and how alike the voices are (0..1, NaN: none)."""

    own: bool
    reason: str
    likeness: float


class Attribution:
    """Tells whose utterances are.

    With the person enrolled only their voice counts. Without, one voice is taken for theirs as long
    as no other is heard within `COMPANY`.

    Parameters
    ----------
    voiceprint : Prints
        Makes prints.
    strict : bool
        Whether nothing counts while the person is not enrolled.

    Attributes
    ----------
    person : str
        Whom the utterances should be of.
    enrolled : mapping of str to array [256]
        The prints that are known, by person.
    """

    def __init__(self, voiceprint: Prints, strict: bool = False) -> None:
        self._voiceprint, self.strict = voiceprint, strict
        self.person = ""
        self.enrolled: Mapping[str, NDArray[np.float32]] = {}
        self._heard: deque[tuple[float, NDArray[np.float32]]] = deque(maxlen=REMEMBERED)

    def reset(self) -> None:
        """Forget who was heard."""
        self._heard.clear()

    @property
    def voices(self) -> int:
        """How many different voices were heard lately; those that are alike count as one."""
        middle: list[NDArray[np.float32]] = []
        for _, one in tuple(self._heard):
            if all(likeness(one, other) < self._voiceprint.apart for other in middle):
                middle.append(one)
        return len(middle)

    @property
    def television(self) -> bool:
        """Whether so many different voices were heard lately that it may be a television."""
        return self.voices >= MANY

    def __call__(self, samples: NDArray[np.float32], time: float) -> Verdict:
        """Judge an utterance [n] at 16 kHz that ended at a time [s]."""
        prints = self._voiceprint(samples)
        if not len(prints):
            return Verdict(False, BRIEF, float("nan"))
        whole = together(prints)
        self._note(whole, time)
        known = self.enrolled
        if self.person in known:
            alike = {person: likeness(whole, one) for person, one in known.items()}
            own = alike[self.person]
            least = min(likeness(part, known[self.person]) for part in prints)
            best = max(alike, key=lambda person: alike[person])
            theirs = best == self.person and own >= self._voiceprint.same
            if theirs and least >= self._voiceprint.strange:
                return Verdict(True, OWN, own)
            return Verdict(False, STRANGER, own)
        if self.strict:
            return Verdict(False, UNKNOWN, float("nan"))
        if any(likeness(whole, one) >= self._voiceprint.same for one in known.values()):
            return Verdict(False, STRANGER, float("nan"))
        if self.voices > 1 or self._mixed(prints):
            return Verdict(False, SEVERAL, float("nan"))
        return Verdict(True, UNKNOWN, float("nan"))

    def commands(self, samples: NDArray[np.float32], alone: float) -> bool:
        """Return whether a command may be obeyed: anybody's while nobody is enrolled.

        Then that of those who are, and of anybody who speaks into a quiet room, as a television
        does not: `alone` is how long nobody was heard before [s].
        """
        known = self.enrolled
        if not known or alone >= QUIET:
            return True
        prints = self._voiceprint(samples)
        if not len(prints):
            return False
        whole = together(prints)
        return max(likeness(whole, one) for one in known.values()) >= self._voiceprint.command

    def _note(self, whole: NDArray[np.float32], time: float) -> None:
        while self._heard and not 0 <= time - self._heard[0][0] <= COMPANY:
            self._heard.popleft()
        self._heard.append((time, whole))

    def _mixed(self, prints: NDArray[np.float32]) -> bool:
        """Return whether two parts of one utterance are of two people."""
        return bool((prints @ prints.T).min() < self._voiceprint.strange)


class Enrolment:
    """Learns a voice from what is said, utterance by utterance.

    Parameters
    ----------
    voiceprint : Prints
        Makes prints.
    seconds : float
        Speech that is needed [s].

    Attributes
    ----------
    heard : float
        Speech so far [s].
    """

    def __init__(self, voiceprint: Prints, seconds: float) -> None:
        self._voiceprint, self.seconds = voiceprint, seconds
        self.heard = 0.0
        self._prints: list[NDArray[np.float32]] = []

    def add(self, samples: NDArray[np.float32]) -> None:
        """Take an utterance [n] at 16 kHz; one too short to tell counts for nothing."""
        found = self._voiceprint(samples)
        if len(found):
            self._prints.append(found)
            self.heard += len(samples) / RATE

    @property
    def complete(self) -> bool:
        """Whether enough was heard."""
        return self.heard >= self.seconds

    def result(self) -> NDArray[np.float32] | None:
        """Return the print [256]; None where more than one voice was heard, or nothing."""
        if not self._prints:
            return None
        prints = np.concatenate(self._prints)
        pairs = (prints @ prints.T)[np.triu_indices(len(prints), 1)]
        unlike = float((pairs < self._voiceprint.strange).mean()) if len(pairs) else 0.0
        return None if unlike > UNLIKE else together(prints)
