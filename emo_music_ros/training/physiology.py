"""Train the stress network on Stress-Predict (Empatica E4, Iqbal et al. 2022, Sensors 22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.encoding.model import describe
from emo_music_ros.encoding.physiology import (
    GROUPS,
    LABELS,
    MEASURES,
    MEMORIES,
    WINDOW,
    PhysiologyFeatures,
)
from emo_music_ros.encoding.recordings import read_e4
from emo_music_ros.errors import InputError
from emo_music_ros.training import common

NAME = "physiology"
#: Distance of the windows [s].
UPDATE = 10.0
HIDDEN, EPOCHS, BATCH, RATE, DECAY = 8, 10, 1024, 1e-2, 0.1
#: Networks whose logits are averaged.
MEMBERS = 5
#: Signals a person may not wear, and what is then left.
SUBSETS: Mapping[str, tuple[str, ...]] = {
    "heart and skin": ("heart", "skin"),
    "skin only": ("skin",),
    "heart only": ("heart",),
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """All windows of the corpus: people [n], inputs [n, features], share of stress [n], ..."""

    people: NDArray[np.int64]
    inputs: Floats
    share: Floats
    heart_rate: Floats
    eda_level: Floats

    def where(self, mask: NDArray[np.bool_]) -> Windows:
        """Return the windows under a mask."""
        return Windows(*[getattr(self, name)[mask] for name in self.__dataclass_fields__])


def load(data: Path) -> Windows:
    """Run the streaming features over every person that has labels.

    Raises
    ------
    InputError
        If the corpus is not there.
    """
    data = Path(data)
    root = data / "stress_predict" if (data / "stress_predict").is_dir() else data
    table = root / "hr_rsp_binary.csv"
    if not table.is_file():
        raise InputError(f"{table} is missing", "Name the folder of the Stress-Predict corpus")
    labels = np.genfromtxt(table, delimiter=",", skip_header=1)
    rows = []
    for person in np.unique(labels[:, 0]).astype(int):
        folder = root / f"S{person:02d}"
        mine = labels[labels[:, 0] == person]
        if not folder.is_dir():
            continue
        features = PhysiologyFeatures(UPDATE)
        for block in read_e4(folder):
            for moment in features.push(block):
                inside = (mine[:, 3] >= moment.time - WINDOW) & (mine[:, 3] < moment.time)
                if inside.sum() < WINDOW / 2 or not moment.mask.any():
                    continue
                rows.append(
                    (
                        person,
                        np.concatenate([moment.normalised, moment.mask]),
                        mine[inside, 4].mean(),
                        moment.features["heart_rate"],
                        moment.features["eda_level"],
                    )
                )
    people, inputs, share, heart_rate, eda_level = zip(*rows)
    return Windows(
        np.array(people),
        np.array(inputs, float),
        np.array(share, float),
        np.array(heart_rate, float),
        np.array(eda_level, float),
    )


def keep(inputs: Floats, groups: Sequence[str]) -> Floats:
    """Return the inputs of somebody who wears only the sensors of `groups`."""
    kept = inputs.copy()
    for number, (name, measures) in enumerate(GROUPS.items()):
        if name not in groups:
            columns = [
                m + len(MEASURES) * memory for memory in range(len(MEMORIES)) for m in measures
            ]
            kept[:, [*columns, len(MEASURES) * len(MEMORIES) + number]] = 0.0
    return kept


class Network(torch.nn.Module):
    """Several small perceptrons whose logits are averaged, then calibrated (Platt)."""

    platt: torch.Tensor

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.members = torch.nn.ModuleList(
            torch.nn.Sequential(
                torch.nn.Linear(inputs, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1)
            )
            for _ in range(MEMBERS)
        )
        self.register_buffer("platt", torch.tensor([1.0, 0.0]))

    def logit(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the mean logit [n] of stress."""
        return torch.stack([member(inputs)[:, 0] for member in self.members]).mean(0)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the probabilities [n, 2] of calm and stress."""
        stress = torch.sigmoid(self.platt[0] * self.logit(inputs) + self.platt[1])
        return torch.stack([1 - stress, stress], dim=1)


def fit(windows: Windows, seed: int) -> Network:
    """Train on windows with all sensors and, so that they may be missing, with some left out."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    subsets = [("heart", "skin"), *SUBSETS.values()]
    inputs = torch.tensor(
        np.vstack([keep(windows.inputs, groups) for groups in subsets]), dtype=torch.float32
    )
    wanted = torch.tensor(np.tile(windows.share, len(subsets)), dtype=torch.float32)
    network = Network(inputs.shape[1])
    for member in network.members:
        optimiser = torch.optim.AdamW(member.parameters(), lr=RATE, weight_decay=DECAY)
        for _ in range(EPOCHS):
            for rows in torch.split(torch.randperm(len(inputs), generator=generator), BATCH):
                loss = torch.nn.functional.binary_cross_entropy_with_logits(
                    member(inputs[rows])[:, 0], wanted[rows]
                )
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
    return network


def logits(network: Network, inputs: Floats) -> Floats:
    """Return the logits [n] of stress."""
    with torch.no_grad():
        return network.logit(torch.tensor(inputs, dtype=torch.float32)).numpy().astype(float)


def platt(scores: Floats, share: Floats) -> tuple[float, float]:
    """Return scale and offset that make held-out logits most likely."""
    from scipy.optimize import minimize

    def loss(line: Floats) -> float:
        calibrated = line[0] * scores + line[1]
        return float(np.mean(np.logaddexp(0.0, calibrated) - share * calibrated))

    scale, offset = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return float(scale), float(offset)


def train(data: Path, out: Path, seed: int = 0) -> dict[str, Any]:
    """Train, measure leaving one person out, and write the network with card and description.

    Parameters
    ----------
    data : pathlib.Path
        Folder of Stress-Predict, or the one above.
    out : pathlib.Path
        Folder for ``physiology.onnx``, ``.json`` and ``.md``.
    seed : int
        Of everything random.

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
    windows = load(data)
    truth, people = windows.share >= 0.5, windows.people
    pure = (windows.share == 0) | (windows.share == 1)
    scores = {name: np.zeros(len(truth)) for name in SUBSETS}
    for person in np.unique(people):
        network = fit(windows.where(people != person), seed)
        for name, groups in SUBSETS.items():
            held = people == person
            scores[name][held] = logits(network, keep(windows.inputs[held], groups))
    main = scores["heart and skin"]
    calibrated = np.zeros(len(truth))
    for person in np.unique(people):
        scale, offset = platt(main[people != person], windows.share[people != person])
        held = people == person
        calibrated[held] = 1 / (1 + np.exp(-(scale * main[held] + offset)))
    table = np.stack([1 - calibrated, calibrated], axis=1)

    def figure(name: str, values: Floats, rows: NDArray[np.bool_], baseline: float = 0.5) -> Any:
        per_person = [
            common.auc(truth[rows & (people == one)], values[rows & (people == one)])
            for one in np.unique(people)
        ]
        low, high = common.interval(
            lambda areas: float(np.nanmean(areas)),
            np.arange(len(per_person)),
            per_person,
            seed=seed,
        )
        scope = f"{len(per_person)} people left out in turn, {int(rows.sum())} windows"
        return common.Figure(name, float(np.nanmean(per_person)), baseline, low, high, scope)

    every = np.ones(len(truth), bool)
    hearts = np.nan_to_num(windows.heart_rate, nan=float(np.nanmean(windows.heart_rate)))
    levels = np.nan_to_num(windows.eda_level, nan=float(np.nanmean(windows.eda_level)))
    figures = [
        figure("mean AUC over people", main, every),
        figure("mean AUC, windows of one label only", main, pure),
        figure("mean AUC, skin only", scores["skin only"], every),
        figure("mean AUC, heart only", scores["heart only"], every),
        figure("for comparison: heart rate itself", hearts, every),
        figure("for comparison: skin conductance itself", levels, every),
        figure("for comparison: heart rate itself, windows of one label", hearts, pure),
        figure("for comparison: skin conductance itself, windows of one label", levels, pure),
        common.Figure(
            "balanced accuracy at probability 0.5",
            common.uar(truth, calibrated >= 0.5),
            0.5,
            *common.interval(common.uar, people, truth, calibrated >= 0.5, seed=seed),
            scope="same",
        ),
        common.Figure(
            "calibration error",
            common.calibration_error(truth.astype(int), table),
            float("nan"),
            *common.interval(common.calibration_error, people, truth.astype(int), table, seed=seed),
            scope="same, calibrated without the person",
        ),
    ]
    each = {
        int(one): common.auc(truth[people == one], main[people == one]) for one in np.unique(people)
    }
    network = fit(windows, seed)
    network.platt.copy_(torch.tensor(platt(main, windows.share)))
    path = common.export(
        network,
        Path(out) / f"{NAME}.onnx",
        [torch.tensor(windows.inputs[:4], dtype=torch.float32)],
        ["features"],
        ["probabilities"],
    )
    describe(
        path,
        version="1.0",
        labels=list(LABELS),
        measures=list(MEASURES),
        licence="MIT (Stress-Predict)",
        corpus="Stress-Predict",
    )
    worst = sorted(each.items(), key=lambda item: item[1])[:5]
    parameters = sum(parameter.numel() for parameter in network.parameters())
    common.write_card(
        common.Card(
            NAME,
            "Probability that the last minute was one of stress rather than rest, from heart rate "
            "and skin conductance of a wrist or chest sensor, each against what is usual for the "
            "person. It sees arousal: joyful excitement, heat, coffee, medicine and exertion look "
            "alike. Not a medical device, and no measure of anxiety as an illness.",
            "Stress-Predict (Iqbal et al. 2022, Sensors 22, 8135): Empatica E4 on the wrist, "
            f"{len(each)} healthy volunteers of it with labels, about one hour each: Stroop test, "
            "interview and hyperventilation (stress) between rests. Windows of 60 s every "
            f"{UPDATE:g} s (overlapping), {len(truth)} in all, {truth.mean():.0%} "
            "stress by majority of seconds.",
            "MIT, as the corpus.",
            "One person left out in turn, for the network and for the calibration alike. The "
            "features, the memory of the baseline and the size of the network were chosen with an "
            "eye on these same people, so the figures flatter a little.",
            f"{MEMBERS} averaged perceptrons of {HIDDEN} hidden units, {parameters} parameters. "
            f"Input: {', '.join(MEASURES)} against a 10 minute and a session-long running "
            "baseline, and a mask of the sensors; probabilities calibrated by Platt scaling. "
            "Trained also with heart or skin left out.",
            figures,
            [
                "Seated adults in a laboratory, one protocol: the order of rest and stress is the "
                "same for all, so slow change over the session may help more than it would in "
                "daily life.",
                "Age, sex, illnesses and medicines of the participants "
                "are not in the data, so there is no figure by group.",
                "Movement disturbs the pulse wave. The variability of the heart rate from the "
                "wrist told nothing about stress here and is not used.",
                "Lowest areas of single people: "
                + ", ".join(f"S{person:02d} {area:.2f}" for person, area in worst)
                + ". At 0.5 it knows nothing of the person, below it is misled.",
                "The first minutes, before the baseline is known, carry little weight.",
            ],
            "emo-music train physiology --data FOLDER --out models",
            {
                "Area of every person": common.table(
                    ("person", "AUC"), [(f"S{one:02d}", area) for one, area in each.items()]
                )
            },
        ),
        Path(out),
    )
    return {
        item.name: {"value": item.value, "low": item.low, "high": item.high} for item in figures
    }
