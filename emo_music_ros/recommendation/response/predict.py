# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music predict response``: what listens are expected to do, one JSON object each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.response.layout import read, read_tracks
from emo_music_ros.recommendation.response.listens import join
from emo_music_ros.recommendation.response.model import LEARNED_FROM, load

DIGITS = 5


def predict_folder(data: Path, histories: Sequence[Path] = ()) -> Iterator[dict[str, Any]]:
    """Return one answer for every row of a folder in the layout of SiTunes.

    Of `data`, only person, track, time, emotion before, surroundings and wrist are read. What is
    missing or wrong in a row is named in its ``problems``, and the row is answered by what is
    left of it.

    Parameters
    ----------
    data : pathlib.Path
        The listens asked about; the tracks are in ``music_metadata`` beside it.
    histories : sequence of pathlib.Path
        Earlier listens, with what came of them.

    Raises
    ------
    InputError
        If a folder cannot be read.
    """
    asked = read(data, outcomes=False)
    tracks = read_tracks(data)
    known = [read(folder, outcomes=True) for folder in histories]
    for folder, part in zip(histories, known):
        if not any(len(problems) < 3 for problems in part.problems):
            raise InputError(f"{folder} has no row that can be learned from", "Copy it again")
    history = join([part.listens for part in known])
    model = load()
    answers = model.with_history(tracks, history, asked.listens.people).answer(asked.listens)
    told = model.calibration.told(answers.chances)
    there = set(tracks.ids)
    for row, (inter_id, found) in enumerate(zip(asked.ids, asked.problems)):
        problems = list(found)
        if asked.listens.tracks[row] not in there:
            problems.append(f"track '{asked.listens.tracks[row]}' is not in music_info.csv")
        drop, keep, lift = (round(float(value), DIGITS) for value in told[row])
        yield {
            "inter_id": inter_id,
            "rating": round(float(answers.rating[row]), DIGITS),
            "p_rating3": round(float(answers.like[row]), DIGITS),
            "p_rating4": round(float(answers.like_much[row]), DIGITS),
            "valence_after": round(float(answers.after[row, 0]), DIGITS),
            "arousal_after": round(float(answers.after[row, 1]), DIGITS),
            "valence_deviation": round(float(answers.deviation[row, 0]), DIGITS),
            "arousal_deviation": round(float(answers.deviation[row, 1]), DIGITS),
            "mood": {"drop": drop, "keep": keep, "lift": lift},
            "p_drop": round(float(answers.chances[row, 0]), DIGITS),
            "model": LEARNED_FROM,
            **({"problems": problems} if problems else {}),
        }
