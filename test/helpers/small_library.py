# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A person without a past, feelings, and a small library."""

from __future__ import annotations

import numpy as np

from emo_music_ros.streams import Estimate, Track

NAN = float("nan")
GENRES = ("pop", "jazz", "ambient", "piano", "folk")


class Person:
    def __init__(self, person_id="anna", history=None):
        self.person_id = person_id
        self.preference = np.zeros(0)
        self.known = history or {}

    def history(self, track_id):
        return self.known.get(track_id, (0.0, 0))


def feels(valence, arousal):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, NAN, 1.0)


def library(count=30, seed=1):
    rng = np.random.default_rng(seed)
    return [
        Track(
            f"t{i:02}", f"/t{i}", title=f"Piece {i}", genre=GENRES[i % 5], tempo=60.0 + 3 * i,
            valence=float(v), arousal=float(a), dominance=float(d), energy=0.5, mode=0.5,
            features=rng.normal(size=4).astype(np.float32),
        )
        for i, (v, a, d) in enumerate(rng.uniform(-1, 1, (count, 3)))
    ]  # fmt: skip
