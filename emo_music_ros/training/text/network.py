# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The text network: hashed words, a sentence embedding and its tokens; three answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.encoding.text.embedding import DIMENSIONS, FEATURES
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
    narrow: int = 96
    heads: int = 4
    epochs: int = 6
    batch: int = 256
    rate: float = 2e-3
    word_rate: float = 0.04
    dropout: float = 0.3
    word_dropout: float = 0.5
    decay: float = 0.1
    labels_weight: float = 10.0
    validation: int = 10


class TokenReader(nn.Module):
    """What the states of the tokens say together: neighbours mixed, then weighed and pooled.

    The mean over all tokens, which the sentence embedding gives, drowns one word such as "not".
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, settings: TextSettings) -> None:
        super().__init__()
        width = settings.narrow
        self.register_buffer("mean", torch.zeros(DIMENSIONS))
        self.register_buffer("scale", torch.ones(DIMENSIONS))
        self.drop = nn.Dropout(settings.dropout / 2)
        self.narrow = nn.Linear(DIMENSIONS, width)
        self.mix = nn.Conv1d(width, width, 3, padding=1)
        self.weigh = nn.Linear(width, settings.heads)
        #: Values that are given for a text.
        self.size = width * (settings.heads + 1)

    def forward(self, states: Tensor, padding: Tensor | None = None) -> Tensor:
        """Return [n, size] of states [n, tokens, 384]; `padding` bool [n, tokens] is left out."""
        x = F.gelu(self.narrow(self.drop((states - self.mean) * self.scale)))
        if padding is not None:
            x = x.masked_fill(padding[:, :, None], 0.0)
        x = x + F.gelu(self.mix(x.transpose(1, 2)).transpose(1, 2))
        weight = self.weigh(x)
        most = x
        if padding is not None:
            weight = weight.masked_fill(padding[:, :, None], -1e4)
            most = x.masked_fill(padding[:, :, None], -1e4)
        pooled = weight.softmax(dim=1).transpose(1, 2) @ x
        return torch.cat([pooled.flatten(1), most.amax(dim=1)], dim=1)


class TextNetwork(nn.Module):
    """Linear on hashed words plus one hidden layer on the sentence embedding and its tokens."""

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
        self.tokens = TokenReader(settings)
        self.meaning = nn.Sequential(
            nn.Dropout(settings.dropout / 2),
            nn.Linear(FEATURES + self.tokens.size, settings.width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.width, LABELS + EKMAN + CHINESE),
        )

    def understand(self, features: Tensor, states: Tensor, padding: Tensor | None = None) -> Tensor:
        """Return the logits [n, 41] that do not come from hashed words."""
        sentence = (features - self.mean) * self.scale
        logits: Tensor = self.meaning(torch.cat([sentence, self.tokens(states, padding)], dim=1))
        return logits

    def forward(
        self,
        features: Tensor,
        states: Tensor,
        padding: Tensor,
        slot: Tensor,
        starts: Tensor,
        size: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of the labels [n, 28], of Ekman's words [n, 7] and Chinese ones [n, 6].

        The slots of the texts lie one after the other, those of a text from `starts` on.
        """
        meaning = self.understand(features, states, padding)
        words = self.words(slot, starts) / size[:, None]
        labels, ekman, chinese = meaning.split((LABELS, EKMAN, CHINESE), dim=1)
        return (
            labels + words,
            ekman + words @ self.words_ekman,
            chinese + words @ self.words_chinese,
        )


def batch_inputs(
    texts: Texts, rows: Rows, keep: float, random: np.random.Generator
) -> list[Tensor]:
    """Return what the network takes for some rows; each word is kept with a chance of `keep`."""
    words = [texts.words[row] for row in rows]
    size = np.sqrt([max(1, len(part)) for part in words]) * keep
    if keep < 1:
        words = [part[random.random(len(part)) < keep] for part in words]
    starts = np.cumsum([0, *map(len, words)])[:-1]
    spans = texts.spans[rows]
    lengths = spans[:, 1] - spans[:, 0]
    states = np.zeros((len(rows), int(lengths.max()), DIMENSIONS), np.float32)
    for line, (first, end) in zip(states, spans):
        line[: end - first] = texts.states[first:end]
    return [
        torch.from_numpy(texts.features[rows].astype(np.float32)),
        torch.from_numpy(states),
        torch.from_numpy(np.arange(states.shape[1])[None] >= lengths[:, None]),
        torch.from_numpy(np.concatenate([*words, np.zeros(0, np.int64)])),
        torch.from_numpy(starts),
        torch.from_numpy(size.astype(np.float32)),
    ]


class ExportedTextNetwork(nn.Module):
    """The network as it is used: one text, languages mixed, calibrated; words in 8 bits."""

    words: Tensor
    word_scale: Tensor
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
        del self.inner.words, self.inner.words_ekman, self.inner.words_chinese
        english, chinese = (float(value) for value in state["temperature"])
        self.english, self.chinese = 1 / english, 1 / chinese
        for name in ("ekman", "chinese"):
            balance = float(state["balance"][0])
            shift = state[f"linear_{name}_bias"] - balance * state[f"prior_{name}"]
            self.register_buffer(f"shift_{name}", torch.tensor(shift, dtype=torch.float32))
        places = torch.zeros(CHINESE, EKMAN)
        places[torch.arange(CHINESE), torch.from_numpy(chinese_to_ekman())] = 1
        self.register_buffer("places", places)
        self.register_buffer("absent", ABSENT * (1 - places.sum(dim=0)))

    def forward(
        self, features: Tensor, states: Tensor, slot: Tensor, chinese: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits of Ekman's words [1, 7] and of the labels of GoEmotions [1, 28]."""
        count = (slot < BUCKETS).sum(dim=1, keepdim=True).clamp(min=1).float()
        words = self.words[slot].float().sum(dim=1) * self.word_scale / torch.sqrt(count)
        answers = self.inner.understand(features, states) + words
        labels, ekman, six = answers.split((LABELS, EKMAN, CHINESE), dim=1)
        one = (ekman + self.shift_ekman) * self.english
        other = (six + self.shift_chinese) * self.chinese @ self.places + self.absent
        # Logarithms, so that neither language's scale of logits wins in mixed text.
        mixed = (1 - chinese) * one.log_softmax(dim=1) + chinese * other.log_softmax(dim=1)
        return mixed, labels
