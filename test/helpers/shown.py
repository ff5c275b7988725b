# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A dashboard with something on every page, for looking at."""

from __future__ import annotations

import math
import time

import numpy as np
from web import Served

from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Plan as MusicPlan
from emo_music_ros.care.profile import HardTime, Song
from emo_music_ros.consent.rules import ASSENT, Consent, Terms
from emo_music_ros.dashboard.state import Choice, Part, Plan, Playing, Ranked
from emo_music_ros.emotion import STATES
from emo_music_ros.notifying.calls import DISTRESS, HELP, Call
from emo_music_ros.streams import Contribution, Emotion, Estimate, Track

#: Role -> its pages.
PAGES = {
    "resident": ("resident", "law", "password"),
    "carer": (
        *("carer", "calls", "pick", "profile", "plans", "notes", "person", "resident", "library"),
        *("recordings", "input", "law", "password"),
    ),
    "therapist": (
        *("live", "carer", "calls", "pick", "profile", "plans", "notes", "person", "resident"),
        *("library", "recordings", "people", "accounts", "input", "audit", "law", "password"),
        "library/track?id=t1",
    ),
    "developer": ("live", "calls", "audit", "law", "password"),
}
TITLES = ("The Blue Danube", "Moon River", "La Mer", "茉莉花", "Greensleeves", "Clair de lune")


def fill(site: Served, person: str = "demonstration") -> None:
    """Put something everywhere."""
    board, clock = site.board, site.clock
    board.person(person, "")
    for step in range(40):
        valence, arousal = -0.6 + step * 0.03 + 0.05 * math.sin(step / 3), 0.5 - step * 0.02
        parts = (
            Contribution("face", 0.5, 0.3, 0.9),
            Contribution("speech", 0.3, 2.2, 0.6),
            Contribution("physiology", 0.2, 1.0, 0.8),
        )
        probabilities = np.array([0.1, 0.7, 0.1, 0.1], np.float32)
        estimate = Estimate(tuple(STATES), probabilities, valence, arousal, 0.1, 0.71)
        board.emotion(Emotion(1.0, "calm", estimate, 0.4, parts, "logpool", person, True))
        clock.now += 1
    board.playing(
        Playing("playing", "t0", TITLES[0], "Johann Strauss II", 83.0, 412.0, 0.55, "pulse")
    )
    ranked = (
        Ranked(title, "Demonstration", 0.8 - n * 0.07, 0.9 - n * 0.1, 0.6, 0.5)
        for n, title in enumerate(TITLES[:5])
    )
    board.choice(
        Choice("Uneasy, so the music meets that and leads to calm.", (0.5, -0.4), (*ranked,))
    )
    board.body({"heart_rate": 72.4, "eda_level": 3.21})
    board.plan(Plan("home", "calm", clock.now + 1500))
    for name, level, text in (
        ("/fusion", "ok", "active"),
        ("/camera", "warn", "no device '0' for a moment"),
        ("/recommender", "ok", "library of 120 pieces"),
    ):
        board.part(Part(name, level, text))
    now = time.time()
    proxy = Terms("proxy", "power of attorney", "health", now + 4e7)
    board.consents(
        tuple(
            Consent(person, each, True, now - 1e6, "Dora", proxy)
            for each in ("sensing", "learning")
        )
        + (Consent(person, ASSENT, True, now - 3600, "resident"),)
    )
    seen = now - 7e4
    board.calls(
        (
            Call(3, person, HELP, 1, now - 70, now - 70, True),
            Call(2, person, DISTRESS, 2, now - 9e4, now - 8e4, True, True, seen, "Carl"),
        )
    )
    site.desk.tracks = [
        Track(f"t{n}", f"/none/{n}", TITLES[n % 6], "Demonstration", "waltz", 180.0 + n, 80.0 + n,
              0.4, 0.5, math.sin(n), math.cos(n))
        for n in range(120)
    ]  # fmt: skip
    site.desk.day = "'washing' begins at 15:30"
    store = site.desk.store
    store.change(person, own=(Song(TITLES[0], "Strauss"),), never=(Song(TITLES[4]),), risk="low")
    store.change(person, hard_times=(HardTime("washing", 960),))
    for name, tracks in (("washing", ("t0", "t1")), ("calm afternoon", ())):
        store.set_plan(person, MusicPlan(name, tracks=tracks, goal="calm", locked=bool(tracks)))
    store.add_note(person, Note(now - 600, "carer", "Carl", "Sang along with the second piece."))
