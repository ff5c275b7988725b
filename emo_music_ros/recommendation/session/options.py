# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What can be set of the session: when to decide, for whom, and where memory is kept."""

from __future__ import annotations

from dataclasses import dataclass

from emo_music_ros.options import option


@dataclass(frozen=True)
class TriggerOptions:
    """When to decide."""

    crossfade: float = option(
        4.0, "the next track is chosen this long before the end [s]", low=0, high=12, dynamic=True
    )
    settle: float = option(
        1.0, "silence after a track before the next [s]", low=0.0, high=60.0, dynamic=True
    )
    patience: float = option(
        10.0,
        "wait for a first stable and confident state before a safe choice [s]",
        low=0.0,
        high=600.0,
        dynamic=True,
    )
    min_dwell: float = option(
        45.0,
        "a track plays this long before a new state replaces it [s]",
        low=0.0,
        high=3600.0,
        dynamic=True,
    )
    stable: float = option(
        24.0,
        "a new state counts when it holds for most of this time [s]",
        low=0.0,
        high=100.0,
        dynamic=True,
    )
    start_timeout: float = option(
        5.0,
        "a track that does not start in this time is given up [s]; doubled each time in a row",
        low=0.5,
        high=60.0,
        dynamic=True,
    )
    absence: float = option(
        180.0,
        "music fades and waits when nobody was there for this long [s]; 0 = never",
        low=0.0,
        high=86400.0,
        dynamic=True,
    )


@dataclass(frozen=True)
class DirectorOptions(TriggerOptions):
    """When to decide, and what distress is."""

    top_k: int = option(5, "tracks in a recommendation", low=1, high=50, dynamic=True)
    distress_stop: bool = option(True, "stop when the person becomes distressed", dynamic=True)
    distress_rise: float = option(
        0.18,
        "arousal above the person's own baseline that counts as distress of somebody anxious",
        low=0.05,
        high=2.0,
        dynamic=True,
    )
    distress_time: float = option(
        50.0, "time most of which distress fills before it stops music [s]", low=5, high=100,
        dynamic=True,
    )  # fmt: skip
    distress_pause: float = option(
        1200.0,
        "no music after distress unless asked for [s]",
        low=0.0,
        high=86400.0,
        dynamic=True,
    )
    heart_reward: bool = option(
        False, "let the heart rate earn a reward; off for pacemaker or beta-blocker", dynamic=True
    )


@dataclass(frozen=True)
class RecommenderOptions(DirectorOptions):
    """When to decide, for whom, and where memory is kept."""

    person_id: str = option("resident", "person the music is for")
    memory: str = option(
        "", "what was learned: SQLite file, or postgresql:// URL; empty = in the data folder"
    )
    half_life: float = option(
        50.0,
        "listens after which what was learned from one counts half; gives lambda of Eq. A10",
        low=1.0,
        high=10000.0,
    )
