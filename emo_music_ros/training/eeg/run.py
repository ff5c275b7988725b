"""Train and measure the mental-state networks on the Muse recordings of Bird et al. (2018).

J. J. Bird, L. J. Manso, E. P. Ribeiro, A. Ekart, D. R. Faria, "A study on mental state
classification using EEG-based brain-machine interface", IEEE Intelligent Systems 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emo_music_ros.encoding.eeg.encoder import LABELS, MEASURES, WAVE_RATE, WINDOW, EegFeatures
from emo_music_ros.encoding.shared.model import Model, describe
from emo_music_ros.errors import InputError
from emo_music_ros.io.recordings import MUSE_CHANNELS, read_muse
from emo_music_ros.training.corpora import muse
from emo_music_ros.training.eeg import eegnet
from emo_music_ros.training.eeg.eegnet import EegNet, answer, augment, fit_eegnet
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared import trials
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table, write_card
from emo_music_ros.training.shared.onnx_export import export_onnx, require_float32
from emo_music_ros.training.shared.work import Work

NAME, VERSION = "eeg", "2.0.0"
CORPORA = (muse.NAME, *(f"{name}, brain" for name in trials.CORPORA))
#: Strength of the penalty on the weights of the linear network.
PENALTY = 0.1
STEPS = 200
#: EEGNet is trained on every second window: they overlap by three quarters.
STRIDE = 2
NOTE = (
    "Three people: the interval over people says little. The penalty was fixed beforehand; the "
    "limit of saturation was once chosen on these same folds, so the figures flatter a little."
)


class BandPowerNetwork(nn.Module):
    """Standardised measures, one linear layer, a temperature."""

    mean: Tensor
    spread: Tensor
    temperature: Tensor

    def __init__(self, mean: NDArray[Any], spread: NDArray[Any]) -> None:
        super().__init__()
        self.linear = nn.Linear(len(mean), len(LABELS))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
        self.register_buffer("temperature", torch.tensor(1.0))

    def logits(self, measures: Tensor) -> Tensor:
        """Return the logits [n, labels]."""
        # Electrodes of another person may be far from all that was seen: bound their weight.
        scaled = torch.clamp((measures - self.mean) / self.spread, -3.0, 3.0)
        return self.linear(scaled)  # type: ignore[no-any-return]

    def forward(self, measures: Tensor) -> Tensor:
        """Return the probabilities [n, labels]."""
        return torch.softmax(self.logits(measures) / self.temperature, dim=1)


#: What :class:`MentalStateStudy` trains.
Kept = BandPowerNetwork | EegNet


def fit(
    measures: NDArray[np.float32], labels: NDArray[np.int64], people: NDArray[Any]
) -> BandPowerNetwork:
    """Train the linear network with every person and label weighted alike."""
    network = BandPowerNetwork(measures.mean(axis=0), measures.std(axis=0))
    groups = np.unique(np.stack([people, labels.astype(str)]), axis=1, return_inverse=True)[1]
    share = 1.0 / np.bincount(groups.ravel())[groups.ravel()]
    weight = torch.tensor(share / share.sum(), dtype=torch.float32)
    inputs, wanted = torch.from_numpy(measures), torch.from_numpy(labels)
    optimiser = torch.optim.LBFGS(
        network.linear.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        each = nn.functional.cross_entropy(network.logits(inputs), wanted, reduction="none")
        value = (weight * each).sum() + PENALTY * network.linear.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return network.eval()


class MentalStateStudy:
    """The Muse recordings with all that is measured on them."""

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        self.data, self.work, self.seed = data, work, seed
        self.corpus = muse.load(data)
        self.measures = np.stack([item.spectrum.measures for item in self.corpus.items])
        self.waves = np.stack([item.waves for item in self.corpus.items])
        self.everybody = np.arange(len(self.corpus))

    def linear(self, train: Rows, seed: int) -> Kept:
        """Return the network on band powers, calibrated by leaving its people out in turn."""
        labels, people = self.corpus.labels[train], self.corpus.people[train]
        measures = self.measures[train]

        def compute() -> dict[str, NDArray[Any]]:
            network = fit(measures, labels, people)
            if len(np.unique(people)) > 1:
                logits = np.zeros((len(train), len(LABELS)))
                for rest, held in leave_one_out(people):
                    alone = fit(measures[rest], labels[rest], people[rest])
                    logits[held] = answer(alone, measures[held])
                network.temperature.fill_(fit_temperature(logits, labels))
            return _state(network)

        arrays = self.work.recall(
            f"{NAME} band powers", [measures, labels, people, seed, *_LINEAR_CODE], compute
        )
        return _restore(arrays, measures.shape)

    def eegnet(self, train: Rows, seed: int) -> Kept:
        """Return EEGNet on the signal, trained on every `STRIDE`-th window."""
        labels, waves = self.corpus.labels[train][::STRIDE], self.waves[train][::STRIDE]
        arrays = self.work.recall(
            f"{NAME} EEGNet",
            [waves, labels, seed, *_EEGNET_CODE],
            lambda: _state(fit_eegnet(waves, labels, len(LABELS), seed)),
        )
        return _restore(arrays, waves.shape)

    def candidate(
        self,
        name: str,
        origin: str,
        network: Callable[[Rows, int], Kept],
        inputs: NDArray[np.float32],
        code: Sequence[object],
    ) -> Candidate:
        """Return a network as a candidate."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float32]:
            trained = network(train, seed)
            with torch.no_grad():
                answers: NDArray[np.float32] = trained(torch.from_numpy(inputs[test])).numpy()
            return answers

        def cost() -> Cost:
            return self._cost(network(self.everybody, self.seed), inputs)

        return Candidate(name, origin, predict, cost, [inputs, *code])

    def _cost(self, network: Kept, inputs: NDArray[np.float32]) -> Cost:
        """Return the cost of one update: features of 4 s, and the network."""
        path = self.work.folder / "cost" / f"{NAME}.onnx"
        export(network, path, inputs)
        _, flops = onnx_cost(path, {"signal": inputs[:1]})
        describe(path, version=VERSION, labels=list(LABELS))
        model = Model(NAME, path.parent)
        features = EegFeatures(1.0)
        endless = chain.from_iterable(repeat(list(read_muse(muse.files(self.data)[0], 0.5))))
        waves = inputs.ndim == 3

        def once() -> object:
            for block in endless:
                for moment in features.push(block):
                    seen = moment.waves if waves else moment.spectrum.measures
                    return model(seen[None])
            return None

        return Cost(sum(p.numel() for p in network.parameters()), flops, once)

    def ours(self) -> Candidate:
        """Return the shipped network."""
        return self.candidate(
            "emo_music_ros", "this project: band powers", self.linear, self.measures, _LINEAR_CODE
        )

    def convolutional(self) -> Candidate:
        """Return EEGNet."""
        origin = "Lawhern et al. 2018, trained here"
        return self.candidate("EEGNet", origin, self.eegnet, self.waves, _EEGNET_CODE)

    def forest(self) -> Candidate:
        """Return a random forest on the band powers."""

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            from sklearn.ensemble import RandomForestClassifier

            model = RandomForestClassifier(100, random_state=seed)
            model.fit(self.measures[train], self.corpus.labels[train])
            return np.asarray(model.predict_proba(self.measures[test]))

        return Candidate(
            "Random Forest", "paper B", predict, key=[self.measures, MentalStateStudy.forest]
        )

    def paper(self, name: str) -> Candidate:
        """Return a network of the papers on band powers of every half second."""
        network, origin = papers.NETWORKS[name]
        steps = powers(self.waves)
        lengths = np.full(len(steps), steps.shape[1], np.int64)

        def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
            model = papers.fit_sequences(
                network, steps[train], lengths[train], self.corpus.labels[train], len(LABELS),
                seed, 10,
            )  # fmt: skip
            return papers.predict_sequences(model, steps[test], lengths[test])

        return Candidate(name, origin, predict, key=[steps, network, papers.fit_sequences])


def powers(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithm of band powers of windows, [n, half seconds, electrodes * bands]."""
    from emo_music_ros.encoding.eeg.encoder import BANDS

    size = round(WAVE_RATE)
    starts = np.arange(0, waves.shape[2] - size + 1, size // 2)
    pieces = np.stack([waves[:, :, start : start + size] for start in starts], axis=1)
    spectrum = np.abs(np.fft.rfft(pieces * np.hanning(size), axis=3)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / WAVE_RATE)
    bands = [
        spectrum[..., (frequency >= low) & (frequency < high)].mean(axis=3)
        for low, high in BANDS.values()
    ]
    return np.log(np.concatenate(bands, axis=2) + 1e-3).astype(np.float32)


_LINEAR_CODE = (BandPowerNetwork, fit, MentalStateStudy.linear, PENALTY, STEPS)
_EEGNET_CODE = (EegNet, fit_eegnet, augment, eegnet.EPOCHS, STRIDE)


def _state(network: nn.Module) -> dict[str, NDArray[Any]]:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def _restore(arrays: Mapping[str, NDArray[Any]], shape: Sequence[int]) -> Kept:
    network: Kept
    if "mean" in arrays:
        network = BandPowerNetwork(arrays["mean"], arrays["spread"])
    else:
        network = EegNet(shape[1], shape[2], len(LABELS))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return network.eval()


def export(network: nn.Module, path: Path, inputs: NDArray[np.float32]) -> Path:
    """Write a network as ONNX."""
    examples = [torch.from_numpy(inputs[:4])]
    return export_onnx(network, path, examples, ["signal"], ["probabilities"])


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure on the Muse recordings, DEAP and AMIGOS, whichever the folder holds.

    Parameters
    ----------
    data : pathlib.Path
        Folder of one of the corpora, or the one above the Muse recordings.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    leaky : bool
        Also part the windows at random.
    baselines : bool
        Also the networks of the papers, and a random forest.

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
    if muse.files(data):
        results = states(MentalStateStudy(data, work, seed), leaky, baselines)
    elif not trials.found(data):
        raise InputError(
            f"{data} holds neither {', '.join(CORPORA)}", "Give the folder of one of them"
        )
    return results + trials.evaluate_trials(NAME, data, work, trials.brain, seed, leaky, baselines)


def states(study: MentalStateStudy, leaky: bool, baselines: bool) -> list[Result]:
    """Return the tables of the Muse recordings."""
    one_out = Protocol("leave one person out", leave_one_out(study.corpus.people))
    protocols = [one_out]
    if leaky:
        split = random_split(len(study.corpus), 5, study.seed)
        protocols.append(Protocol("random split of the windows", split, leaky=True))
    candidates = [study.ours(), study.convolutional()]
    if baselines:
        candidates += [study.paper(name) for name in papers.NETWORKS]
        candidates.append(study.forest())
    return [
        evaluate_candidate(
            NAME, "three states of mind, windows of 4 s", study.corpus, candidate, protocol,
            study.work, study.seed, note=NOTE if candidate is candidates[0] else "",
        )
        for protocol in protocols
        for candidate in candidates
    ]  # fmt: skip


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure on the Muse recordings, train on all, write networks, descriptions and cards.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the Muse recordings, or the one above.
    out : pathlib.Path
        Folder for ``eeg`` (band powers) and ``eeg_eegnet`` (EEGNet): onnx, json and md.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``, and empty for it: the networks are too small to gain by less.

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
    study = MentalStateStudy(data, work, seed)
    results = states(study, leaky=False, baselines=False)
    networks = (
        (NAME, study.linear(study.everybody, seed), study.measures, "measures", _LINEAR),
        (f"{NAME}_eegnet", study.eegnet(study.everybody, seed), study.waves, "waves", _EEGNET),
    )
    for (name, network, inputs, kind, text), result in zip(networks, results):
        path = export(network, Path(out) / f"{name}.onnx", inputs)
        describe(
            path,
            version=VERSION,
            labels=list(LABELS),
            measures=list(MEASURES),
            input=kind,
            conformal=conformal_threshold(result.probabilities, result.truth),
            temperature=float(network.temperature),
            licence="research only",
            corpus=study.corpus.name,
        )
        size = sum(parameter.numel() for parameter in network.parameters())
        write_card(_card(study, name, text.format(size=size), result), Path(out))
    return {result.candidate: result.measures for result in results}


_LINEAR = (
    "Multinomial logistic regression of the logarithm of each band's share of the power "
    f"({', '.join(MEASURES)}), {{size}} parameters, calibrated by a temperature."
)
_EEGNET = (
    f"EEGNet-8,2 (Lawhern et al. 2018) on {WINDOW:g} s of {len(MUSE_CHANNELS)} electrodes at "
    f"{WAVE_RATE:g} Hz, {{size}} parameters, not calibrated. Not the default: set the parameter "
    "`model` of the encoder to `eeg_eegnet`."
)


def _card(study: MentalStateStudy, name: str, network: str, result: Result) -> Card:
    truth, people = study.corpus.labels, study.corpus.people
    guess = result.probabilities.argmax(axis=1)
    quality = np.array([item.spectrum.quality for item in study.corpus.items])
    clean = quality >= 0.8
    each = [
        (str(one), metrics.uar(truth[people == one], guess[people == one]))
        for one in np.unique(people)
    ]
    figures = result.figures()
    figures.append(
        Figure(
            "UAR, windows with few artefacts",
            metrics.uar(truth[clean], guess[clean]),
            1 / len(LABELS),
            *metrics.interval(metrics.uar, people[clean], truth[clean], guess[clean]),
            scope=f"{int(clean.sum())} of these windows, quality 0.8 or better",
        )
    )
    return Card(
        name,
        "Whether somebody concentrates, is neutral or relaxed, from four dry electrodes (TP9 "
        "AF7 AF8 TP10). Mental states, not emotions: a demonstrator of the modality.",
        f"{study.corpus.name} ({study.corpus.source}): {len(each)} people, three states, two takes "
        f"of up to 60 s of each; {len(truth)} windows of {WINDOW:g} s every second.",
        "Research only, as the corpus.",
        "One person left out in turn; the temperature is set by leaving out the other people in "
        "turn, so the person left out has no part in it. " + NOTE,
        network,
        figures,
        [
            f"{len(each)} people: the figures may be far off for the next one. Nothing is known of "
            "how it does on older people.",
            "Much of what tells concentration apart is slow and fast power from eyes and "
            "muscles, not from the brain.",
            "Each take holds one state, so what is peculiar to a take (the seat of the "
            "electrodes) may be mixed up with the state.",
            "Sex and age of the participants are not in the files, so no figure by them.",
        ],
        "emo-music train eeg --data FOLDER --out models",
        {
            "By person and by state": markdown_table(
                ("who or what", "recall"),
                [*each, *zip(LABELS, metrics.recalls(truth, guess, len(LABELS)))],
            )
        },
    )
