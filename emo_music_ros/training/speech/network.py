# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The speech network: several listeners that see an utterance in two ways, and how they learn.

Some follow it over time (convolutions, a bidirectional recurrent layer, attention: paper A, Eqs. 5
and 6), the others judge statistics over the whole of it. The answer is the mean of their log
probabilities.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.audio_features import BANDS
from emo_music_ros.encoding.speech.functionals import COUNT
from emo_music_ros.training.shared.seeding import seed_everything

logger = logging.getLogger(__name__)

CLASSES = len(RAVDESS)
AFFECT = 2  # valence and arousal beside them
FELT = 0.5  # weight of their squared error beside the entropy of the classes
EMBEDDING = 64
CONTOUR = 3
RANGE = 10.0  # nepers of power (43 dB) below the loudest band that are followed over time
FLOOR = -100.0  # log power that pads spectra
CHANNELS = (16, 32, 48)
LINE = 32
NARROW = 96
HIDDEN = 64
WHOLE = 128
SMOOTHING = 0.1  # of the labels
SEQUENCES, WHOLES = 1, 5  # listeners of each kind


@dataclass(frozen=True)
class Course:
    """How long and how hard a listener learns."""

    epochs: int
    batch: int
    rate: float
    decay: float
    clean: float  # how often an utterance is heard as it was recorded


SEQUENCE_COURSE = Course(epochs=40, batch=32, rate=3e-3, decay=0.02, clean=0.4)
WHOLE_COURSE = Course(epochs=80, batch=64, rate=2e-3, decay=0.02, clean=0.5)
AVERAGING = 0.995  # per step, of the weights of a sequence network that are kept


@dataclass(frozen=True)
class Clip:
    """One utterance and its damaged copies, the clean one first.

    `spectra` [64, steps] and `contours` [3, steps] with a step of 20 ms, `statistics` [copies, n];
    `affect` is valence and arousal, -1..1; `weight` is how much the utterance counts; `possible`
    [8] are the emotions that its corpus has.
    """

    label: int
    spectra: tuple[NDArray[np.float32], ...]
    contours: tuple[NDArray[np.float32], ...]
    statistics: NDArray[np.float32]
    affect: NDArray[np.float32]
    weight: float
    possible: NDArray[np.bool_]


def _layer(inputs: int, outputs: int, kernel: int, stride: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class SequenceNetwork(nn.Module):
    """From log-Mel [n, 64, steps] and contour [n, 3, steps] of 20 ms to logits [n, 8].

    The spectrum is seen twice: as it is, down to 43 dB below its loudest band, and with every
    band's mean and deviation over the utterance taken out, which hides microphone and voice.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = CHANNELS
        self.convolve = nn.Sequential(
            _layer(2, first, 5, (2, 2)),
            _layer(first, second, 3, (2, 2)),
            nn.Dropout2d(0.1),
            _layer(second, third, 3, (2, 1)),
            nn.Dropout2d(0.1),
        )
        self.narrow = nn.Linear(third * BANDS // 8, NARROW)
        self.line = nn.Sequential(
            nn.Conv1d(CONTOUR, 24, 5, 2, 2, bias=False),
            nn.BatchNorm1d(24),
            nn.ReLU(),
            nn.Conv1d(24, LINE, 5, 2, 2, bias=False),
            nn.BatchNorm1d(LINE),
            nn.ReLU(),
        )
        self.recur = nn.LSTM(NARROW + LINE, HIDDEN, batch_first=True, bidirectional=True)
        self.attend = nn.Linear(2 * HIDDEN, 1)
        self.drop = nn.Dropout(0.4)
        self.embed = nn.Linear(6 * HIDDEN, EMBEDDING)
        self.answer = nn.Linear(EMBEDDING, CLASSES + AFFECT)

    def forward(
        self, mel: Tensor, contour: Tensor, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return logits with valence and arousal [n, 8 + 2], and the embedding [n, 64].

        `lengths` [n] counts the steps of padded input.
        """
        if lengths is None:
            inside = torch.ones_like(mel[:, :1])
        else:
            inside = (torch.arange(mel.shape[2])[None] < lengths[:, None])[:, None].to(mel.dtype)
        silenced = mel * inside + FLOOR * (1 - inside)
        loudest = silenced.amax(dim=(1, 2), keepdim=True)
        height = F.relu(silenced - loudest + RANGE) * inside
        count = inside.sum(dim=2, keepdim=True)
        mean = height.sum(dim=2, keepdim=True) / count
        spread = (((height - mean) * inside) ** 2).sum(dim=2, keepdim=True) / count
        normal = (height - mean) * inside / (spread.sqrt() + 0.5)
        x = torch.stack([height / 3.0, normal], dim=1)
        x = self.convolve(x.contiguous(memory_format=torch.channels_last))
        x = F.relu(self.narrow(x.flatten(1, 2).transpose(1, 2)))
        x = torch.cat([x, self.line(contour * inside).transpose(1, 2)], dim=2)
        x, _ = self.recur(x)
        score = self.attend(x)
        if lengths is None:
            mean = x.mean(dim=1)
            spread = ((x - mean[:, None]) ** 2).mean(dim=1)
        else:
            steps = (lengths + 3) // 4
            heard = (torch.arange(x.shape[1])[None] < steps[:, None])[..., None]
            score = score.masked_fill(~heard, -1e4)
            x = x * heard
            mean = x.sum(dim=1) / steps[:, None]
            spread = (((x - mean[:, None]) * heard) ** 2).sum(dim=1) / steps[:, None]
        pooled = (x * score.softmax(dim=1)).sum(dim=1)
        whole = torch.cat([pooled, mean, (spread + 1e-5).sqrt()], dim=1)
        embedding = F.relu(self.embed(self.drop(whole)))
        return self.answer(embedding), embedding


class WholeNetwork(nn.Module):
    """From statistics [n, count] of whole utterances to logits, valence, arousal [n, 8 + 2]."""

    def __init__(self, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32))
        self.layers = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(len(mean), WHOLE),
            nn.BatchNorm1d(WHOLE),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(WHOLE, CLASSES + AFFECT),
        )

    def standard(self, statistics: Tensor) -> Tensor:
        """Return statistics with mean 0 and deviation 1, outliers held at 4."""
        return ((statistics - self.mean) / self.deviation).clamp(-4.0, 4.0)  # type: ignore[operator]

    def forward(self, statistics: Tensor) -> Tensor:
        """Return logits, valence and arousal."""
        logits: Tensor = self.layers(self.standard(statistics))
        return logits


class SpeechNetwork(nn.Module):
    """All listeners: log-Mel [n, 64, frames], contour [n, 3, frames] and statistics [n, count] in.

    Frames are 10 ms apart. Logits [n, 8] are mean log probabilities; the embedding [n, 64] is that
    of the first listener; affect [n, 2] is valence and arousal, -1..1.
    """

    def __init__(self, sequences: Sequence[nn.Module], wholes: Sequence[nn.Module]) -> None:
        super().__init__()
        self.sequences = nn.ModuleList(sequences)
        self.wholes = nn.ModuleList(wholes)

    def forward(
        self, mel: Tensor, contour: Tensor, statistics: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, embedding and affect."""
        slow, line = F.avg_pool1d(mel, 2), F.avg_pool1d(contour, 2)
        answers = [listener(slow, line) for listener in self.sequences]
        followed = torch.stack([answer for answer, _ in answers])
        judged = torch.stack([listener(statistics) for listener in self.wholes])
        logits = (_mean_log(followed) + _mean_log(judged)) / 2
        felt = (followed[..., CLASSES:].mean(dim=0) + judged[..., CLASSES:].mean(dim=0)) / 2
        return logits, answers[0][1], felt.clamp(-1.0, 1.0)


def _mean_log(answers: Tensor) -> Tensor:
    """Return the mean log probabilities [n, 8] of answers [listeners, n, 8 + 2]."""
    return answers[..., :CLASSES].log_softmax(dim=2).mean(dim=0)


def pad(
    spectra: Sequence[NDArray[np.float32]], contours: Sequence[NDArray[np.float32]]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return spectra and contours of different length as a batch, and their lengths."""
    lengths = [spectrum.shape[1] for spectrum in spectra]
    mel = np.full((len(spectra), BANDS, max(lengths)), FLOOR, np.float32)
    contour = np.zeros((len(spectra), CONTOUR, max(lengths)), np.float32)
    for row, (spectrum, line) in enumerate(zip(spectra, contours, strict=True)):
        mel[row, :, : spectrum.shape[1]] = spectrum
        contour[row, :, : line.shape[1]] = line
    return torch.from_numpy(mel), torch.from_numpy(contour), torch.tensor(lengths)


def warp(
    mel: Tensor, contour: Tensor, lengths: Tensor, draw: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return a batch as other throats, rates and microphones would make it, with parts hidden.

    Frequency by up to 3 bands (15 % above 1 kHz, the length of the vocal tract), time by up to
    15 %, a random smooth frequency response, and two masks each of bands and steps (SpecAugment).
    """
    count, _, steps = mel.shape

    def random(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=draw)

    mel = torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - RANGE - 1)
    stretch = 1 + 0.15 * (2 * random() - 1)
    shift = 3.0 * (2 * random() - 1)
    lengths = (lengths / stretch).long().clamp(min=12)
    longest = int(lengths.max())
    when = (2 * torch.arange(longest)[None] * stretch[:, None] + 1) / steps - 1
    where = (2 * (torch.arange(float(BANDS))[None] + shift[:, None]) + 1) / BANDS - 1
    grid = torch.stack(
        [
            when[:, None, :].expand(count, BANDS, longest),
            where[:, :, None].expand(count, BANDS, longest),
        ],
        dim=-1,
    )
    mel = F.grid_sample(mel[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
    grid = torch.stack([when[:, None, :], torch.zeros(count, 1, longest)], dim=-1)
    contour = F.grid_sample(contour[:, :, None], grid, align_corners=False)[:, :, 0]

    tilt = 0.6 * torch.randn(count, 1, 1, generator=draw) * torch.linspace(-1, 1, BANDS)[:, None]
    knots = 0.4 * torch.randn(count, 1, 5, generator=draw)
    response = F.interpolate(knots, BANDS, mode="linear", align_corners=True).transpose(1, 2)
    mel = mel + tilt + response
    quiet = mel.amax(dim=(1, 2), keepdim=True) - RANGE
    for _ in range(2):
        width = (10 * random()).long()
        first = (random() * (BANDS - width)).long()
        place = torch.arange(BANDS)[None]
        hidden = (place >= first[:, None]) & (place < (first + width)[:, None])
        mel = torch.where(hidden[:, :, None], quiet, mel)
        width = (random() * lengths / 7).long()
        first = (random() * (lengths - width)).long()
        place = torch.arange(longest)[None]
        hidden = (place >= first[:, None]) & (place < (first + width)[:, None])
        mel = torch.where(hidden[:, None, :], quiet, mel)
        contour = contour * ~hidden[:, None]
    return mel, contour, lengths


@dataclass(frozen=True)
class Truth:
    """What is known of clips: `label` [n], `affect` [n, 2], `weight` [n], `possible` [n, 8]."""

    label: Tensor
    affect: Tensor
    weight: Tensor
    possible: Tensor

    @classmethod
    def of(cls, clips: Sequence[Clip]) -> Truth:
        """Return what is known of clips, weights with mean 1."""
        weight = np.array([clip.weight for clip in clips])
        return cls(
            torch.from_numpy(np.array([clip.label for clip in clips], np.int64)),
            torch.from_numpy(np.stack([clip.affect for clip in clips])),
            torch.from_numpy((weight / weight.mean()).astype(np.float32)),
            torch.from_numpy(np.stack([clip.possible for clip in clips])),
        )

    def __getitem__(self, rows: NDArray[np.int64]) -> Truth:
        """Return what is known of some clips."""
        return Truth(self.label[rows], self.affect[rows], self.weight[rows], self.possible[rows])


def among(logits: Tensor, possible: Tensor) -> Tensor:
    """Return log probabilities [n, 8] among the possible emotions; calm counts as neutral else.

    What a corpus has no word for is no mistake: without this an emotion that most corpora lack is
    learnt as a mark of the one that has it.
    """
    calm, neutral = RAVDESS.index("calm"), RAVDESS.index("neutral")
    either = torch.logaddexp(logits[:, neutral], logits[:, calm])
    kept = torch.where(possible[:, calm], logits[:, neutral], either)
    columns = torch.arange(CLASSES) == neutral
    merged = torch.where(columns, kept[:, None], logits)
    return merged.masked_fill(~possible, -1e4).log_softmax(dim=1)


def _loss(answers: Tensor, truth: Truth) -> Tensor:
    """Return the weighted loss of answers [n, 8 + 2]."""
    sure = among(answers[:, :CLASSES], truth.possible).masked_fill(~truth.possible, 0.0)
    right = sure.gather(1, truth.label[:, None])[:, 0]
    wrong = -(1 - SMOOTHING) * right - SMOOTHING * sure.sum(dim=1) / truth.possible.sum(dim=1)
    off = (answers[:, CLASSES:] - truth.affect).square().mean(dim=1)
    return (truth.weight * (wrong + FELT * off)).mean()


def _teacher(
    network: nn.Module, course: Course, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR]:
    optimiser = torch.optim.AdamW(network.parameters(), lr=course.rate, weight_decay=course.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, course.rate, total_steps=steps * course.epochs, pct_start=0.2
    )
    return optimiser, schedule


def _version(copies: int, clean: float, draw: np.random.Generator) -> int:
    return 0 if copies == 1 or draw.random() < clean else int(draw.integers(1, copies))


def fit_sequence(
    clips: Sequence[Clip], seed: int, course: Course = SEQUENCE_COURSE
) -> SequenceNetwork:
    """Train one sequence network and return its averaged weights."""
    seed_everything(seed)
    draw, noise = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    network = SequenceNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGING),
        use_buffers=True,
    )
    steps = -(-len(clips) // course.batch)
    optimiser, schedule = _teacher(network, course, steps)
    truth = Truth.of(clips)
    length = np.array([clip.spectra[0].shape[1] for clip in clips])
    began = time.monotonic()
    network.train()
    for epoch in range(course.epochs):
        total = 0.0
        about = length * draw.uniform(0.8, 1.25, len(clips))
        order = np.argsort(about)  # of about equal length
        for part in draw.permutation(steps):
            rows = order[part * course.batch : (part + 1) * course.batch]
            chosen = [_version(len(clips[row].spectra), course.clean, draw) for row in rows]
            batch = pad(
                [clips[row].spectra[copy] for row, copy in zip(rows, chosen)],
                [clips[row].contours[copy] for row, copy in zip(rows, chosen)],
            )
            answers, _ = network(*warp(*batch, noise))
            loss = _loss(answers, truth[rows])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            averaged.update_parameters(network)
            total += loss.item()
        if (epoch + 1) % 10 == 0:
            spent = time.monotonic() - began
            logger.info("epoch %d: loss %.3f after %.0f s", epoch + 1, total / steps, spent)
    result = averaged.module
    assert isinstance(result, SequenceNetwork)
    result.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return result.eval()


def fit_whole(clips: Sequence[Clip], seed: int, course: Course = WHOLE_COURSE) -> WholeNetwork:
    """Train one network on statistics: noise on them, and mixtures of two utterances each."""
    seed_everything(seed)
    draw = np.random.default_rng(seed)
    everything = np.stack([clip.statistics for clip in clips])
    flat = everything.reshape(-1, everything.shape[2])
    network = WholeNetwork(flat.mean(axis=0), flat.std(axis=0) + 1e-3)
    truth = Truth.of(clips)
    with torch.no_grad():
        known = network.standard(torch.from_numpy(everything))
    size = min(course.batch, len(clips))
    steps = len(clips) // size
    optimiser, schedule = _teacher(network, course, steps)
    network.train()
    for _ in range(course.epochs):
        for rows in draw.permutation(len(clips))[: steps * size].reshape(steps, size):
            chosen = [_version(known.shape[1], course.clean, draw) for _ in rows]
            x = known[rows, chosen]
            x = x + 0.2 * torch.randn(x.shape)
            share = float(draw.beta(0.3, 0.3))
            share = max(share, 1 - share)
            other = draw.permutation(size)
            answers = network.layers(share * x + (1 - share) * x[other])
            loss = share * _loss(answers, truth[rows])
            loss = loss + (1 - share) * _loss(answers, truth[rows[other]])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def weights(network: nn.Module) -> dict[str, NDArray[Any]]:
    """Return the weights of a network by name."""
    return {name: value.numpy() for name, value in network.state_dict().items()}


def restore(network: nn.Module, arrays: dict[str, NDArray[Any]]) -> nn.Module:
    """Give a network its weights back."""
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return network.eval()


def restored_whole(arrays: dict[str, NDArray[Any]]) -> nn.Module:
    """Return a network on statistics from its weights."""
    empty = np.zeros(COUNT, np.float32)
    return restore(WholeNetwork(empty, empty), arrays)
