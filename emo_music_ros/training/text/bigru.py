# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A miniature of the Bi-GRU of paper E, section 3.2 (Eqs. 1-5, Fig. 4), in both languages.

Paper E segments words with Jieba, takes word2vec vectors of 300 values and a bidirectional GRU with
400 nodes into a fully connected layer. Here the pieces of words and their vectors (384 values) are
those of multilingual-e5-small, which covers both languages without a segmenter; the number of
nodes is smaller by default, as it makes no difference that could be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros import emotion
from emo_music_ros.encoding.text.embedding import DIMENSIONS, Embedder
from emo_music_ros.training.shared.onnx_export import OPSET
from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.text.fitting import rise_and_fall

#: Rank of a Chinese class among Ekman's words is looked up, so one output serves both languages.
CLASSES = len(emotion.EKMAN)


@dataclass(frozen=True)
class BiGruSettings:
    """`nodes` counts both directions; longer texts are cut to `longest` pieces in training."""

    nodes: int = 128
    epochs: int = 3
    batch: int = 128
    rate: float = 3e-3
    dropout: float = 0.3
    longest: int = 48


class BiGru(nn.Module):
    """Bidirectional GRU, its two last states, one layer."""

    def __init__(self, settings: BiGruSettings = BiGruSettings()) -> None:  # noqa: B008
        super().__init__()
        self.recur = nn.GRU(DIMENSIONS, settings.nodes // 2, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(settings.dropout)
        self.answer = nn.Linear(settings.nodes, CLASSES)

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [n, 7] of word vectors [n, pieces, 384] with their numbers of pieces."""
        packed = nn.utils.rnn.pack_padded_sequence(
            self.drop(vectors), lengths, batch_first=True, enforce_sorted=False
        )
        _, last = self.recur(packed)
        answer: Tensor = self.answer(self.drop(torch.cat([last[0], last[1]], dim=1)))
        return answer


def vectors(texts: Sequence[str]) -> list[NDArray[np.float16]]:
    """Return the word vectors of normalised texts, [pieces, 384] each."""
    embed = Embedder()
    return [embed.vectors(text).astype(np.float16) for text in texts]


def _padded(chosen: Sequence[NDArray[np.float16]]) -> tuple[Tensor, Tensor]:
    lengths = np.array([len(rows) for rows in chosen])
    table = np.zeros((len(chosen), int(lengths.max()), DIMENSIONS), np.float32)
    for line, rows in zip(table, chosen):
        line[: len(rows)] = rows
    return torch.from_numpy(table), torch.from_numpy(lengths)


def fit(
    texts: Sequence[str], labels: NDArray[np.int64], settings: BiGruSettings, seed: int
) -> dict[str, NDArray[Any]]:
    """Train on normalised texts with one of Ekman's words each; return the weights by name."""
    seed_everything(seed)
    random = np.random.default_rng(seed)
    table = [rows[: settings.longest] for rows in vectors(texts)]
    truth = torch.from_numpy(labels)
    counts = np.bincount(labels, minlength=CLASSES)
    weight = torch.tensor(1 / np.sqrt(np.maximum(counts, 1)), dtype=torch.float32)
    network = BiGru(settings).train()
    optimiser = torch.optim.AdamW(network.parameters(), settings.rate)
    lengths = np.array([len(rows) for rows in table])
    batches_a_pass = len(table) // settings.batch + 1
    schedule = rise_and_fall(optimiser, batches_a_pass * settings.epochs)
    for _ in range(settings.epochs):
        # Texts of about one length together: less padding.
        order = np.argsort(lengths + random.uniform(0, 4, len(lengths)), kind="stable")
        batches = np.array_split(order, batches_a_pass)
        for place in random.permutation(len(batches)):
            rows = batches[place]
            answers = network(*_padded([table[row] for row in rows]))
            loss = F.cross_entropy(answers, truth[rows], weight)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return {name: value.numpy().copy() for name, value in network.state_dict().items()}


def answers(
    state: dict[str, NDArray[Any]], texts: Sequence[str], settings: BiGruSettings
) -> NDArray[np.float64]:
    """Return logits [n, 7] for normalised texts."""
    network = BiGru(settings).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    found = []
    with torch.no_grad():
        for first in range(0, len(texts), 256):
            part = vectors(texts[first : first + 256])
            found.append(network(*_padded(part)).numpy().astype(float))
    return np.concatenate(found)


def export(state: dict[str, NDArray[Any]], temperature: float, path: Path) -> Path:
    """Write the network as ONNX: ``vectors`` [1, pieces, 384] to ``logits`` [1, 7]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes = state["recur.weight_hh_l0"].shape[1]

    def gates(name: str, tail: str) -> NDArray[np.float32]:
        reset, update, new = np.split(state[f"recur.{name}_l0{tail}"], 3)
        return np.concatenate([update, reset, new])  # the order of ONNX

    def both(name: str) -> NDArray[np.float32]:
        return np.stack([gates(name, tail) for tail in ("", "_reverse")])

    bias = np.concatenate([both("bias_ih"), both("bias_hh")], axis=1)
    constants = {
        "inputs": both("weight_ih"),
        "recurrent": both("weight_hh"),
        "bias": bias,
        "weight": state["answer.weight"].T / temperature,
        "shift": state["answer.bias"] / temperature,
        "shape": np.array([1, 2 * nodes], np.int64),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["vectors"], ["sequence"], perm=[1, 0, 2]),
            helper.make_node(
                "GRU",
                ["sequence", "inputs", "recurrent", "bias"],
                ["", "last"],
                direction="bidirectional",
                hidden_size=nodes,
                linear_before_reset=1,
            ),
            helper.make_node("Transpose", ["last"], ["turned"], perm=[1, 0, 2]),
            helper.make_node("Reshape", ["turned", "shape"], ["state"]),
            helper.make_node("Gemm", ["state", "weight", "shift"], ["logits"]),
        ],
        "Bi-GRU",
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [1, "pieces", DIMENSIONS])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
        [
            numpy_helper.from_array(
                np.ascontiguousarray(v if v.dtype == np.int64 else v.astype(np.float32)), name
            )
            for name, v in constants.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path
