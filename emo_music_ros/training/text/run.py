# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the text model on GoEmotions (English) and SMP2020-EWECT (Chinese).

One network learns both languages at once; what is measured is what is shipped, because the test
texts (the published development set of GoEmotions, a fifth of the Chinese posts) are never trained
on, not even for the final weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from emo_music_ros import emotion
from emo_music_ros.encoding.text.hashed import BUCKETS, HASHING
from emo_music_ros.io.model import describe
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import export_onnx, require_float32
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.text import card as text_card
from emo_music_ros.training.text import embedding as graph
from emo_music_ros.training.text import peers as text_peers
from emo_music_ros.training.text.corpora import load_corpora
from emo_music_ros.training.text.network import ExportedTextNetwork
from emo_music_ros.training.text.selection import fitted
from emo_music_ros.training.text.tasks import SENTENCE, evaluate_tasks, network_inputs, tasks_of

VERSION = "3.0.0"
CORPORA = ("GoEmotions", "SMP2020-EWECT", "weibo_senti_100k, emoticons taken out")


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the shipped network, and on request the peers and a split that leaks.

    Parameters
    ----------
    data : pathlib.Path
        Folder that holds ``goemotions`` and ``smp2020``; ``weibo`` is measured if it is there.
    work : Work
        Where finished steps are kept.
    seed : int
        Of the initial weights and the order.
    leaky : bool
        Also test on Chinese posts drawn at random, repetitions on both sides.
    baselines : bool
        Also measure the Bi-GRU of paper E and the peers.

    Raises
    ------
    InputError
        If a corpus is missing or damaged.
    """
    data = Path(data)
    return evaluate_tasks(data, load_corpora(data, work), work, seed, leaky, baselines)


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Train, measure and export the network; write the graph of the sentence embedding too.

    Parameters
    ----------
    data, work, seed
        See :func:`evaluate`.
    out : pathlib.Path
        Where ``text.onnx``, ``text.json``, ``text.md`` and ``text_embedding.graph`` go.
    precision : str
        ``float32``; hashed words are kept in 8 bits in any case.

    Returns
    -------
    dict
        The figures of the card by task.
    """
    require_float32("text", precision)
    data, out = Path(data), Path(out)
    graph.write_graph(out)
    material = load_corpora(data, work)
    results = evaluate_tasks(data, material, work, seed)
    sizes = (len(material.english_split[0]), len(material.chinese_split[0]))
    state, settings = fitted(material, work, seed)
    network = ExportedTextNetwork(state, settings).eval()
    path = export_onnx(
        network,
        out / "text.onnx",
        [torch.tensor(value) for value in network_inputs(SENTENCE)],
        ["features", "states", "slots", "chinese"],
        ["ekman", "goemotions"],
        dynamic={"states": {1: "tokens"}, "slots": {1: "parts"}},
    )
    describe(
        path,
        version=VERSION,
        labels=list(emotion.EKMAN),
        goemotions=list(emotion.GOEMOTIONS),
        thresholds=[round(float(value), 4) for value in state["thresholds"]],
        buckets=BUCKETS,
        hashing=HASHING,
        embedding="text_embedding",
        temperature=float(state["temperature"][0]),
        temperature_chinese=float(state["temperature"][1]),
        conformal=float(state["conformal"][0]),
    )
    write_card(text_card.card(results, sizes, state, settings), out)
    tasks = tasks_of(material)
    weights, peers = text_peers.measure_bigru(tasks[0], tasks[2], work, seed)
    sizes = (len(tasks[0][2].folds[0][0]), sizes[1])
    text_peers.export_bigru(weights, peers, sizes, out)
    return {
        f"{result.candidate}, {result.task}": {
            **{name: entry["value"] for name, entry in result.measures.items()},
            **result.cost,
        }
        for result in [*results, *peers]
    }
