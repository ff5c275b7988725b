# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network of paper D trained on all voices, for the plugin ``speech_lstm``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.lstm import CEPSTRA, LstmSpeechModel
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared import baselines
from emo_music_ros.training.shared.cards import Card, write_card
from emo_music_ros.training.shared.onnx_export import export_onnx
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech.comparison import BATCH, cepstra_of
from emo_music_ros.training.speech.network import Clip

NAME = LstmSpeechModel.name


class _Whole(nn.Module):
    """The trained network for one utterance at a time, which has no padding."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [n, 8] and the last state [n, 64] of cepstra [n, steps, 40]."""
        network: Any = self.model.network
        seen, _ = network.recur((x - self.model.mean) / self.model.deviation)
        return network.answer(seen[:, -1]), seen[:, -1]


def train(
    corpus: Corpus, clips: Sequence[Clip], measured: Result, out: Path, work: Work, seed: int
) -> None:
    """Train on all recordings, clean, and write ``speech_lstm`` with its card.

    `measured` is the result of the same network on speakers it never heard.
    """
    sequences, lengths = baselines.pad([cepstra_of(clip) for clip in clips])
    labels = np.array([clip.label for clip in clips], np.int64)

    def fit() -> dict[str, NDArray[Any]]:
        model = baselines.fit_sequences(
            baselines.LSTM, sequences, lengths, labels, len(RAVDESS), seed, batch=BATCH
        )
        return {name: value.numpy() for name, value in model.state_dict().items()}

    key = [baselines.LSTM, baselines.fit_sequences, BATCH, seed, sequences, labels]
    state = work.recall("speech lstm", key, fit)
    nothing = np.zeros(CEPSTRA, np.float32)
    model = baselines.Standardised(baselines.LSTM(CEPSTRA, len(RAVDESS)), nothing, nothing)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    path = export_onnx(
        _Whole(model),
        out / f"{NAME}.onnx",
        [torch.from_numpy(sequences[:2, : int(lengths[:2].min())])],
        ["mfcc"],
        ["logits", "embedding"],
        {"mfcc": {0: "batch", 1: "steps"}},
    )
    describe(
        path,
        version="1.0.0",
        labels=list(RAVDESS),
        licence="research only (non-commercial)",
    )
    write_card(
        Card(
            name=NAME,
            purpose="The recurrent network on MFCC of paper D, behind the plugin `speech_lstm`, to "
            "compare with. A tone of voice is not a feeling.",
            data=f"The same recordings as `speech`, as they were recorded: {corpus.source}.",
            licence=f"Research only, non-commercial ({corpus.licence}).",
            split=f"Figures: {measured.protocol}, as of `speech`; the shipped weights are trained "
            "on all speakers. The probabilities are not calibrated.",
            network=f"A miniature of the paper's: one layer of 64 units on {CEPSTRA} cepstra every "
            "80 ms, its last state. Input float32 [n, steps, 40]; output logits [n, 8] and that "
            "state [n, 64].",
            figures=measured.figures(),
            limits=[
                "Trained without damaged copies: noise and rooms mislead it more than `speech`."
            ],
            reproduce="emo-music train speech --data FOLDER --out models",
        ),
        out,
    )
