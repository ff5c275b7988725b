# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A small folder in the layout of SiTunes, with effects that can be found in it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from emo_music_ros.recommendation.response.listens import CONTENT, GENRES

TRACKS = 40


def make(root: Path, people: int = 12, listens: int = 24, seed: int = 0) -> Path:
    """Write both stages and the tracks.

    Bright tracks (measure ``valence``) are liked, more by odd people than by even ones, who are
    stricter; after a listen valence is half of what it was, plus a little of the track's.
    """
    draw = np.random.default_rng(seed)
    bright = draw.uniform(0, 1, TRACKS)
    _tracks(root / "music_metadata", bright, draw)
    lab, daily, wrist, env = [], [], [], {}
    for person in range(1, people + 1):
        for track in draw.permutation(TRACKS)[:8]:
            rating = _rating(person, bright[track], draw)
            lab.append([person, track, len(lab), 1.6e9, rating, 90, bright[track] - 0.5, 0.0])
        for number in range(listens):
            track = int(draw.integers(TRACKS))
            before = draw.uniform(-0.8, 0.8, 2)
            after = 0.5 * before + [0.4 * (bright[track] - 0.5), 0] + draw.normal(0, 0.05, 2)
            name = len(daily) + 1
            daily.append(
                [name, person, track, int(1.61e9 + 9000 * number), _rating(person, bright[track],
                 draw), *before, *after.clip(-1, 1), 60, "Rand"]
            )  # fmt: skip
            env[str(name)] = {
                "time": 1 + number % 3, "weather": [number % 3, 1000, 20 + number % 9, 60],
                "GPS": [1, 2, 3],
            }  # fmt: skip
            minute = draw.normal(0, 5, (30, 4)).clip(0)
            minute[:, 3] = draw.integers(0, 6, 30)
            wrist.append(minute)
    head = "user_id,item_id,No.,timestamp,rating,duration,emo_valence,emo_arousal"
    write(root / "Stage1" / "interactions.csv", head, lab)
    head = (
        "inter_id,user_id,item_id,timestamp,rating,emo_pre_valence,emo_pre_arousal,"
        "emo_post_valence,emo_post_arousal,duration,rec_type"
    )
    write(root / "Stage2" / "interactions.csv", head, daily)
    (root / "Stage2" / "env.json").write_text(json.dumps(env))
    np.save(root / "Stage2" / "wrist.npy", np.array(wrist))
    return root


def write(path: Path, head: str, rows: list[list[object]]) -> None:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head.split(","), *rows])


def _rating(person: int, bright: float, draw: np.random.Generator) -> int:
    value = 2.0 + 2.5 * bright + (0.8 if person % 2 else -0.6) + draw.normal(0, 0.4)
    return int(np.clip(round(value), 1, 5))


def _tracks(folder: Path, bright: np.ndarray, draw: np.random.Generator) -> None:
    rows = []
    for track in range(TRACKS):
        content = dict(zip(CONTENT, draw.normal(size=len(CONTENT))))
        content["valence"] = bright[track]
        rows.append([track, f"{track}.0", *content.values(), GENRES[track % len(GENRES)]])
    write(folder / "music_info.csv", f",item_id,{','.join(CONTENT)},general_genre", rows)
