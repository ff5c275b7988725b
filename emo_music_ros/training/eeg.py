"""Train the mental-state network on the Muse recordings of Bird et al. (2018).

J. J. Bird, L. J. Manso, E. P. Ribeiro, A. Ekart, D. R. Faria, "A study on mental state
classification using EEG-based brain-machine interface", IEEE Intelligent Systems 2018.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.encoding.eeg import LABELS, MEASURES, WINDOW, EegFeatures
from emo_music_ros.encoding.model import describe
from emo_music_ros.encoding.recordings import read_muse
from emo_music_ros.errors import InputError
from emo_music_ros.training import common

NAME = "eeg"
#: Strength of the penalty on the weights.
PENALTY = 0.1
STEPS = 200

Floats = NDArray[np.float64]


def load(data: Path) -> tuple[NDArray[np.str_], NDArray[np.int64], Floats, Floats]:
    """Return person, label, measures [n, features] and quality of every usable window.

    Raises
    ------
    InputError
        If the corpus is not there.
    """
    data = Path(data)
    root = data / "muse_mental_state" if (data / "muse_mental_state").is_dir() else data
    files = sorted(root.glob("subject*-*-*.csv"))
    if not files:
        raise InputError(
            f"no subject*-*-*.csv in {root}", "Name the folder of the Muse mental-state corpus"
        )
    people, labels, measures, quality = [], [], [], []
    for path in files:
        person, label, _ = path.stem.split("-")
        features = EegFeatures()
        for block in read_muse(path):
            for moment in features.push(block):
                if np.isfinite(moment.spectrum.measures).all():
                    people.append(person)
                    labels.append(LABELS.index(label))
                    measures.append(moment.spectrum.measures)
                    quality.append(moment.spectrum.quality)
    return np.array(people), np.array(labels), np.array(measures, float), np.array(quality)


class Network(torch.nn.Module):
    """Standardised measures, one linear layer, a temperature."""

    mean: torch.Tensor
    spread: torch.Tensor
    temperature: torch.Tensor

    def __init__(self, measures: Floats) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(measures.shape[1], len(LABELS))
        torch.nn.init.zeros_(self.linear.weight)
        torch.nn.init.zeros_(self.linear.bias)
        mean, spread = measures.mean(0), measures.std(0)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
        self.register_buffer("temperature", torch.tensor(1.0))

    def logits(self, measures: torch.Tensor) -> torch.Tensor:
        """Return the logits [n, labels]."""
        # Electrodes of another person may be far from all that was seen: bound their weight.
        scaled = torch.clamp((measures - self.mean) / self.spread, -3.0, 3.0)
        return self.linear(scaled)  # type: ignore[no-any-return]

    def forward(self, measures: torch.Tensor) -> torch.Tensor:
        """Return the probabilities [n, labels]."""
        return torch.softmax(self.logits(measures) / self.temperature, dim=1)


def fit(people: NDArray[np.str_], labels: NDArray[np.int64], measures: Floats) -> Network:
    """Train with every person and label weighted alike."""
    network = Network(measures)
    groups = np.unique(np.stack([people, labels.astype(str)]), axis=1, return_inverse=True)[1]
    share = 1.0 / np.bincount(groups.ravel())[groups.ravel()]
    weight = torch.tensor(share / share.sum(), dtype=torch.float32)
    inputs, wanted = torch.tensor(measures, dtype=torch.float32), torch.tensor(labels)
    optimiser = torch.optim.LBFGS(
        network.linear.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each = torch.nn.functional.cross_entropy(network.logits(inputs), wanted, reduction="none")
        value = (weight * each).sum() + PENALTY * network.linear.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return network


def train(data: Path, out: Path, seed: int = 0) -> dict[str, Any]:
    """Train, measure leaving one person out, and write the network with card and description.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the Muse recordings, or the one above.
    out : pathlib.Path
        Folder for ``eeg.onnx``, ``.json`` and ``.md``.
    seed : int
        Of the bootstrap; the training itself draws nothing.

    Returns
    -------
    dict
        The measured figures.

    Raises
    ------
    InputError
        If the corpus is not there.
    """
    common.prepare(seed)
    people, labels, measures, quality = load(data)
    logits = np.zeros((len(labels), len(LABELS)))
    for person in np.unique(people):
        held = people == person
        network = fit(people[~held], labels[~held], measures[~held])
        with torch.no_grad():
            logits[held] = network.logits(torch.tensor(measures[held], dtype=torch.float32)).numpy()
    probabilities = np.zeros_like(logits)
    for person in np.unique(people):
        held = people == person
        temperature = common.fit_temperature(logits[~held], labels[~held])
        probabilities[held] = common.softmax(logits[held], temperature)
    guess = logits.argmax(axis=1)
    clean = quality >= 0.8
    chance = 1 / len(LABELS)
    scope = f"{len(np.unique(people))} people left out in turn, {len(labels)} windows"
    figures = [
        common.Figure(
            "unweighted average recall",
            common.uar(labels, guess),
            chance,
            *common.interval(common.uar, people, labels, guess, seed=seed),
            scope=scope,
        ),
        common.Figure(
            "unweighted average recall, windows with few artefacts",
            common.uar(labels[clean], guess[clean]),
            chance,
            *common.interval(common.uar, people[clean], labels[clean], guess[clean], seed=seed),
            scope=f"{int(clean.sum())} of these windows, quality 0.8 or better",
        ),
        common.Figure(
            "macro F1",
            common.macro_f1(labels, guess),
            common.macro_f1(labels, np.full(len(labels), np.bincount(labels).argmax())),
            *common.interval(common.macro_f1, people, labels, guess, seed=seed),
            scope="same",
        ),
        common.Figure(
            "calibration error",
            common.calibration_error(labels, probabilities),
            scope="same, calibrated without the person",
        ),
    ]
    each = [
        (person, common.uar(labels[people == person], guess[people == person]))
        for person in np.unique(people)
    ]
    network = fit(people, labels, measures)
    network.temperature.fill_(common.fit_temperature(logits, labels))
    path = common.export(
        network,
        Path(out) / f"{NAME}.onnx",
        [torch.tensor(measures[:4], dtype=torch.float32)],
        ["measures"],
        ["probabilities"],
    )
    describe(
        path,
        version="1.0",
        labels=list(LABELS),
        measures=list(MEASURES),
        licence="research only",
        corpus="Muse mental state (Bird et al. 2018)",
    )
    per_label = common.recalls(labels, guess, len(LABELS))
    common.write_card(
        common.Card(
            NAME,
            "Whether somebody concentrates, is neutral or relaxed, from four dry electrodes (TP9 "
            "AF7 AF8 TP10). Mental states, not emotions: a demonstrator of the modality.",
            "Muse recordings of Bird et al. 2018 (A study on mental state classification using "
            f"EEG-based brain-machine interface): {len(each)} people, three states, two takes of "
            f"up to 60 s of each; windows of {WINDOW:g} s every second.",
            "Research only, as the corpus.",
            "One person left out in turn, for the network and for the calibration alike. The "
            "limit of saturation was chosen on the same folds, so the figures flatter a little.",
            "Multinomial logistic regression of the logarithm of each band's share of the power "
            f"({', '.join(MEASURES)}), {sum(p.numel() for p in network.parameters())} parameters, "
            "calibrated by a temperature.",
            figures,
            [
                f"{len(each)} people: the interval over people says little, the figures may be far "
                "off for the next one. Nothing is known of how it does on older people.",
                "Much of what tells concentration apart is slow and fast power from eyes and "
                "muscles, not from the brain.",
                "Each take holds one state, so what is peculiar to a take (the seat of the "
                "electrodes) may be mixed up with the state.",
                "Sex of the participants is not in the file names, so no figure by it.",
            ],
            "emo-music train eeg --data FOLDER --out models",
            {
                "By person and by state": common.table(
                    ("who or what", "recall"), [*each, *zip(LABELS, per_label)]
                )
            },
        ),
        Path(out),
    )
    return {
        **{
            item.name: {"value": item.value, "low": item.low, "high": item.high} for item in figures
        },
        "by person": dict(each),
        "by label": dict(zip(LABELS, per_label.tolist())),
    }
