"""The text network: hashed words and a sentence embedding, three answers, one training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.encoding.text.embedding import FEATURES
from emo_music_ros.encoding.text.hashed import BUCKETS
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.text.labels import CHINESE, EKMAN, LABELS, chinese_to_ekman, ekman_table
from emo_music_ros.training.text.texts import Texts

#: Logit of a class that the Chinese corpus does not have.
ABSENT = -8.0


@dataclass(frozen=True)
class TextSettings:
    """What can be chosen. One in `validation` different texts is kept out of the training."""

    width: int = 192
    epochs: int = 6
    batch: int = 512
    rate: float = 2e-3
    word_rate: float = 0.04
    dropout: float = 0.3
    word_dropout: float = 0.5
    decay: float = 0.1
    labels_weight: float = 10.0
    validation: int = 10


class TextNetwork(nn.Module):
    """Linear on hashed words plus one hidden layer on the sentence embedding."""

    mean: Tensor
    scale: Tensor

    def __init__(self, settings: TextSettings = TextSettings()) -> None:  # noqa: B008
        super().__init__()
        self.words = nn.EmbeddingBag(BUCKETS + 1, LABELS, mode="sum", sparse=True)
        nn.init.zeros_(self.words.weight)
        self.words_ekman = nn.Parameter(torch.tensor(ekman_table()))
        self.words_chinese = nn.Parameter(torch.eye(LABELS, CHINESE))
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("scale", torch.ones(FEATURES))
        self.meaning = nn.Sequential(
            nn.Dropout(settings.dropout / 2),
            nn.Linear(FEATURES, settings.width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.width, LABELS + EKMAN + CHINESE),
        )

    def answer(self, features: Tensor, words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of the labels [n, 28], of Ekman's words [n, 7] and Chinese ones [n, 6]."""
        meaning = self.meaning((features - self.mean) * self.scale)
        labels, ekman, chinese = meaning.split((LABELS, EKMAN, CHINESE), dim=1)
        return (
            labels + words,
            ekman + words @ self.words_ekman,
            chinese + words @ self.words_chinese,
        )

    def forward(
        self, features: Tensor, slot: Tensor, starts: Tensor, size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Answer for texts whose slots lie one after the other from `starts` on."""
        return self.answer(features, self.words(slot, starts) / size[:, None])


def batch_inputs(
    texts: Texts, rows: Rows, keep: float, random: np.random.Generator
) -> list[Tensor]:
    """Return what the network takes for some rows; each word is kept with a chance of `keep`."""
    words = [texts.words[row] for row in rows]
    size = np.sqrt([max(1, len(part)) for part in words]) * keep
    if keep < 1:
        words = [part[random.random(len(part)) < keep] for part in words]
    starts = np.cumsum([0, *map(len, words)])[:-1]
    features = torch.from_numpy(texts.features[rows].astype(np.float32))
    return [
        features,
        torch.from_numpy(np.concatenate([*words, np.zeros(0, np.int64)])),
        torch.from_numpy(starts),
        torch.from_numpy(size.astype(np.float32)),
    ]


class ExportedTextNetwork(nn.Module):
    """The network as it is used: slots in a table, languages mixed, calibrated; words in 8 bits."""

    words: Tensor
    word_scale: Tensor
    mean: Tensor
    scale: Tensor
    shift_ekman: Tensor
    shift_chinese: Tensor
    places: Tensor
    absent: Tensor

    def __init__(self, state: dict[str, NDArray[Any]], settings: TextSettings) -> None:
        super().__init__()
        self.inner = TextNetwork(settings)
        self.inner.load_state_dict({n: torch.from_numpy(state[n]) for n in self.inner.state_dict()})
        # Everything that is linear in the words is one table: labels, Ekman's words, Chinese.
        own = state["words.weight"]
        table = np.concatenate(
            [
                own,
                own @ state["words_ekman"] + state["linear_ekman"],
                own @ state["words_chinese"] + state["linear_chinese"],
            ],
            axis=1,
        )
        table[BUCKETS] = 0
        scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
        self.register_buffer("words", torch.tensor(np.rint(table / scale).astype(np.int8)))
        self.register_buffer("word_scale", torch.tensor(scale.astype(np.float32)))
        self.meaning = self.inner.meaning
        self.register_buffer("mean", self.inner.mean)
        self.register_buffer("scale", self.inner.scale)
        del self.inner
        english, chinese = (float(value) for value in state["temperature"])
        self.english, self.chinese = 1 / english, 1 / chinese
        for name, balance in zip(("ekman", "chinese"), state["balance"]):
            shift = state[f"linear_{name}_bias"] - float(balance) * state[f"prior_{name}"]
            self.register_buffer(f"shift_{name}", torch.tensor(shift, dtype=torch.float32))
        places = torch.zeros(CHINESE, EKMAN)
        places[torch.arange(CHINESE), torch.from_numpy(chinese_to_ekman())] = 1
        self.register_buffer("places", places)
        self.register_buffer("absent", ABSENT * (1 - places.sum(dim=0)))

    def forward(self, features: Tensor, slot: Tensor, chinese: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of Ekman's words [n, 7] and of the labels of GoEmotions [n, 28]."""
        count = (slot < BUCKETS).sum(dim=1, keepdim=True).clamp(min=1).float()
        words = self.words[slot].float().sum(dim=1) * self.word_scale / torch.sqrt(count)
        answers = self.meaning((features - self.mean) * self.scale) + words
        labels, ekman, six = answers.split((LABELS, EKMAN, CHINESE), dim=1)
        one = (ekman + self.shift_ekman) * self.english
        other = (six + self.shift_chinese) * self.chinese @ self.places + self.absent
        # Logarithms, so that neither language's scale of logits wins in mixed text.
        mixed = (1 - chinese) * one.log_softmax(dim=1) + chinese * other.log_softmax(dim=1)
        return mixed, labels
