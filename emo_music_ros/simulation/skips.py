# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is offered to somebody who asks for another track faster than the player can start one."""

from __future__ import annotations

from collections.abc import Sequence

from emo_music_ros.recommendation.session.views import Decision
from emo_music_ros.simulation.loop import Outputs, outside_estimate, simulated_loop
from emo_music_ros.simulation.player import PlayerFaults
from emo_music_ros.streams import Emotion, Interaction, Track

#: How often it is skipped, how quickly [s], and how long the player takes to start [s].
SKIPS, EVERY, DELAY = 20, 0.5, 1.0


class _Offers(Outputs):
    def __init__(self) -> None:
        self.tracks: list[str] = []

    def on_decision(self, at: float, decision: Decision) -> None:
        """Note what is offered."""
        if decision.trigger == "next":
            self.tracks.append(decision.ranked[0].track.track_id)


def skips(tracks: Sequence[Track], policy: str, seed: int) -> tuple[int, int]:
    """Return how many different tracks were offered, and how often one came twice in a row."""
    offers = _Offers()
    with simulated_loop(tracks, policy, seed, "x", offers) as loop:
        loop.set_faults(PlayerFaults(start_delay=DELAY))
        for step in range(round(30 / EVERY)):
            loop.advance(step * EVERY)
            loop.add_emotion(
                Emotion(0.0, "calm", outside_estimate(0.5, -0.4, 0.5), 0.5, (), "given", "x")
            )
            if 20 <= step * EVERY < 20 + SKIPS * EVERY:
                loop.add_interaction(Interaction(0.0, "next", "", 0.0, 0.0, "x"))
        loop.advance(32.0)
    found = offers.tracks
    return len(set(found)), sum(one == two for one, two in zip(found, found[1:]))
