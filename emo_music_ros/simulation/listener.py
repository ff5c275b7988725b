# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A simulated listener: moods that drift, music that moves them, a taste, and noisy signs of both.

Simulation: nothing here was measured on people but the answers of the encoders, which were
recorded on people that those encoders never saw. The constants are choices, stated where they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Encoding, Track

#: True state -> words of the corpora that show it, by modality.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "face": {
        "positive": ("happiness",),
        "calm": ("neutral",),
        "anxiety": ("fear", "anger"),
        "depression": ("sadness",),
    },
    "speech": {
        "positive": ("happiness",),
        "calm": ("calm", "neutral"),
        "anxiety": ("fear", "anger"),
        "depression": ("sadness",),
    },
    "text": {
        "positive": ("happiness",),
        "calm": ("neutral",),
        "anxiety": ("fear", "anger"),
        "depression": ("sadness",),
    },
    "physiology": {
        "positive": ("calm",),
        "calm": ("calm",),
        "anxiety": ("stress",),
        "depression": ("calm",),
    },
}
#: Mean seconds between two answers of a modality, and the share of listeners who have it.
EVERY = {"face": 1.0, "speech": 12.0, "text": 12.0, "physiology": 5.0}
OWNED = {"face": 1.0, "speech": 0.8, "text": 0.8, "physiology": 0.5}
#: Share of the time in which the face is seen.
SEEN = 0.85
#: Heart rate at rest [1/min].
RESTING = 72.0
#: Time in which a mood returns to its middle, and in which music moves it, at full response [s].
RETURN, MOVED = 600.0, 240.0
#: Mood noise per square root of a second.
RESTLESS = 0.012
#: Listens of a track after which it moves a listener half as much.
HABITUATION = 3.0
#: Music is felt this long after it began [s].
ONSET = 8.0


@dataclass(frozen=True)
class Episode:
    """A time in which something else than music decides on the mood."""

    begin: float
    end: float
    state: str


@dataclass(frozen=True)
class Character:
    """What one listener is like.

    Attributes
    ----------
    start : str
        State at the beginning.
    response : float
        How much music moves the mood, 0..1.
    taste : ndarray
        Direction of the liked content vectors, length 0 or 1.
    skips : float
        Chance in a minute of skipping music that is disliked wholly.
    rates : float
        Chance of rating a track.
    present : bool
        Whether anybody is there at all.
    drift : float
        Angle by which the taste turns in an hour [rad].
    episodes : tuple of Episode
        When something else decides.
    restless : float
        Scale of the mood noise.
    """

    start: str = "calm"
    response: float = 0.6
    taste: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    skips: float = 0.3
    rates: float = 0.1
    present: bool = True
    drift: float = 0.0
    episodes: tuple[Episode, ...] = ()
    restless: float = 1.0


class Listener:
    """One listener in simulated time, one step a second.

    Parameters
    ----------
    character : Character
        What they are like.
    answers : Answers
        Recorded answers of the encoders.
    rng : numpy.random.Generator
        Decides on everything.
    person_id : str
        Written into the encodings.
    """

    def __init__(
        self, character: Character, answers: Answers, rng: np.random.Generator, person_id: str
    ) -> None:
        self.character = character
        self.mood = np.array(STATE_CENTRES[STATES.index(character.start)], float)
        self.person_id = person_id
        self._middle = self.mood.copy()
        self._answers = answers
        self._rng = rng
        self._heard: dict[str, int] = {}
        self._track = ""
        self._since = 0.0
        self._word: dict[str, str] = {}
        self._state = ""
        self._owned = [
            name for name in EVERY if name in answers.modalities and rng.random() < OWNED[name]
        ] or ["face"]
        self._whose = {name: self._person(name) for name in self._owned}

    @property
    def state(self) -> str:
        """The true state: the quadrant of the mood."""
        return STATES[2 * int(self.mood[0] < 0) + int(self.mood[1] < 0)]

    def step(self, now: float, music: Track | None) -> None:
        """Let one second pass with the music that sounds."""
        character, rng = self.character, self._rng
        if music is None or music.track_id != self._track:
            self._track, self._since = (music.track_id if music is not None else ""), now
            if music is not None:
                self._heard[music.track_id] = self._heard.get(music.track_id, 0) + 1
        episode = next((e for e in character.episodes if e.begin <= now < e.end), None)
        if episode is not None:
            centre = STATE_CENTRES[STATES.index(episode.state)]
            self.mood += (centre - self.mood) * 0.5
            self._middle = self.mood.copy()
            return
        self.mood += (self._middle - self.mood) / RETURN
        if music is not None and character.response > 0 and now - self._since >= ONSET:
            weight = character.response * self.liking(music, now) * self._fresh(music)
            place = np.array([music.valence, music.arousal])
            self.mood += weight * (place - self.mood) / MOVED
            self._middle += weight * (place - self._middle) / (4 * MOVED)
        self.mood += rng.normal(0, RESTLESS * character.restless, 2)
        self.mood = np.clip(self.mood, -1, 1)

    def liking(self, music: Track, now: float) -> float:
        """Return how much a track is liked, 0..1; 0.5 where there is no taste."""
        taste = self.character.taste
        if not taste.size or taste.size != music.features.size:
            return 0.5
        if self.character.drift:
            angle = self.character.drift * now / 3600
            turned = np.roll(taste, 1)
            taste = math.cos(angle) * taste + math.sin(angle) * turned
        features = np.asarray(music.features, float)
        size = float(np.linalg.norm(features) * np.linalg.norm(taste)) or 1.0
        return float(np.clip(0.5 + 0.5 * features @ taste / size, 0, 1))

    def act(self, now: float, music: Track | None) -> tuple[str, float] | None:
        """Return what the listener does in this second: (action, value) or None."""
        if music is None or not self.character.present or now - self._since < ONSET:
            return None
        dislike = 1.0 - 2.0 * self.liking(music, now)
        if dislike > 0 and self._rng.random() < self.character.skips * dislike / 60:
            return "next", 0.0
        if self._rng.random() < self.character.rates / 60:
            noise = self._rng.normal(0, 0.2)
            return "rate", float(np.clip(2 * self.liking(music, now) - 1 + noise, -1, 1))
        return None

    def signs(self, now: float, stamp: float) -> Iterator[Encoding]:
        """Yield what the encoders make of the listener in this second, stamped `stamp`."""
        if not self.character.present:
            return
        state = self.state
        if state != self._state:
            self._state, self._word = state, {}
        for name in self._owned:
            if name == "face":
                if self._rng.random() >= SEEN:
                    continue
            elif self._rng.random() >= 1.0 / EVERY[name]:
                continue
            yield self._answer(name, state, stamp)

    def _answer(self, name: str, state: str, stamp: float) -> Encoding:
        table = self._answers.table(name)
        word = self._word.get(name)
        if word is None:
            words = [word for word in WORDS[name][state] if word in table.labels]
            word = self._word[name] = str(self._rng.choice(words))
        row = self._answers.pick(name, word, self._rng, self._whose[name])
        features = {}
        if name == "physiology":
            change = float(table.features["heart_rate_change"][row])
            features["heart_rate"] = RESTING + change
        return Encoding(
            name,
            stamp,
            stamp,
            self._answers.estimate(name, row),
            np.zeros(0, np.float32),
            features,
            "simulated:listener",
            self.person_id,
        )

    def _person(self, name: str) -> int | None:
        table = self._answers.table(name)
        if not table.people:
            return None
        words = {word for group in WORDS[name].values() for word in group if word in table.labels}
        people = table.listeners(*words)
        return int(self._rng.choice(people)) if len(people) else None

    def _fresh(self, music: Track) -> float:
        return 0.5 ** ((self._heard.get(music.track_id, 1) - 1) / HABITUATION)
