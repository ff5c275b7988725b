# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Convert the network that tells voices apart, choose its limits, and measure it: ``voice``."""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.voiceprint import Voiceprint
from emo_music_ros.io.model import describe
from emo_music_ros.training.evaluation.metrics import interval
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table, write_card
from emo_music_ros.training.shared.onnx_export import require_float32
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech import voices
from emo_music_ros.training.talking.measuring import Mistaken
from emo_music_ros.training.talking.sounds import recordings
from emo_music_ros.training.voice import network, study, television
from emo_music_ros.training.voice.study import People, Sound, Trials

VERSION = "1.0.0"
CORPORA = ("RAVDESS speech", "EMO-DB", "EMOVO")
#: Share of the utterances of others that may pass for the person's, and of commands.
PASSED, COMMANDS = 0.02, 0.10
#: Share of the person's own utterances in which a part may be less alike than `strange`; share of
#: pairs of utterances of one person that may be less alike than `apart`.
STRANGE, APART = 0.05, 0.05
MUSIC, PROGRAMMES = 30, 12
HEAD = """# Who speaks, measured

Written by `emo-music evaluate voice`. People are enrolled with 20 s of calm speech in a quiet \
room and heard in every mood they act ({people} people of {corpora}, none of whom the network was \
trained on; others speak the same language). Square brackets: 95 % interval over the people \
enrolled. Machine: {machine}.
"""

log = logging.getLogger(__name__)


def _material(data: Path, seed: int) -> tuple[People, list[Sound], dict[str, str]]:
    corpus = voices.load(data / "speech" if (data / "speech").is_dir() else data)
    music = list(islice(recordings(data), MUSIC))
    groups = corpus.groups["corpus"]
    return study.people(corpus, seed), music, dict(zip(corpus.people.tolist(), groups.tolist()))


def limits(clean: Trials, brief: Trials, pairs: Trials) -> dict[str, float]:
    """Return the likenesses from which on an utterance counts, see `Voiceprint`."""
    found = {
        "same": study.threshold(clean, PASSED),
        "strange": float(np.quantile(clean.least[clean.own], STRANGE)),
        "apart": float(np.quantile(pairs.scores[pairs.own], APART)),
        "command": study.threshold(brief, COMMANDS),
    }
    return {name: round(value, 3) for name, value in found.items()}


def train(data: Path, out: Path, work: Work, seed: int = 0, precision: str = "") -> dict[str, Any]:
    """Write the network of the installed package Resemblyzer, its limits and its card.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``speech`` and ``music``; the limits are chosen on its voices.
    out : pathlib.Path
        Folder for the model.
    work : Work
        Not used: everything takes minutes.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``.

    Raises
    ------
    InputError
        If the package is not installed, there is no speech, or for another precision.
    """
    del work
    require_float32("voice", precision or "float32")
    path = out / "voice.onnx"
    network.write(path)

    def write(**chosen: float) -> Voiceprint:
        describe(path, version=VERSION, labels=["print"], licence="Apache 2.0", **chosen)
        return Voiceprint(out)

    voiceprint = write(same=0.0, strange=0.0, apart=0.0, command=0.0)
    who, music, _ = _material(data, seed)
    found = study.all_trials(who, voiceprint, music, seed)
    brief = next(name for name in found if "first" in name)
    chosen = limits(found["clean"], found[brief], study.pairs(who, voiceprint))
    write(**chosen)
    write_card(_card(found, study.baseline(who, seed), chosen, len(who.tried)), out)
    return chosen | {name: study.equal_error(one.own, one.scores) for name, one in found.items()}


def measure(data: Path, seed: int = 0, work: Work | None = None) -> Iterator[str]:
    """Yield the figures as Markdown, part by part as they are measured.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``speech`` and ``music``.
    seed : int
        Of everything random.
    work : Work, optional
        Not used: nothing is trained.

    Raises
    ------
    ModelError
        If the network is missing.
    InputError
        If there is no speech.
    """
    voiceprint = Voiceprint()
    who, music, corpora = _material(data, seed)
    yield HEAD.format(
        people=len(who.tried),
        corpora=", ".join(dict.fromkeys(corpora.values())),
        machine=f"{platform.machine()}, Python {platform.python_version()}",
    )
    found = study.all_trials(who, voiceprint, music, seed)
    for name, disturb in study.conditions(music).items():
        if name.startswith("in a room"):
            found[f"{name}, enrolled there"] = study.there(who, voiceprint, disturb, seed)
    half = study.calm(who)
    found["clean, calm speech only; enrolled with half as much"] = study.trials(
        half, voiceprint, lambda voice, draw: voice, study.enrol(half, voiceprint)
    )
    found["clean, mean and deviation of 19 cepstra (baseline)"] = study.baseline(who, seed)
    yield _errors(found, voiceprint.same)
    yield _kept(found["clean"])
    yield _alone(who, voiceprint)
    profiles = study.enrol(who, voiceprint)
    yield _television(television.programmes(who, music, PROGRAMMES, seed), voiceprint, profiles)


def _errors(found: Mapping[str, Trials], limit: float) -> str:
    rows = []
    for name, one in found.items():
        value, low, high = study.with_interval(one)
        passes = one.scores >= limit
        shares = [f"{passes[of].mean():.2f}" for of in (one.own, ~one.own)]
        shares = ["-", "-"] if "baseline" in name else shares
        rate = f"{value:.3f} [{low:.3f}, {high:.3f}]"
        rows.append((name, rate, *shares, int(one.own.sum()), len(one.own)))
        log.info("%s: %.3f", name, value)
    header = (
        *("heard", "equal error rate", "own that count", "others' that pass"),
        *("own utterances", "comparisons"),
    )
    return (
        f"## Told apart\n\n{markdown_table(header, rows)}\n\nThe middle columns are at the limit "
        f"that is shipped ({limit}), which was chosen on these people; the next figure is not."
    )


def _kept(clean: Trials) -> str:
    """Return what passes at a limit that was chosen on other people, four folds by person."""
    names = np.unique(clean.owners)
    fold = np.searchsorted(names, clean.owners) % 4
    passes = np.zeros(len(clean.own), bool)
    for number in range(4):
        rest = fold != number
        limit = study.threshold(
            Trials(clean.owners[rest], clean.own[rest], clean.scores[rest], clean.least[rest]),
            PASSED,
        )
        passes[~rest] = clean.scores[~rest] >= limit
    parts = []
    for what, rows in (("own utterances counted", clean.own), ("of others", ~clean.own)):
        low, high = interval(
            lambda one: float(np.mean(one)), clean.owners[rows], passes[rows].astype(float)
        )
        parts.append(f"{what} {passes[rows].mean():.3f} [{low:.3f}, {high:.3f}]")
    return (
        f"At the limit that lets {PASSED:.0%} of others pass, chosen on other people than it is "
        f"measured on: {parts[0]}, {parts[1]}. The moods are acted, most of them strongly: compare "
        "calm speech above."
    )


def _alone(who: People, voiceprint: Voiceprint) -> str:
    parts = []
    for what, some in (("in every mood", who), ("calm", study.calm(who))):
        shares = np.array(list(study.dropped_alone(some, voiceprint).values()))
        low, high = interval(lambda each: float(np.mean(each)), np.arange(len(shares)), shares)
        parts.append(f"{what} {shares.mean():.3f} [{low:.3f}, {high:.3f}]")
    return (
        "Somebody who is alone and not enrolled, an utterance every "
        f"{study.APART:.0f} s: taken for two people, and dropped, are of what they say "
        f"{parts[0]}, {parts[1]}."
    )


def _television(
    shown: Iterator[television.Programme],
    voiceprint: Voiceprint,
    profiles: Mapping[str, NDArray[np.float32]],
) -> str:
    one = television.mistakes(shown, voiceprint, profiles)
    count, hours = (sum(column) for column in zip(*one.enrolled.values()))
    bound = Mistaken((), hours).bound(int(count))
    rows = [
        ("voices not told apart (as before)", f"{one.before / one.hours:.0f}"),
        ("nobody enrolled; it was quiet before each programme", f"{one.alone / one.hours:.0f}"),
        ("nobody enrolled; the television was on before", f"{one.lasting / one.hours:.0f}"),
        ("the person enrolled", f"{count / hours:.1f} (below {bound:.1f})"),
    ]
    table = markdown_table(("the robot knows", "utterances an hour read as the person's"), rows)
    return (
        "## A television in the room\n\n"
        f"{one.hours:.2f} h made of recorded speech of {television.CAST} people in turn and, every "
        "other programme, music beneath, through a simulated loudspeaker and room: no broadcast. "
        f"Before each of {PROGRAMMES} programmes it was quiet; {one.noticed:.0%} were noticed "
        f"as a television or company.\n\n{table}\n\nEnrolled was each of {len(one.enrolled)} "
        f"people in turn where they are not in the programme: {count:.0f} utterances in "
        f"{hours:.1f} h. They were enrolled in a quiet room, which a loudspeaker in a reverberant "
        "one is far from: with people enrolled in that room this was not run."
    )


def _card(
    found: Mapping[str, Trials], baseline: Trials, chosen: Mapping[str, float], count: int
) -> Card:
    cepstra = study.equal_error(baseline.own, baseline.scores)
    figures = []
    for name, one in found.items():
        value, low, high = study.with_interval(one)
        trivial = cepstra if name == "clean" else float("nan")
        figures.append(Figure("equal error rate", value, trivial, low, high, name))
    told = ", ".join(f"`{name}` {value}" for name, value in chosen.items())
    return Card(
        name="voice",
        purpose="Makes a print of a voice, by which the utterances of one enrolled person are told "
        "from those of others before any emotion is read from them. No lock: who imitates a voice "
        "or plays a recording of it passes.",
        data=f"Not trained here: the weights of the Python package {network.PACKAGE} "
        f"{network.VERSION}, which its authors trained on LibriSpeech, VoxCeleb 1 and 2 (thousands "
        "of speakers, English above all). The limits were chosen on RAVDESS, EMO-DB and EMOVO.",
        licence="Apache 2.0 (Resemblyzer, Resemble AI)",
        split=f"Nobody of the {count} people measured was trained with. The limits ({told}) were "
        "chosen on all of them: `emo-music evaluate voice` measures limits chosen on others.",
        network="Mel power spectra of 1.6 s, three LSTMs of 256 and a projection to 256 values of "
        "length 1 (Wan et al. 2018); weights of 16 bits. 1.4 million parameters.",
        figures=figures,
        limits=[
            "Acted moods of younger adults: older people, people after a stroke, whispering and "
            "Chinese were not run.",
            "A strong emotion changes the voice more than some strangers differ: of the utterances "
            "of the person some are dropped, the most moved ones first.",
            "Enrol where the robot listens, by its own microphone: in another room, in noise or "
            "music far fewer utterances of the person count.",
            "Less than a second of speech says little.",
        ],
        reproduce="pip install --no-deps resemblyzer==0.1.4\n"
        "emo-music train voice --data CORPORA --out models",
    )
