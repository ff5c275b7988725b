"""Train and measure the stress network on Stress-Predict (Empatica E4, Iqbal et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.encoding.physiology import cardiac
from emo_music_ros.encoding.physiology.encoder import (
    FLOOR,
    GROUPS,
    LABELS,
    MEASURES,
    MEMORIES,
    PhysiologyFeatures,
)
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.encoding.shared.model import Model, describe
from emo_music_ros.errors import InputError
from emo_music_ros.io.recordings import read_e4
from emo_music_ros.streams import BiosignalBlock
from emo_music_ros.training.corpora import stress_predict
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric
from emo_music_ros.training.evaluation.protocol import (
    Protocol,
    Rows,
    by_group,
    leave_one_out,
    random_split,
)
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared import trials
from emo_music_ros.training.shared.calibration import conformal_threshold
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table, write_card
from emo_music_ros.training.shared.onnx_export import export_onnx, require_float32
from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.shared.work import Work

NAME, VERSION = "physiology", "2.0.0"
CORPORA = (stress_predict.NAME, *(f"{name}, body" for name in trials.CORPORA))

UPDATES, BATCH, RATE, DECAY = 120, 512, 1e-2, 0.1
#: Networks whose logits are averaged, and hidden units of each.
MEMBERS, HIDDEN = 5, 8
#: Folds inside the training people that choose the settings and calibrate.
FOLDS = 3
#: Measures that settings choose between.
FEW = ("heart_rate", "log_eda_level", "log_scr_sum", "eda_slope")
Setting = tuple[tuple[str, ...], tuple[float, ...]]
#: What is chosen between in every fold: measures, and memories of the baseline [s].
SETTINGS: tuple[Setting, ...] = (
    (FEW, MEMORIES[1:]),
    (FEW, MEMORIES),
    (MEASURES, MEMORIES[1:]),
    (MEASURES, MEMORIES),
)
#: Signals a person may not wear, and what is then left.
SUBSETS: Mapping[str, tuple[str, ...]] = {
    "heart and skin": ("heart", "skin"),
    "skin only": ("skin",),
    "heart only": ("heart",),
}
#: Length [s] and number of the steps in which the networks of the papers see a window.
STEP, STEPS = 2.0, 30
#: Distance of the windows that the networks of the papers are trained on, in windows.
STRIDE = 3
INPUTS = len(MEASURES) * len(MEMORIES) + len(GROUPS)

TRIED = (
    "Measures, memories and size are chosen inside the training people of every fold. Tried on 9 "
    "folds by person without moving the mean by more than 0.01: skin temperature, breath from the "
    "pulse wave, shape and height of the pulse, changes over 1 to 5 minutes, smoothing over the "
    "last minute (worse), boosted trees (worse), logistic regression."
)
CLOCK_NOTE = (
    "Every session has the same order of tasks, so time alone tells most of the labels. The "
    "network is therefore given nothing that tells time by itself: no skin temperature, which "
    "drifts while the watch is worn, and no ranks within the session, in which trees read the time."
)
FOREST_NOTE = "Sees the same inputs as the network."

Floats = NDArray[np.float64]


def inputs_of(corpus: Corpus) -> Floats:
    """Return what the encoder gives its network, [n, inputs]."""
    return np.array(
        [np.concatenate([item.moment.normalised, item.moment.mask]) for item in corpus.items], float
    )


def keep(inputs: Floats, groups: Sequence[str]) -> Floats:
    """Return the inputs of somebody who wears only the sensors of `groups`."""
    kept = inputs.copy()
    for number, (name, columns) in enumerate(GROUPS.items()):
        if name not in groups:
            for memory in range(len(MEMORIES)):
                kept[:, [column + len(MEASURES) * memory for column in columns]] = 0.0
            kept[:, len(MEASURES) * len(MEMORIES) + number] = 0.0
    return kept


class StressNetwork(nn.Module):
    """Several small perceptrons whose logits are averaged, then calibrated (Platt)."""

    used: Tensor
    platt: Tensor

    def __init__(self, settings: Sequence[Setting]) -> None:
        super().__init__()
        used = [
            [
                measure in measures and memory in memories
                for memory in MEMORIES
                for measure in MEASURES
            ]
            for measures, memories in settings
        ]
        columns = torch.tensor(used).float()
        together = torch.ones(len(settings), len(GROUPS))
        self.register_buffer("used", torch.cat([columns, together], dim=1)[:, None])
        self.register_buffer("platt", torch.tensor([1.0, 0.0]))
        seen = self.used.sum(dim=2, keepdim=True)

        def start(*shape: int, fan: Tensor | float) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(len(settings), *shape) - 1) / fan**0.5)

        self.weight1, self.bias1 = start(INPUTS, HIDDEN, fan=seen), start(1, HIDDEN, fan=seen)
        self.weight2, self.bias2 = start(HIDDEN, 1, fan=HIDDEN), start(1, 1, fan=HIDDEN)

    def members(self, inputs: Tensor) -> Tensor:
        """Return the logits of stress [members, n] of inputs [n or members, n, inputs]."""
        hidden = torch.tanh(torch.matmul(inputs * self.used, self.weight1) + self.bias1)
        return (torch.matmul(hidden, self.weight2) + self.bias2)[..., 0]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the probabilities [n, 2] of calm and stress."""
        logit = self.platt[0] * self.members(inputs).mean(dim=0) + self.platt[1]
        stress = torch.sigmoid(logit)
        return torch.stack([1 - stress, stress], dim=1)

    @property
    def parameters_used(self) -> int:
        """How many numbers were learnt."""
        seen = self.used.sum(dim=(1, 2))
        return int(((seen + 1) * HIDDEN + HIDDEN + 1).sum()) + len(self.platt)


def fit(
    inputs: Floats, share: Floats, jobs: Sequence[tuple[Setting, Rows]], seed: int
) -> StressNetwork:
    """Train a member for every job: a setting, and the rows to learn from.

    So that sensors may be missing, half of the windows, drawn at random in every update, lose the
    heart or the skin.
    """
    seed_everything(seed)
    subsets = [("heart", "skin"), *SUBSETS.values()]
    masks = torch.tensor(
        np.vstack([keep(np.ones((1, INPUTS)), groups) for groups in subsets]), dtype=torch.float32
    )
    seen = torch.tensor(inputs, dtype=torch.float32)
    wanted = torch.tensor(share, dtype=torch.float32)
    network = StressNetwork([setting for setting, _ in jobs])
    pools = [torch.from_numpy(rows) for _, rows in jobs]
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    for _ in range(UPDATES):
        rows = torch.stack(
            [pool[torch.randint(len(pool), (BATCH,), generator=draw)] for pool in pools]
        )
        worn = masks[torch.randint(len(masks), rows.shape, generator=draw)]
        loss = F.binary_cross_entropy_with_logits(
            network.members(seen[rows] * worn), wanted[rows], reduction="none"
        )
        optimiser.zero_grad()
        loss.mean(dim=1).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.eval()


def logits(network: StressNetwork, inputs: Floats) -> Floats:
    """Return the logits [members, n] of stress before calibration."""
    with torch.no_grad():
        return network.members(torch.tensor(inputs, dtype=torch.float32)).double().numpy()


def platt(scores: Floats, share: Floats) -> tuple[float, float]:
    """Return scale and offset that make held-out logits most likely."""

    def loss(line: Floats) -> float:
        calibrated = line[0] * scores + line[1]
        return float(np.mean(np.logaddexp(0.0, calibrated) - share * calibrated))

    scale, offset = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return float(scale), float(offset)


def auc_per_person(
    truth: NDArray[Any],
    table: NDArray[np.float64],
    people: NDArray[Any],
    sizes: Mapping[Any, int] | None = None,
) -> float:
    """Return the mean over people of the area under the ROC curve of stress.

    With `sizes`, the rows of every person in the corpus, somebody drawn twice into a bootstrap
    counts twice.
    """
    names, rows = np.unique(people, return_counts=True)
    areas = np.array([metrics.auc(truth[people == one], table[people == one, 1]) for one in names])
    drawn = np.ones(len(names))
    if sizes is not None:
        drawn = rows / np.array([sizes[one] for one in names.tolist()])
    known = np.isfinite(areas)
    return float(np.average(areas[known], weights=drawn[known])) if known.any() else float("nan")


def measures(corpus: Corpus) -> dict[str, Metric]:
    """Return what is measured of stress."""
    names, rows = np.unique(corpus.people, return_counts=True)
    sizes = dict(zip(names.tolist(), rows.tolist()))
    return {"AUC per person": partial(auc_per_person, sizes=sizes), **CLASSIFICATION}


def choose_and_fit(inputs: Floats, share: Floats, people: NDArray[Any], seed: int) -> StressNetwork:
    """Choose the settings by folds of these people, calibrate on the same folds, train on all."""
    truth = share >= 0.5
    folds = by_group(people, min(FOLDS, len(np.unique(people))), seed)
    jobs = [(setting, train) for setting in SETTINGS for train, _ in folds]
    found = logits(fit(inputs, share, jobs, seed), inputs)
    scores = np.zeros((len(SETTINGS), len(share)))
    for number in range(len(jobs)):
        setting, fold = divmod(number, len(folds))
        held = folds[fold][1]
        scores[setting, held] = found[number, held]
    areas = [auc_per_person(truth, np.stack([-row, row], axis=1), people) for row in scores]
    best = int(np.argmax(areas))
    everybody = np.arange(len(share))
    network = fit(inputs, share, [(SETTINGS[best], everybody)] * MEMBERS, seed)
    network.platt.copy_(torch.tensor(platt(scores[best], share)))
    return network


def weights(network: StressNetwork) -> dict[str, NDArray[Any]]:
    """Return the state of a network as arrays."""
    return {name: value.numpy() for name, value in network.state_dict().items()}


def restore(arrays: Mapping[str, NDArray[Any]]) -> StressNetwork:
    """Return the network that :func:`weights` was taken from."""
    network = StressNetwork([SETTINGS[0]] * len(arrays["weight1"]))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return network.eval()


class StressStudy:
    """Stress-Predict with all that is measured on it."""

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        self.data, self.work, self.seed = data, work, seed
        self.corpus = stress_predict.load(data)
        self.inputs = inputs_of(self.corpus)
        self.share = np.array([item.share for item in self.corpus.items])

    @property
    def one_out(self) -> Protocol:
        """Every person left out in turn."""
        return Protocol("leave one person out", leave_one_out(self.corpus.people))

    def network(self, train: Rows, seed: int) -> StressNetwork:
        """Return the network trained on some rows, kept from an earlier time if it was."""
        who, seen, share = self.corpus.people[train], self.inputs[train], self.share[train]
        arrays = self.work.recall(
            f"{NAME} network",
            [seen, share, who, seed, *_CODE],
            lambda: weights(choose_and_fit(seen, share, who, seed)),
        )
        return restore(arrays)

    def ours(
        self, groups: tuple[str, ...] = ("heart", "skin"), name: str = "emo_music_ros"
    ) -> Candidate:
        """Return the shipped network as a candidate, answering those who wear only `groups`."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float32]:
            seen = torch.tensor(keep(self.inputs[test], groups), dtype=torch.float32)
            network = self.network(train, seed)
            with torch.no_grad():
                answers: NDArray[np.float32] = network(seen).numpy()
            return answers

        key = [self.inputs, self.share, groups, *_CODE]
        whole = name == "emo_music_ros"
        return Candidate(name, "this project", predict, self._cost if whole else None, key)

    def _cost(self) -> Cost:
        """Return the cost of one update: features of the last minute, and the network."""
        network = self.network(np.arange(len(self.corpus)), self.seed)
        path = self.work.folder / "cost" / f"{NAME}.onnx"
        export(network, path)
        _, flops = onnx_cost(path, {"features": self.inputs[:1].astype(np.float32)})
        describe(path, version=VERSION, labels=list(LABELS))
        model = Model(NAME, path.parent)
        features = PhysiologyFeatures(update=2.0)
        _, folder, _ = next(iter(stress_predict.people(self.data)))
        endless = chain.from_iterable(repeat(list(read_e4(folder, 2.0))))

        def once() -> object:
            for block in endless:
                for moment in features.push(block):
                    return model(np.concatenate([moment.normalised, moment.mask])[None])
            return None

        return Cost(network.parameters_used, flops, once)

    def single(self, name: str, feature: str) -> Candidate:
        """Return one feature itself as a candidate: a logistic curve of its value."""
        values = np.array([item.moment.features[feature] for item in self.corpus.items])

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.linear_model import LogisticRegression

            usual = np.nanmean(values[train])
            column = np.nan_to_num(values, nan=usual)[:, None]
            model = LogisticRegression().fit(column[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(column[test]))

        return Candidate(name, "one feature", predict, key=[values, StressStudy.single])

    def forest(self) -> Candidate:
        """Return a random forest on the inputs of the network."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.ensemble import RandomForestClassifier

            model = RandomForestClassifier(100, min_samples_leaf=20, random_state=seed)
            model.fit(self.inputs[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(self.inputs[test]))

        return Candidate("Random Forest", "paper B", predict, key=[self.inputs, StressStudy.forest])

    def clock(self) -> Candidate:
        """Return boosted trees that know nothing but the time since the session began."""
        elapsed = np.array([[item.elapsed] for item in self.corpus.items])

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.ensemble import HistGradientBoostingClassifier

            model = HistGradientBoostingClassifier(max_depth=3, random_state=seed)
            model.fit(elapsed[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(elapsed[test]))

        return Candidate(
            "clock alone (control)",
            "time since the start",
            predict,
            key=[elapsed, StressStudy.clock],
        )

    def paper(self, name: str) -> Candidate:
        """Return a network of the papers on the signals of the window, one step every 2 s."""
        network, origin = papers.NETWORKS[name]

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            waves = self.waves()
            lengths = np.full(len(waves), waves.shape[1], np.int64)
            some = train[::STRIDE]
            model = papers.fit_sequences(
                network, waves[some], lengths[some], self.corpus.labels[some], 2, seed, 8, 64
            )
            return papers.predict_sequences(model, waves[test], lengths[test])

        return Candidate(name, origin, predict, key=[network, papers.fit_sequences, *_WAVE_CODE])

    def waves(self) -> NDArray[np.float32]:
        """Return heart rate, pulse height, skin conductance and temperature, [n, steps, 4]."""
        return self.work.recall(
            f"{NAME} waves",
            [self.inputs, *_WAVE_CODE],
            lambda: {"waves": sequences(self.data, self.corpus)},
        )["waves"]


def sequences(data: Path, corpus: Corpus) -> NDArray[np.float32]:
    """Return the signals of every window against what was usual before, [n, steps, 4].

    Heart rate, height of the pulse, skin conductance and temperature (paper A, Eq. 3).
    """
    found = np.zeros((len(corpus), STEPS, 4), np.float32)
    ends = np.array([item.moment.time for item in corpus.items])
    for person, folder, _ in stress_predict.people(data):
        start, steps = _steps(folder)
        count = np.arange(1, len(steps) + 1)[:, None]
        mean = steps.cumsum(axis=0) / count
        spread = np.sqrt(np.maximum((steps**2).cumsum(axis=0) / count - mean**2, 0.0))
        for row in np.flatnonzero(corpus.people == person):
            end = min(int((ends[row] - start) / STEP), len(steps))
            part = steps[max(0, end - STEPS) : end]
            scaled = (part - mean[end - 1]) / (spread[end - 1] + 1e-3)
            found[row, STEPS - len(part) :] = np.clip(scaled, -4.0, 4.0)
    return found


def _steps(folder: Path) -> tuple[float, Floats]:
    """Return the start [unix s] and heart rate, pulse height, skin, temperature of every step."""
    blocks: dict[str, list[BiosignalBlock]] = {}
    for block in read_e4(folder):
        blocks.setdefault(block.kind, []).append(block)
    whole = {
        kind: (found[0].time, found[0].rate, np.concatenate([block.samples for block in found]))
        for kind, found in blocks.items()
    }
    start = max(begin for begin, _, _ in whole.values())
    end = min(begin + len(samples) / rate for begin, rate, samples in whole.values())
    middle = start + STEP * (np.arange(int((end - start) / STEP)) + 0.5)
    begin, rate, samples = whole["ppg"]
    samples = samples.astype(float)
    wave = cardiac.PULSE
    band = StreamingFilter(rate, *wave.band)
    window = Window(samples, band(samples), np.ones(samples.shape, bool), rate)
    rhythm = cardiac.find_beats(window, wave)
    gaps, kept = cardiac.intervals(rhythm)
    columns = [
        np.interp(middle, begin + rhythm.times[1:][kept], 60.0 / gaps[kept]),
        np.interp(middle, begin + rhythm.times, np.log(np.maximum(rhythm.amplitudes, 1e-3))),
    ]
    for kind, floor in (("eda", FLOOR), ("temperature", 0.0)):
        begin, rate, samples = whole[kind]
        values = np.log(samples[:, 0] + floor) if floor else samples[:, 0]
        columns.append(np.interp(middle, begin + np.arange(len(values)) / rate, values))
    return start, np.stack(columns, axis=1)


def export(network: StressNetwork, path: Path) -> Path:
    """Write the network as ONNX."""
    return export_onnx(network, path, [torch.zeros(4, INPUTS)], ["features"], ["probabilities"])


#: What the kept networks and signals of windows depend on beside their arguments.
_CODE = (
    *(StressNetwork, fit, platt, choose_and_fit, keep, SETTINGS, MEMORIES, MEASURES, GROUPS, FOLDS),
    *(UPDATES, BATCH, RATE, DECAY, MEMBERS, HIDDEN),
)
_WAVE_CODE = (sequences, _steps, STEP, STEPS, STRIDE)


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Metric on Stress-Predict, DEAP and AMIGOS, whichever the folder holds.

    Parameters
    ----------
    data : pathlib.Path
        Folder of one of the corpora, or the one above Stress-Predict.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    leaky : bool
        Also part the windows at random.
    baselines : bool
        Also the networks of the papers, a random forest, single features, and a clock.

    Returns
    -------
    list of Result
        The shipped network first.

    Raises
    ------
    InputError
        If the folder holds none of them, or a file is damaged.
    """
    data = Path(data)
    results: list[Result] = []
    if stress_predict.find(data):
        study = StressStudy(data, work, seed)
        results = stress(study, leaky, baselines)
    elif not trials.found(data):
        raise InputError(
            f"{data} holds neither {', '.join(CORPORA)}", "Give the folder of one of them"
        )
    return results + trials.evaluate_trials(NAME, data, work, trials.body, seed, leaky, baselines)


def stress(study: StressStudy, leaky: bool, baselines: bool) -> list[Result]:
    """Return the tables of Stress-Predict."""

    def table(candidate: Candidate, protocol: Protocol = study.one_out, note: str = "") -> Result:
        return evaluate_candidate(
            NAME, "stress or calm, windows of 60 s", study.corpus, candidate, protocol,
            study.work, study.seed, measures(study.corpus), note,
        )  # fmt: skip

    candidates = [(study.ours(), TRIED)]
    candidates += [
        (study.ours(SUBSETS[name], f"emo_music_ros, {name}"), "")
        for name in ("skin only", "heart only")
    ]
    candidates += [
        (study.single("heart rate alone", "heart_rate"), ""),
        (study.single("skin conductance alone", "eda_level"), ""),
    ]
    if baselines:
        candidates += [(study.paper(name), "") for name in papers.NETWORKS]
        candidates += [(study.forest(), FOREST_NOTE), (study.clock(), CLOCK_NOTE)]
    results = [table(candidate, note=note) for candidate, note in candidates]
    if leaky:
        split = random_split(len(study.corpus), 5, study.seed)
        random = Protocol("random split of the windows", split, leaky=True)
        results += [table(study.ours(), random), table(study.forest(), random)]
    return results


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Metric on Stress-Predict, train on all its people, write network, description and card.

    Parameters
    ----------
    data : pathlib.Path
        Folder of Stress-Predict, or the one above.
    out : pathlib.Path
        Folder for ``physiology.onnx``, ``.json`` and ``.md``.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``, and empty for it: the network is too small to gain by less.

    Returns
    -------
    dict
        The measured figures.

    Raises
    ------
    InputError
        If the corpus is not there or damaged, or the precision is another.
    """
    require_float32(NAME, precision)
    study = StressStudy(data, work, seed)
    results = stress(study, leaky=False, baselines=False)
    ours = results[0]
    network = study.network(np.arange(len(study.corpus)), seed)
    path = export(network, Path(out) / f"{NAME}.onnx")
    describe(
        path,
        version=VERSION,
        labels=list(LABELS),
        measures=list(MEASURES),
        conformal=conformal_threshold(ours.probabilities, ours.truth),
        temperature=1.0,
        licence="MIT",
        corpus=study.corpus.name,
    )
    write_card(_card(study, network, results), Path(out))
    return {result.candidate: result.measures for result in results}


def _card(study: StressStudy, network: StressNetwork, results: Sequence[Result]) -> Card:
    ours, people = results[0], study.corpus.people
    truth = study.corpus.labels
    each = {
        str(one): metrics.auc(truth[people == one], ours.probabilities[people == one, 1])
        for one in np.unique(people)
    }
    worst = sorted(each.items(), key=lambda item: item[1])[:5]
    used = [name for name, on in zip(MEASURES * len(MEMORIES), network.used[0, 0].tolist()) if on]
    memories = [
        f"{memory / 60:.0f} minutes" if np.isfinite(memory) else "the session"
        for number, memory in enumerate(MEMORIES)
        if network.used[0, 0, number * len(MEASURES)]
    ]
    return Card(
        NAME,
        "Probability that the last minute was one of stress rather than rest, from heart rate "
        "and skin conductance of a wrist or chest sensor, each against what is usual for the "
        "person. It sees arousal: joyful excitement, heat, coffee, medicine and exertion look "
        "alike. Not a medical device, and no measure of anxiety as an illness.",
        f"{study.corpus.name} ({study.corpus.source}): Empatica E4 on the wrist, {len(each)} "
        "healthy volunteers with labels, about one hour each: Stroop test, interview and "
        "hyperventilation (stress) between rests. Windows of 60 s every "
        f"{stress_predict.UPDATE:g} s (overlapping), {len(truth)} in all, {truth.mean():.0%} "
        "stress by majority of seconds.",
        "MIT, as the corpus.",
        "One person left out in turn. Settings and calibration are chosen by "
        f"{FOLDS} folds of the other people, so the person left out has no part in them. "
        f"{len(SETTINGS)} settings are compared.",
        f"{MEMBERS} averaged perceptrons of {HIDDEN} hidden units, "
        f"{network.parameters_used} parameters. Input: {', '.join(dict.fromkeys(used))} against "
        f"running baselines of {', '.join(memories)}, and a mask of the sensors; probabilities "
        "calibrated by Platt scaling. Trained also with heart or skin left out.",
        [
            Figure(f"{result.candidate}: {name}", *_figure(entry), scope=_scope(result))
            for result in results
            for name, entry in result.measures.items()
            if result is ours or name == "AUC per person"
        ],
        [
            "Seated adults in a laboratory, one protocol: the order of rest and stress is the "
            "same for all, so slow change over the session may help more than it would in "
            "daily life. " + CLOCK_NOTE,
            "Age, sex, illnesses and medicines of the participants are not in the data, so there "
            "is no figure by group. Nothing is known of how it does on older people.",
            "Movement disturbs the pulse wave. The variability of the heart rate from the "
            "wrist told nothing about stress here and is not used.",
            "Lowest areas of single people: "
            + ", ".join(f"{person} {area:.2f}" for person, area in worst)
            + ". At 0.5 it knows nothing of the person, below it is misled.",
            "The first minutes, before the baseline is known, carry little weight.",
            "What was tried: " + TRIED,
        ],
        "emo-music train physiology --data FOLDER --out models",
        {
            "Area of every person": markdown_table(
                ("person", "AUC"), [(one, area) for one, area in each.items()]
            )
        },
    )


def _figure(entry: Mapping[str, float]) -> tuple[float, float, float, float]:
    return entry["value"], entry["trivial"], entry["low"], entry["high"]


def _scope(result: Result) -> str:
    return f"{result.protocol}: {result.people} {result.unit}, {result.items} windows"
