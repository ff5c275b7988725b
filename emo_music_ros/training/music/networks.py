# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of music: perceptrons, the network of paper E, linear ones.

Each answers whether valence and whether arousal is positive, with a dominance and perhaps with what
listeners feel; a quadrant is as likely as its two halves together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from emo_music_ros.encoding.music.model import Answers
from emo_music_ros.training.music.models import ASKED, TARGETS, Lesson, Setting
from emo_music_ros.training.shared.onnx_export import export_onnx
from emo_music_ros.training.shared.seeding import seed_everything

#: Valence, arousal and dominance come first of the targets.
AXES = 3
#: Deviations beyond which a feature counts no further.
CLAMP = 4.0


class Standardised(nn.Module):
    """Standardised features through a network of logits for the first of the targets."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, features: NDArray[np.float32]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(features.mean(axis=0)))
        self.register_buffer("deviation", torch.tensor(features.std(axis=0) + 1e-6))

    def logits(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits [n, outputs] and an embedding [n, ...] of features [n, features]."""
        # What is far outside of what was heard counts as its edge.
        scaled = torch.clamp((x - self.mean) / self.deviation, -CLAMP, CLAMP)
        answer = self.network(scaled)
        return answer if isinstance(answer, tuple) else (answer, torch.tanh(answer))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return probabilities [n, 4], dominance [n], felt [n, 10] if known, embedding [n, ...]."""
        logits, embedding = self.logits(x)
        shares = torch.sigmoid(logits)
        pleasant, active = shares[:, :1], shares[:, 1:2]
        quadrants = [
            pleasant * active,
            pleasant * (1 - active),
            (1 - pleasant) * active,
            (1 - pleasant) * (1 - active),
        ]
        known = [torch.cat(quadrants, dim=1), 2 * shares[:, 2] - 1]
        if logits.shape[1] > AXES:
            known.append(shares[:, AXES : len(ASKED)])
        return (*known, embedding)


class Perceptron(nn.Module):
    """Logits through one hidden layer, mean of several trained alike from other seeds."""

    def __init__(
        self,
        features: int,
        hidden: int,
        dropout: float,
        members: int = 1,
        outputs: int = len(TARGETS),
    ) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.hidden = nn.ModuleList(nn.Linear(features, hidden) for _ in range(members))
        self.out = nn.ModuleList(nn.Linear(hidden, outputs) for _ in range(members))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [n, outputs] and embedding [n, hidden * members]."""
        inner = [torch.tanh(layer(self.drop(x))) for layer in self.hidden]
        logits = [layer(self.drop(part)) for layer, part in zip(self.out, inner, strict=True)]
        return torch.stack(logits).mean(dim=0), torch.cat(inner, dim=1)


class PaperE(nn.Module):
    """The network of paper E, section 3.1: valence, arousal and dominance.

    Two convolutions of width 5 with 5 channels over the features as they come, 1024 hidden units,
    dropout 0.5. Its three outputs have three levels in the paper; here they are shares, for the
    ratings are.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 5, 5)
        self.second = nn.Conv1d(5, 5, 5)
        self.hidden = nn.Linear(5 * (features - 8), 1024)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(1024, AXES)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [n, 3] of features [n, features]."""
        x = functional.relu(self.first(x[:, None]))
        x = functional.relu(self.second(x)).flatten(1)
        answer: Tensor = self.out(self.drop(functional.relu(self.hidden(x))))
        return answer


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network; it knows what its last layer has an output for."""

    module: Standardised
    knows_felt: bool

    @property
    def outputs(self) -> list[str]:
        """Names of its outputs."""
        felt = ["felt"] if self.knows_felt else []
        return ["probabilities", "dominance", *felt, "embedding"]

    @property
    def parameters(self) -> int:
        """How many numbers it learnt."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    def __call__(self, features: NDArray[np.float32]) -> Answers:
        """Answer to windows [n, features]."""
        with torch.no_grad():
            found = self.module(torch.tensor(features))
        named = dict(zip(self.outputs, (part.double().numpy() for part in found), strict=True))
        return Answers(
            named["probabilities"], named["dominance"], named.get("felt"), named["embedding"]
        )

    def export(self, path: Path, examples: NDArray[np.float32]) -> None:
        """Write it as ONNX."""
        export_onnx(self.module, path, [torch.tensor(examples)], ["features"], self.outputs)
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
    network: nn.Module,
    lesson: Lesson,
    outputs: int,
    seed: int,
    epochs: int,
    rate: float,
    decay: float,
) -> TrainedNetwork:
    """Train the logits of the first `outputs` targets."""
    model = Standardised(network, lesson.features)
    columns = (lesson.features, lesson.wanted[:, :outputs], lesson.weights[:, :outputs])
    table = [torch.tensor(np.asarray(column, np.float32)) for column in columns]
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
    return TrainedNetwork(model.eval(), outputs > AXES)


def fit_perceptron(lesson: Lesson, setting: Setting, seed: int) -> TrainedNetwork:
    """Train perceptrons with one hidden layer and put them into one network."""
    features, hidden, members = (
        lesson.features.shape[1],
        int(setting["hidden"]),
        int(setting["members"]),
    )
    whole = Perceptron(features, hidden, setting["dropout"], members)
    for member in range(members):
        seed_everything(seed + member)
        one = Perceptron(features, hidden, setting["dropout"])
        _train(
            one, lesson, len(TARGETS), seed + member, int(setting["epochs"]), 3e-3, setting["decay"]
        )
        whole.hidden[member], whole.out[member] = one.hidden[0], one.out[0]
    return TrainedNetwork(Standardised(whole, lesson.features).eval(), True)


def fit_linear(lesson: Lesson, setting: Setting, seed: int) -> TrainedNetwork:
    """Train a logistic regression of every target."""
    seed_everything(seed)
    network = nn.Linear(lesson.features.shape[1], len(TARGETS))
    epochs, decay = int(setting["epochs"]), setting["decay"]
    return _train(network, lesson, len(TARGETS), seed, epochs, 1e-2, decay)


def fit_paper_e(lesson: Lesson, setting: Setting, seed: int) -> TrainedNetwork:
    """Train the network of paper E."""
    seed_everything(seed)
    network = PaperE(lesson.features.shape[1])
    return _train(network, lesson, AXES, seed, int(setting["epochs"]), 1e-3, setting["decay"])
