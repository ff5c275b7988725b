# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the response model is measured beside: the emotion before alone, and four networks.

The networks are those published with SiTunes, FM (Rendle 2010), Wide & Deep (Cheng et al. 2016),
AutoInt (Song et al. 2019) and DCN V2 (Wang et al. 2021), of the library DeepCTR-Torch and in small
versions, as there are few listens. The one they were published with, RecBole 1.2.1, asks for ray
2.6 and exact versions of others that this project does not run with.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emo_music_ros.recommendation.response.features import rows_of, scale, track_table
from emo_music_ros.recommendation.response.listens import Floats, Numbers, feelings_changed
from emo_music_ros.training.corpora.situnes import Situnes
from emo_music_ros.training.evaluation.metrics import auc
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.recommender.study import Part

NETWORKS = {
    "FM": "Rendle 2010, DeepCTR-Torch, small",
    "Wide & Deep": "Cheng et al. 2016, DeepCTR-Torch, small",
    "AutoInt": "Song et al. 2019, DeepCTR-Torch, small",
    "DCN V2": "Wang et al. 2021, DeepCTR-Torch, small",
}
EPOCHS, PATIENCE = 50, 8
#: Bins of a measure, as many listens in each.
BINS = 8


def emotion_before(data: Situnes, part: Part) -> dict[str, Floats]:
    """Return answers of models that know the emotion before and nothing else.

    Most change of mood is return to the middle, hence this is strong.
    """
    from sklearn.linear_model import LinearRegression, LogisticRegression

    listens = data.listens
    daily = part.known[listens.in_daily_life[part.known] > 0]
    seen, asked = listens.before[daily], listens.before[part.test]
    mood = feelings_changed(listens.before[daily, 0], listens.after[daily, 0])
    like = listens.rating[daily] >= 3
    judge = LogisticRegression(C=10.0, max_iter=1000)
    table = np.zeros((len(asked), 3))
    judge.fit(seen, mood)
    table[:, judge.classes_] = judge.predict_proba(asked)
    valence = LinearRegression().fit(seen, listens.after[daily, 0]).predict(asked)
    return {
        "liking": judge.fit(seen, like).predict_proba(asked)[:, 1:],
        "mood": table,
        "valence": valence[:, None],
    }


def columns(data: Situnes, known: Rows) -> Numbers:
    """Return fields of all listens [n, fields]: person, track, genre, and measures in bins.

    All are numbers from 0 on; the bins have as many of the known listens each.
    """
    listens, tracks = data.listens, data.tracks
    of = scale(tracks, listens.subset(known))
    table = track_table(tracks, of)
    ids = {name: row for row, name in enumerate(tracks.ids)}
    people = {name: number for number, name in enumerate(sorted(set(listens.people)))}
    rows = rows_of(listens, ids, table, people, of)
    genre = tracks.genre.argmax(axis=1)[rows.track]
    content = of.of_content(tracks.content)[rows.track]
    situation = of.of_situation(listens.situation)
    measures = np.column_stack([content, situation, rows.before[:, :2], rows.idle, rows.field])
    edges = np.quantile(measures[known], np.arange(1, BINS) / BINS, axis=0)
    bins = [np.searchsorted(np.unique(some), one) for some, one in zip(edges.T, measures.T)]
    return np.stack([rows.person, rows.track, genre, *bins], axis=1).astype(np.int64)


def network(kind: str, data: Situnes, part: Part, seed: int) -> Floats:
    """Return the chance [test, 1] that one of :data:`NETWORKS` gives liking.

    It stops when the AUC of the validation rows has not risen for `PATIENCE` epochs.
    """
    import torch

    from emo_music_ros.training.recommender.networks import make

    torch.manual_seed(seed)
    fields = columns(data, part.known)
    like = torch.tensor(data.listens.rating >= 3, dtype=torch.float32)
    told = torch.tensor(fields, dtype=torch.float32)
    net = make(kind, (fields.max(axis=0) + 1).tolist(), seed)
    descent = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=0.01)
    best, kept, since = -1.0, _answers(net, told, part.test), 0
    for _ in range(EPOCHS):
        net.train()
        for rows in torch.tensor(part.train)[torch.randperm(len(part.train))].split(200):
            descent.zero_grad()
            logits = net(told[rows])[:, 0]
            torch.nn.functional.binary_cross_entropy_with_logits(logits, like[rows]).backward()
            descent.step()
        area = auc(like[part.validation].numpy(), _answers(net, told, part.validation)[:, 0])
        since += 1
        if area > best:
            best, kept, since = area, _answers(net, told, part.test), 0
        elif since > PATIENCE:
            break
    return kept


def _answers(net: Any, told: Any, rows: Rows) -> Floats:
    import torch

    net.eval()
    with torch.no_grad():
        chances = torch.sigmoid(net(told[rows]))
    return chances.numpy().astype(float)  # type: ignore[no-any-return]
