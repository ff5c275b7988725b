# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What policies would have earned on the listens of SiTunes whose track was drawn at random.

A policy is asked at every such listen, with the emotion before and no past of the person, for the
chances of all tracks that random listens were drawn from. The rewards are the rating and the
change of valence; the model of doubly robust estimates is the response model, which learned from
all people but the one asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.recommendation.base import Recommender
from emo_music_ros.recommendation.policy.companion import Companion
from emo_music_ros.recommendation.policy.paper_a import PaperA
from emo_music_ros.recommendation.policy.simple import (
    FixedPlaylist,
    GenreTable,
    PolarityRules,
)
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.recommendation.response.listens import CONTENT, GENRES, Floats
from emo_music_ros.recommendation.response.model import ResponseModel
from emo_music_ros.streams import Estimate, Track
from emo_music_ros.training.corpora.situnes import Situnes
from emo_music_ros.training.evaluation import off_policy
from emo_music_ros.training.evaluation.metrics import interval
from emo_music_ros.training.evaluation.off_policy import Log
from emo_music_ros.training.evaluation.protocol import by_group
from emo_music_ros.training.shared.cards import markdown_table

RANDOM = "Rand"
REWARDS = ("rating", "change of valence")
FOLDS = 5
HEAD = """# What policies would have earned

Written by `emo-music evaluate recommender --data FOLDER --save docs`. SiTunes, second stage: 259
listens of young adults whose track was drawn at random; the recorded arms stand first. Policies
know the emotion before and nothing of the person. SNIPW weighs what was recorded, DR corrects a
model by it: the response model, learned from young adults, of whom the one asked about was left
out. Few rows tell of a policy that is sure of its choice, and the intervals say so: this says
what would have been rated and felt then, and nothing of an effect on older people.
"""
ESTIMATES = {"SNIPW": off_policy.snipw, "DR": off_policy.doubly_robust}


class _Stranger:
    """Somebody of whom nothing is known."""

    person_id = "stranger"
    preference = np.zeros(0)

    def history(self, track_id: str) -> tuple[float, int]:
        """Return that no track was judged."""
        return 0.0, 0


def policies(seed: int) -> dict[str, Recommender]:
    """Return the policies that need no past of a person; a new one for every listen."""
    return {
        "companion": Companion(Companion.Options(seed=seed, time_of_day=False)),
        "therapeutic": TherapeuticRecommender(
            TherapeuticRecommender.Options(seed=seed, time_of_day=False)
        ),
        "paper_a": PaperA(),
        "genre_table": GenreTable(GenreTable.Options(seed=seed)),
        "polarity_rules": PolarityRules(PolarityRules.Options(seed=seed)),
        "fixed_playlist": FixedPlaylist(),
    }


def pool(data: Situnes, rows: NDArray[np.int64]) -> list[Track]:
    """Return the tracks that random listens were drawn from, as the policies know them."""
    place = {name: row for row, name in enumerate(data.tracks.ids)}
    found = []
    for name in sorted({data.listens.tracks[row] for row in rows.tolist()}, key=int):
        content = dict(zip(CONTENT, data.tracks.content[place[name]].tolist()))
        genre = GENRES[int(data.tracks.genre[place[name]].argmax())]
        found.append(
            Track(
                name,
                name,
                genre=genre,
                tempo=content["tempo"],
                energy=content["energy"],
                valence=2 * content["valence"] - 1,
                arousal=2 * content["energy"] - 1,
            )
        )
    return found


def state_of(valence: float, arousal: float) -> str:
    """Return the state of the quadrant of an emotion."""
    if valence >= 0:
        return STATES[0] if arousal >= 0 else STATES[1]
    return STATES[2] if arousal >= 0 else STATES[3]


def chances(policy: Recommender, before: Floats, tracks: list[Track]) -> Floats:
    """Return the chance [tracks] of every track for somebody who feels so."""
    valence, arousal = (float(value) for value in before)
    estimate = Estimate((), np.zeros(0, np.float32), valence, arousal, float("nan"), 1.0)
    _, ranked = policy.rank(
        state_of(valence, arousal), estimate, tracks, _Stranger(), [], len(tracks)
    )
    found = {one.track.track_id: one.propensity for one in ranked}
    return np.array([found.get(track.track_id, 0.0) for track in tracks])


def expected(
    model: ResponseModel, data: Situnes, rows: NDArray[np.int64], tracks: list[Track], seed: int
) -> Floats:
    """Return rating and change of valence expected of all tracks [rows, tracks, 2]."""
    listens = data.listens
    people = np.array(listens.people)
    found = np.zeros((len(rows), len(tracks), 2))
    for _, test in by_group(people[rows], FOLDS, seed):
        out = np.isin(people, np.unique(people[rows[test]]))
        responses = model.with_history(data.tracks, listens.subset(np.flatnonzero(~out)))
        places = [responses.ids[track.track_id] for track in tracks]
        table = responses.table.astype(np.float32)
        for row in test.tolist():
            one = listens.subset(rows[[row]]).asked()
            answers = responses.moment(one).answer(table)
            found[row, :, 0] = answers.rating[places]
            found[row, :, 1] = answers.after[places, 0] - one.before[0, 0]
    return found


def evaluate_policies(data: Situnes, model: ResponseModel, seed: int = 0) -> list[dict[str, Any]]:
    """Return one entry for every policy and reward, recorded arms first.

    Returns
    -------
    list of dict
        policy, reward, estimate, value, low, high (95 % over people), rows that tell.
    """
    listens, chosen = data.listens, np.array(data.chosen_by)
    change = listens.after[:, 0] - listens.before[:, 0]
    rewards = np.stack([listens.rating, change], axis=1)
    entries = []
    for arm in sorted(set(chosen[data.daily].tolist()) - {""}):
        rows = np.flatnonzero(chosen == arm)
        for column, name in enumerate(REWARDS):
            entries.append(_mean(arm, name, rewards[rows, column], _people(data, rows)))
    rows = np.flatnonzero(chosen == RANDOM)
    tracks = pool(data, rows)
    place = {track.track_id: number for number, track in enumerate(tracks)}
    made = np.array([place[listens.tracks[row]] for row in rows.tolist()])
    values = expected(model, data, rows, tracks, seed)
    for name in policies(seed):
        table = np.stack(
            [chances(policies(seed)[name], listens.before[row], tracks) for row in rows.tolist()]
        )
        entries += _judged(name, table, made, rewards[rows], values, _people(data, rows))
    return entries


def _people(data: Situnes, rows: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.array(data.listens.people)[rows]


def _mean(arm: str, reward: str, values: Floats, people: NDArray[np.str_]) -> dict[str, Any]:
    low, high = interval(lambda column: float(column.mean()), people, values)
    return {
        "policy": f"recorded: {arm}", "reward": reward, "estimate": "mean",
        "value": float(values.mean()), "low": low, "high": high, "rows": float(len(values)),
    }  # fmt: skip


def _judged(
    name: str,
    table: Floats,
    made: NDArray[np.int64],
    rewards: Floats,
    values: Floats,
    people: NDArray[np.str_],
) -> list[dict[str, Any]]:
    each = np.arange(len(made))
    propensity = np.full(len(made), 1.0 / table.shape[1])
    entries = []
    for column, reward in enumerate(REWARDS):
        parts = (
            rewards[:, column],
            propensity,
            table[each, made],
            values[each, made, column],
            (table * values[:, :, column]).sum(axis=1),
        )
        log = Log(*parts)
        for kind, estimate in ESTIMATES.items():

            def of(*columns: Floats, estimate: Any = estimate) -> float:
                return float(estimate(Log(*columns)))

            low, high = interval(of, people, *parts)
            entries.append(
                {
                    "policy": name, "reward": reward, "estimate": kind, "value": estimate(log),
                    "low": low, "high": high, "rows": off_policy.effective_rows(log.weight),
                }
            )  # fmt: skip
    return entries


def markdown(entries: list[dict[str, Any]]) -> str:
    """Return the table."""

    def cells(entry: Mapping[str, Any]) -> list[str]:
        numbers = f"{entry['value']:+.3f} [{entry['low']:+.3f}, {entry['high']:+.3f}]"
        names = [entry[name] for name in ("policy", "reward", "estimate")]
        return [*names, numbers, f"{entry['rows']:.0f}"]

    head = ("policy", "reward", "estimate", "value [95 % over people]", "rows that tell")
    return markdown_table(head, [cells(entry) for entry in entries])
