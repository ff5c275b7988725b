# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the player says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from emo_music_ros.streams import Track

NAN = float("nan")


@dataclass(frozen=True)
class PlayerStatus:
    """What the player is doing. `status` is stopped, playing, paused or fading.

    Times are unix seconds: `started` is when the first sample of the track was handed to the
    device, `recommended` the stamp of the recommendation; NaN = none. `position` and
    `duration` are in seconds, `volume` 0..1. The counters run since the player was made.

    `level` is that at the listener [dBA], NaN = silence; `dose` the part of the week's that was
    used, 1 = all. Both are estimates unless `calibrated`. `advice` is what people should know of
    that, and `limited` whether a cap keeps the music softer than was asked for.
    """

    status: str
    track: Track | None = None
    position: float = 0.0
    duration: float = 0.0
    volume: float = 0.0
    underruns: int = 0
    started: float = NAN
    recommendation_id: str = ""
    recommended: float = NAN
    tracks_started: int = 0
    tracks_finished: int = 0
    tracks_skipped: int = 0
    error: str = ""
    level: float = NAN
    dose: float = 0.0
    calibrated: bool = False
    limited: bool = False
    advice: str = "not calibrated"
