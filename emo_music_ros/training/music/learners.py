# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The models of music that are trained and compared: ours, papers B and E, linear ones."""

from __future__ import annotations

from emo_music_ros.training.music.forest import fit_forest
from emo_music_ros.training.music.models import Learner
from emo_music_ros.training.music.networks import fit_linear, fit_paper_e, fit_perceptron

OURS = Learner(
    "emo_music_ros",
    "this project",
    "music",
    ({"hidden": 64, "dropout": 0.5, "decay": 0.05, "epochs": 20, "members": 5},),
    fit_perceptron,
)
FOREST = Learner(
    "Random Forest",
    "paper B, section C.3",
    "paper_b",
    ({"depth": 6, "split": 20, "trees": 100}, {"depth": 10, "split": 2, "trees": 100}),
    fit_forest,
    knows=(),
)
CNN = Learner(
    "1-D CNN",
    "paper E, section 3.1",
    "paper_e",
    ({"epochs": 5, "decay": 0.01},),
    fit_paper_e,
    knows=("dominance",),
)
LINEAR = Learner(
    "logistic regression",
    "the features of this project",
    "music",
    ({"epochs": 20, "decay": 0.01},),
    fit_linear,
)
TEMPO_AND_MODE = Learner(
    "logistic regression, tempo and mode",
    "the two elements that paper C, table 2, puts first",
    "music",
    ({"epochs": 20, "decay": 0.0},),
    fit_linear,
    ("tempo", "mode"),
)
