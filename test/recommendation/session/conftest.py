# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A simulated player and person around a director."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.care.profile import NOBODY
from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.recommendation.session.director import Director
from emo_music_ros.recommendation.session.views import PlayerView
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Estimate, Interaction, Track

NAN = float("nan")
START = 1_000_000.0


def library(count=20, duration=60.0):
    rng = np.random.default_rng(5)
    return [
        Track(
            f"t{i}",
            f"/music/t{i}.ogg",
            title=f"Piece {i}",
            duration=duration,
            valence=float(v),
            arousal=float(a),
            features=rng.normal(size=6).astype(np.float32),
        )
        for i, (v, a) in enumerate(rng.uniform(-1, 1, (count, 2)))
    ]


def estimate(state, strength=0.9):
    if state == UNKNOWN:
        return unknown(STATES)
    probabilities = np.full(4, (1 - strength) / 3, np.float32)
    probabilities[STATES.index(state)] = strength
    valence, arousal = STATE_CENTRES[STATES.index(state)]
    return Estimate(STATES, probabilities, float(valence), float(arousal), 0.0, 0.8)


class World:
    """A simulated player and person around a director, on a clock of their own."""

    def __init__(self, folder, tracks=None, recommender=None, **options):
        self.tracks = library() if tracks is None else tracks
        self.outcomes, self.decisions, self.played = [], [], []
        self.profiles = {}
        self.memory = Memory(folder / "memory.sqlite")
        self.director = Director(
            recommender
            or TherapeuticRecommender(TherapeuticRecommender.Options(seed=1, time_of_day=False)),
            self.memory,
            lambda: self.tracks,
            Director.Options(**options),
            person_id="anna",
            on_outcome=self.outcomes.append,
            profile=lambda person: self.profiles.get(person, NOBODY),
        )
        self.now = START
        self.state = UNKNOWN
        self.bpm = NAN
        self.track = None
        self.recommendation = ""
        self.position = 0.0
        self.paused = False
        self.present = True
        self.broken = set()
        self.silent_player = False

    def tell(self, action, track_id="", value=0.0):
        """Report an act to the director, and to the player where it obeys people itself."""
        self.director.on_interaction(
            Interaction(self.now, action, track_id, value, self.position, "anna", "live:test")
        )
        if action in ("stop", "next"):
            self.silence()
        elif action == "pause":
            self.paused = True
        elif action == "resume":
            self.paused = False

    def silence(self):
        self.track, self.position, self.paused = None, 0.0, False

    def play(self, decision):
        for entry in decision.ranked:
            if entry.track.track_id in self.broken:
                return
            if self.track is not None and self.track.duration - self.position <= 5.0:
                self.report("track_finished")
            self.track, self.recommendation = entry.track, decision.recommendation_id
            self.position, self.paused = 0.0, False
            self.played.append(entry.track.track_id)
            self.report("track_started")
            return

    def report(self, action):
        self.director.on_interaction(
            Interaction(
                self.now, action, self.track.track_id, 0.0, self.position, "anna", "live:player"
            )
        )

    def view(self):
        if self.track is None:
            return PlayerView(self.now, "stopped")
        return PlayerView(
            self.now,
            "paused" if self.paused else "playing",
            self.track.track_id,
            self.position,
            self.track.duration,
            self.recommendation,
        )

    def run(self, seconds, tick=0.25):
        """Let time pass; returns the decisions taken."""
        taken = []
        for _ in range(round(seconds / tick)):
            self.now += tick
            if self.track is not None and not self.paused:
                self.position += tick
                if self.position >= self.track.duration:
                    self.position = self.track.duration
                    self.report("track_finished")
                    self.silence()
            self.director.on_emotion(
                Emotion(
                    self.now,
                    self.state,
                    estimate(self.state),
                    0.2,
                    (),
                    "weighted",
                    "anna",
                    self.present,
                )
            )
            self.director.on_heart_rate(self.now, self.bpm)
            if not self.silent_player:
                self.director.on_player(self.view())
            decision = self.director.step(self.now)
            if decision is not None:
                taken.append(decision)
                self.decisions.append(decision)
                if decision.action == "stop":
                    self.silence()
                else:
                    self.play(decision)
        return taken


@pytest.fixture
def world(tmp_path):
    """Make worlds; has what they are made of as attributes."""
    made = []

    def make(**options):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(World(folder, **options))
        return made[-1]

    make.library, make.estimate, make.START = library, estimate, START
    return make
