"""The models of music that are trained and compared: ours, papers B and E, linear ones.

Each learns from a :class:`Lesson` and answers with the probabilities of the quadrants of
:data:`emo_music_ros.emotion.QUADRANTS`. Networks answer whether valence and whether arousal is
positive; a quadrant is as likely as its two halves together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import papers as music_papers
from emo_music_ros.training.shared.onnx_export import (
    OPSET,
    export_onnx,
)  #: Values of one setting by name.
from emo_music_ros.training.shared.seeding import seed_everything  #: Values of one setting by name.

Setting = Mapping[str, float]
#: What is enough to choose a setting by.
TRIAL = {"members": 1, "trees": 20}


@dataclass(frozen=True)
class Lesson:
    """Windows to learn from.

    Attributes
    ----------
    features : numpy.ndarray
        [n, features].
    wanted : numpy.ndarray
        [n, 2], probability that valence and that arousal is positive.
    weights : numpy.ndarray
        [n, 2], how much each counts.
    """

    features: NDArray[np.float32]
    wanted: NDArray[np.float64]
    weights: NDArray[np.float64]


class Fitted(Protocol):
    """A trained model."""

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities [n, 4] of the quadrants."""
        ...

    def export(self, path: Path, examples: NDArray[np.float32]) -> None:
        """Write it as ONNX with the outputs ``probabilities`` and perhaps ``embedding``."""
        ...

    @property
    def parameters(self) -> int:
        """How many numbers it learnt."""
        ...


@dataclass(frozen=True)
class Learner:
    """One way to make a model.

    Attributes
    ----------
    name, origin : str
        For the tables.
    features : str
        Its set of features, of :data:`emo_music_ros.encoding.music.encoder.FEATURE_SETS`.
    settings : sequence of mapping
        What is chosen from, by people that are not tested on; the first wins a tie.
    fit : callable
        (lesson, setting, seed) -> trained model.
    columns : tuple of str
        Names of the only features it uses; empty = all.
    """

    name: str
    origin: str
    features: str
    settings: Sequence[Setting]
    fit: Callable[[Lesson, Setting, int], Fitted]
    columns: tuple[str, ...] = ()


class Halves(nn.Module):
    """Standardised features through a network of two logits to quadrants."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, features: NDArray[np.float32]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(features.mean(axis=0)))
        self.register_buffer("deviation", torch.tensor(features.std(axis=0) + 1e-6))

    def logits(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits [n, 2] and an embedding [n, ...] of features [n, features]."""
        scaled = torch.clamp((x - self.mean) / self.deviation, -4.0, 4.0)
        answer = self.network(scaled)
        return answer if isinstance(answer, tuple) else (answer, torch.tanh(answer))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities [n, 4] of the quadrants and an embedding [n, ...]."""
        logits, embedding = self.logits(x)
        positive = torch.sigmoid(logits)
        pleasant, active = positive[:, :1], positive[:, 1:]
        quadrants = [
            pleasant * active,
            pleasant * (1 - active),
            (1 - pleasant) * active,
            (1 - pleasant) * (1 - active),
        ]
        return torch.cat(quadrants, dim=1), embedding


class Perceptron(nn.Module):
    """Two logits through one hidden layer, mean of several trained alike from other seeds."""

    def __init__(self, features: int, hidden: int, dropout: float, members: int = 1) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.hidden = nn.ModuleList(nn.Linear(features, hidden) for _ in range(members))
        self.out = nn.ModuleList(nn.Linear(hidden, 2) for _ in range(members))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [n, 2] and embedding [n, hidden * members]."""
        inner = [torch.tanh(layer(self.drop(x))) for layer in self.hidden]
        logits = [layer(self.drop(part)) for layer, part in zip(self.out, inner, strict=True)]
        return torch.stack(logits).mean(dim=0), torch.cat(inner, dim=1)


class PaperE(nn.Module):
    """The network of paper E, section 3.1, for two logits: valence and arousal.

    Two convolutions of width 5 with 5 channels over the features as they come, 1024 hidden units,
    dropout 0.5. Paper E has three outputs of three levels; its third, dominance, is rated in no
    corpus here.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 5, 5)
        self.second = nn.Conv1d(5, 5, 5)
        self.hidden = nn.Linear(5 * (features - 8), 1024)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(1024, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [n, 2] of features [n, features]."""
        x = functional.relu(self.first(x[:, None]))
        x = functional.relu(self.second(x)).flatten(1)
        answer: Tensor = self.out(self.drop(functional.relu(self.hidden(x))))
        return answer


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network."""

    module: Halves

    @property
    def parameters(self) -> int:
        """How many numbers it learnt."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities [n, 4] of the quadrants."""
        with torch.no_grad():
            return self.module(torch.tensor(features))[0].double().numpy()  # type: ignore[no-any-return]

    def export(self, path: Path, examples: NDArray[np.float32]) -> None:
        """Write it as ONNX."""
        export_onnx(
            self.module,
            path,
            [torch.tensor(examples)],
            ["features"],
            ["probabilities", "embedding"],
        )
        halve(path)


def halve(path: Path, least: int = 100_000) -> None:
    """Keep the large weights of an ONNX network in half precision; it still computes in single.

    Parameters
    ----------
    path : pathlib.Path
        Network, written again where it has weights of more than `least` numbers.
    least : int
        Smaller ones are left.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    graph = model.graph
    large = [
        weight
        for weight in graph.initializer
        if weight.data_type == TensorProto.FLOAT and np.prod(weight.dims) > least
    ]
    for weight in large:
        half = numpy_helper.to_array(weight).astype(np.float16)
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(half, f"{weight.name}_half"))
        cast = helper.make_node(
            "Cast", [f"{weight.name}_half"], [weight.name], to=TensorProto.FLOAT
        )
        graph.node.insert(0, cast)
    if large:
        onnx.save(model, str(path))


def _train(
    make: Callable[[], nn.Module], lesson: Lesson, seed: int, epochs: int, rate: float, decay: float
) -> TrainedNetwork:
    seed_everything(seed)
    model = Halves(make(), lesson.features)
    table = [
        torch.tensor(np.asarray(column, np.float32))
        for column in (lesson.features, lesson.wanted, lesson.weights)
    ]
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for batch in torch.randperm(len(table[0]), generator=order).split(256):
            x, wanted, weight = (column[batch] for column in table)
            loss = functional.binary_cross_entropy_with_logits(
                model.logits(x)[0], wanted, reduction="none"
            )
            optimiser.zero_grad()
            (loss * weight).mean().backward()
            optimiser.step()
    return TrainedNetwork(model.eval())


def fit_perceptron(lesson: Lesson, setting: Setting, seed: int) -> TrainedNetwork:
    """Train perceptrons with one hidden layer and put them into one network."""
    features, hidden, members = (
        lesson.features.shape[1],
        int(setting["hidden"]),
        int(setting["members"]),
    )
    whole = Perceptron(features, hidden, setting["dropout"], members)
    for member in range(members):
        trained = _train(
            lambda: Perceptron(features, hidden, setting["dropout"]),
            lesson,
            seed + member,
            int(setting["epochs"]),
            3e-3,
            setting["decay"],
        ).module.network
        assert isinstance(trained, Perceptron)
        whole.hidden[member], whole.out[member] = trained.hidden[0], trained.out[0]
    return TrainedNetwork(Halves(whole, lesson.features).eval())


def fit_linear(lesson: Lesson, setting: Setting, seed: int) -> TrainedNetwork:
    """Train a logistic regression of both halves."""
    features = lesson.features.shape[1]
    return _train(
        lambda: nn.Linear(features, 2), lesson, seed, int(setting["epochs"]), 1e-2, setting["decay"]
    )


def fit_paper_e(lesson: Lesson, setting: Setting, seed: int) -> TrainedNetwork:
    """Train the network of paper E."""
    features = lesson.features.shape[1]
    return _train(
        lambda: PaperE(features), lesson, seed, int(setting["epochs"]), 1e-3, setting["decay"]
    )


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

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities [n, 4] of the quadrants."""
        table = np.zeros((len(features), 4))
        table[:, self.trees.classes_] = self.trees.predict_proba(features)
        return table

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
        np.testing.assert_allclose(found, self(examples), atol=1e-5)


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
    pleasant, active = lesson.wanted[:, 0] > 0.5, lesson.wanted[:, 1] > 0.5
    # What listeners did not agree on counts less.
    certain = np.abs(2 * lesson.wanted - 1).mean(axis=1)
    trees.fit(
        lesson.features,
        2 * ~pleasant + ~active,
        sample_weight=lesson.weights.mean(axis=1) * certain,
    )
    return Forest(trees)


OURS = Learner(
    "emo_music_ros",
    "this project",
    "music",
    (
        {"hidden": 32, "dropout": 0.5, "decay": 0.05, "epochs": 12, "members": 3},
        {"hidden": 16, "dropout": 0.5, "decay": 0.05, "epochs": 12, "members": 3},
    ),
    fit_perceptron,
)
FOREST = Learner(
    "Random Forest",
    "paper B, section C.3",
    "paper_b",
    ({"depth": 6, "split": 20, "trees": 100}, {"depth": 10, "split": 2, "trees": 100}),
    fit_forest,
)
CNN = Learner(
    "1-D CNN",
    "paper E, section 3.1",
    "paper_e",
    ({"epochs": 2, "decay": 0.01},),
    fit_paper_e,
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
#: Names in the order of the columns of a set of features.
COLUMNS = {
    "music": music_features.NAMES,
    "paper_b": music_papers.PAPER_B,
    "paper_e": music_papers.PAPER_E,
}
