# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fit what simulated listeners are drawn from: ``emo-music train listeners``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.recommendation.response.model import LEARNED_FROM
from emo_music_ros.training.corpora import situnes
from emo_music_ros.training.listeners import fitting
from emo_music_ros.training.shared.cards import Card, Figure, write_card
from emo_music_ros.training.shared.work import Work

NAME = "listeners"
CORPORA = (situnes.NAME,)


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Fit the listeners and write them with their card.

    Parameters
    ----------
    data : pathlib.Path
        Folder of SiTunes.
    out : pathlib.Path
        Folder of the models.
    work : Work
        Where the fit is kept.
    seed, precision
        Nothing is random, and numbers have five digits in any.

    Returns
    -------
    dict
        The weights and spreads.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    corpus = situnes.load(Path(data))
    listens = corpus.listens
    key = [listens.rating, listens.before, listens.after, fitting.fit, fitting.restricted]

    def compute() -> dict[str, Any]:
        found = fitting.rounded(fitting.fit(corpus))
        return {"listeners": np.array(json.dumps(found))}

    found = json.loads(str(work.recall("listeners", key, compute)["listeners"]))
    content = {"version": "1.0.0", "learned": LEARNED_FROM, **found}
    lines = [f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in content.items()]
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{NAME}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    write_card(card(found), out)
    return {"rating": found["rating"], **found["after"]}


def card(found: dict[str, Any]) -> Card:
    """Return the card of a fit."""
    return Card(
        name=NAME,
        purpose=(
            "What `emo-music simulate --weeks` draws its listeners and its library from: what "
            "people like, what music does to their mood, and how measures of tracks vary. For "
            "nothing else: it **learned from young adults** and says nothing of any one person."
        ),
        data=(
            "SiTunes (Grigorev et al. 2024): 30 young adults, 600 listens in a laboratory and 897 "
            "in daily life. The later stage of the corpus was never read."
        ),
        licence="Research only: the corpus is called open source but has no licence file.",
        split="None: nothing is predicted. Every policy is judged with listeners drawn anew.",
        network=(
            "Linear mixed models by restricted likelihood (training/listeners/fitting.py): weights "
            "that hold for all and standard deviations of what differs between people, pieces and "
            "moments. Genres and measures of tracks by share, mean and covariance. There is no "
            "listen, person or track of the corpus in it."
        ),
        figures=[
            Figure(
                f"{target}: {name}",
                value,
                low=value - 1.96 * part["errors"][name],
                high=value + 1.96 * part["errors"][name],
                scope="30 people",
            )
            for target, part in {"rating": found["rating"], **found["after"]}.items()
            for name, value in part["fixed"].items()
        ],
        limits=(
            "Young adults and popular music: how older people answer was not measured.",
            "Nobody of SiTunes skipped within 30 s, so that skipping is not fitted but chosen "
            "(simulation/weeks/people.py), and acceptance rests on that choice.",
            "What one listen does is taken to add up over a session, which was not measured.",
            "The response model of the policy `companion` was learned from the same people by "
            "other means, which favours it.",
        ),
        reproduce="emo-music train listeners --data DATA",
    )
