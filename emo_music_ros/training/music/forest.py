# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The Random Forest of paper B, section C.3: quadrants only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music.model import Answers
from emo_music_ros.training.music.models import Lesson, Setting
from emo_music_ros.training.shared.onnx_export import OPSET


@dataclass(frozen=True)
class Forest:
    """A trained Random Forest."""

    trees: Any

    @property
    def parameters(self) -> int:
        """How many numbers it learnt: threshold and feature of each branch, shares of each leaf."""
        return sum(
            2 * (tree.tree_.node_count - tree.tree_.n_leaves) + 4 * tree.tree_.n_leaves
            for tree in self.trees.estimators_
        )

    @property
    def outputs(self) -> list[str]:
        """It knows nothing but the quadrants."""
        return ["probabilities"]

    def __call__(self, features: NDArray[np.float32]) -> Answers:
        """Return probabilities of the quadrants alone."""
        table = np.zeros((len(features), 4))
        table[:, self.trees.classes_] = self.trees.predict_proba(features)
        return Answers(table, None, None, table)

    def export(self, path: Path, examples: NDArray[np.float32]) -> None:
        """Write it as ONNX and check that onnxruntime gives the same."""
        import onnxruntime
        from skl2onnx import to_onnx

        if list(self.trees.classes_) != [0, 1, 2, 3]:
            raise ValueError("a quadrant is missing among what the forest learnt from")
        model = to_onnx(self.trees, examples[:1], options={"zipmap": False}, target_opset=OPSET)
        del model.graph.output[0]  # the most likely class
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: examples})
        np.testing.assert_allclose(found, self(examples).quadrants, atol=1e-5)


def fit_forest(lesson: Lesson, setting: Setting, seed: int) -> Forest:
    """Train the Random Forest of paper B, section C.3: 100 trees, Gini impurity, bagging."""
    from sklearn.ensemble import RandomForestClassifier

    trees = RandomForestClassifier(
        n_estimators=int(setting["trees"]),
        criterion="gini",
        max_depth=int(setting["depth"]),
        min_samples_split=int(setting["split"]),
        max_samples=0.3,  # the windows of a piece are alike
        random_state=seed,
        n_jobs=1,
    )
    axes = lesson.wanted[:, :2]
    pleasant, active = (axes > 0.5).T
    # What listeners did not agree on counts less.
    certain = np.abs(2 * axes - 1).mean(axis=1)
    trees.fit(
        lesson.features,
        2 * ~pleasant + ~active,
        sample_weight=lesson.weights[:, :2].mean(axis=1) * certain,
    )
    return Forest(trees)
