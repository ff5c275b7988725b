# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Eight people in view at once: every face answered for, every person fused, the group told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from bench.common import Row, alternate
from bench.face_detection import FRAMES, OURS, PORTRAIT
from emo_music_ros import plugins
from emo_music_ros.encoding.face.encoder import FaceEncoder
from emo_music_ros.fusion.base import DEFAULT
from emo_music_ros.fusion.group import group_of
from emo_music_ros.fusion.people import People
from emo_music_ros.fusion.timeline import FusionOptions
from emo_music_ros.streams import Encoding, ImageFrame

#: Pictures a second, and seats: columns and rows.
RATE, COLUMNS, ROWS = 10.0, 4, 2
WIDTH, HEIGHT, SIDE = 1280, 720, 220


def film() -> list[Any]:
    """Return a stream of 1280 x 720 in which eight people (one portrait) sway a little."""
    portrait: Any = cv2.imread(str(PORTRAIT))
    portrait = cv2.resize(portrait, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0)
    frames = []
    for number in range(FRAMES):
        phase = 2 * np.pi * number / FRAMES
        frame = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
        for seat in range(COLUMNS * ROWS):
            column, row = seat % COLUMNS, seat // COLUMNS
            left = WIDTH * (2 * column + 1) // (2 * COLUMNS) - SIDE // 2
            top = HEIGHT * (2 * row + 1) // (2 * ROWS) - SIDE // 2
            left += round(20 * np.sin(phase + seat))
            top += round(10 * np.cos(2 * phase + seat))
            frame[top : top + SIDE, left : left + SIDE] = portrait
        shades = frame + noise.normal(0, 3, frame.shape)
        frames.append(np.clip(shades, 0, 255).astype(np.uint8))
    return frames


def compare() -> dict[str, list[Row]]:
    """Time a picture of eight people, up to the encodings and up to the state of the group."""
    frames = film()
    found: list[int] = []

    def encoding() -> Callable[[], list[Encoding]]:
        options = FaceEncoder.Options(
            people="all", max_faces=COLUMNS * ROWS, detector="blazeface_tiles"
        )
        encoder = FaceEncoder(options)
        count = 0

        def push() -> list[Encoding]:
            nonlocal count
            count += 1
            return encoder.push(ImageFrame(count / RATE, frames[count % FRAMES]))

        return push

    alone, first = encoding(), encoding()
    people = People(plugins.create("fusion", DEFAULT), DEFAULT, FusionOptions(), "face-1")

    def fused() -> None:
        encodings = first()
        now = max((one.time for one in encodings), default=0.0)
        for one in encodings:
            people.add(replace(one, person_id=one.person_id or "face-1"), now)
        found.append(len(encodings))
        group_of(people.step(now), now)

    times = alternate({"faces": alone, "faces, fusion and group": fused})
    share = 100 * RATE * times["faces, fusion and group"][0]
    seen = f"{np.mean(found[2:]):.1f} faces answered for"
    return {
        f"A picture of {COLUMNS * ROWS} people of {WIDTH} x {HEIGHT}": [
            Row("faces, fusion and group", OURS, *times["faces, fusion and group"],
                f"{seen}; {share:.0f} % of a core at {RATE:g} pictures a second"),
            Row("faces alone", OURS, *times["faces"]),
        ]
    }  # fmt: skip
