# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure spoken commands, and train the Chinese keyword model: ``conversation``."""

from __future__ import annotations

import logging
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.attribution import QUIET
from emo_music_ros.encoding.speech.voice_activity import Endpointer
from emo_music_ros.errors import CompanionError, InputError, ModelError
from emo_music_ros.io.model import describe
from emo_music_ros.playback.player import Player
from emo_music_ros.talking.base import Recogniser
from emo_music_ros.talking.ear import LONGEST, Ear, ready
from emo_music_ros.talking.echo import EchoCanceller
from emo_music_ros.talking.recognisers.keywords import LANGUAGE, NAME, Keywords
from emo_music_ros.talking.recognisers.pocketsphinx import PocketSphinx
from emo_music_ros.training.shared.cards import Card, Figure, markdown_table, write_card
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.talking import enrolled, measuring, sounds
from emo_music_ros.training.talking.voices import HELD_OUT, TRAINED, Speaker, speakers

VERSION = "1.0.0"
CORPORA = ("synthetic voices",)
#: Pause and least speech of the node [s].
PAUSE, SHORTEST = 0.5, 0.15
#: Voices of English: no recogniser of English was trained with any of them.
ENGLISH = (
    Speaker("en-gb", 140),
    Speaker("en-us", 150),
    Speaker("en-gb+f2", 140, 60),
    Speaker("en-us+f3", 160, 55),
    Speaker("en-gb-scotland", 140),
    Speaker("en-us+m3", 120, 45),
)
#: Voices of flite: they are made of recordings of people.
FLITE = tuple(Speaker(f"flite:{name}", 150) for name in ("slt", "rms", "awb", "kal16"))
#: Name of a condition, whether it is music, and the ratio [dB].
CONDITIONS = (
    ("quiet room", False, 30.0),
    ("noise, 10 dB", False, 10.0),
    ("music, +10 dB", True, 10.0),
    ("music, 0 dB", True, 0.0),
    ("music, -10 dB", True, -10.0),
)
SONGS, CLIPS = 200, 300
#: Songs that are also played by the robot itself.
OWN_SONGS = 100
HEAD = """# Talking to it, measured

Written by `emo-music evaluate conversation`. **Every command was spoken by a text-to-speech \
program** (espeak-ng; flite, whose voices are made of recordings of people): recorded commands of \
people were not run, for want of such a corpus. Square brackets: 95 % interval over the synthetic \
voices. Understood means: as this command, and as nothing else. Machine: {machine}.
"""


log = logging.getLogger(__name__)


def _told(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row of a table, and log it: measuring takes long."""
    log.info("%s", " | ".join(str(cell) for cell in row))
    return tuple(row)


def measure(data: Path, seed: int = 0, work: Work | None = None) -> Iterator[str]:
    """Yield the figures as Markdown, part by part as they are measured.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``speech`` and ``music``, for what must not be taken for a command; what is
        missing there is not run.
    seed : int
        Of everything random.
    work : Work, optional
        Not used: nothing is trained.

    Raises
    ------
    InputError
        If no recogniser works, or there is neither espeak-ng nor music of the built-in library.
    """
    ears, lacking = _ears()
    music = list(sounds.pieces(3, 8))
    if not music:
        raise InputError("the built-in library was not rendered yet", "Run: emo-music companion")
    yield HEAD.format(machine=f"{platform.machine()}, Python {platform.python_version()}")
    yield from (f"Not run: {text}" for text in lacking)
    every = _ear([recogniser for _, recogniser in ears.values()])
    yield _latency(every)
    yield _commands(ears, music, seed)
    yield _mistakes(every, data, seed)
    yield _enrolled(every, data, seed)
    yield _echo(ears, music)


def _ears() -> tuple[dict[str, tuple[str, Recogniser]], list[str]]:
    """Return what recognises which language, and what is lacking."""
    found: dict[str, tuple[str, Recogniser]] = {}
    lacking = []
    makers: dict[str, tuple[str, Callable[[], Recogniser]]] = {
        "en": ("pocketsphinx", PocketSphinx),
        "zh": ("keywords", Keywords),
    }
    for language, (name, make) in makers.items():
        try:
            recogniser = make()
            ready(recogniser)
            found[language] = name, recogniser
        except CompanionError as error:
            lacking.append(f"{language}: {error}")
    if not found:
        raise InputError("no recogniser works", "; ".join(lacking))
    return found, lacking


def _ear(recognisers: Sequence[Recogniser]) -> Ear:
    return Ear(Endpointer(PAUSE, SHORTEST, LONGEST), recognisers)


def _commands(
    ears: dict[str, tuple[str, Recogniser]], music: Sequence[NDArray[np.float32]], seed: int
) -> str:
    spoken: list[tuple[str, str, Sequence[Speaker]]] = [("en", "espeak-ng", ENGLISH)]
    if shutil.which("flite"):
        spoken.append(("en", "flite", FLITE))
    spoken.append(("zh", "espeak-ng, not trained with", speakers("zh", HELD_OUT, seed + 1)))
    rows = []
    for language, source, voices in spoken:
        if language not in ears:
            continue
        name, recogniser = ears[language]
        ear = _ear([recogniser])
        for condition, musical, ratio in CONDITIONS:
            under = music if musical else [sounds.noise(seed)]
            one = measuring.understood(ear, language, voices, under, ratio)
            within = f" [{one.low:.2f}, {one.high:.2f}]" if np.isfinite(one.low) else ""
            row = (
                f"{language} ({name})",
                f"{source}: {len(voices)}",
                condition,
                f"{one.share:.2f}{within}",
                f"{one.wrong:.2f}",
                one.count,
            )
            rows.append(_told(row))
    header = ("language", "voices", "in", "understood", "as something else", "commands")
    return "## Commands\n\n" + markdown_table(header, rows)


def _echo(ears: dict[str, tuple[str, Recogniser]], music: Sequence[NDArray[np.float32]]) -> str:
    """Return what taking the robot's own music out is worth."""
    title = "## Over music that the robot plays itself, in a simulated room\n\n"
    if "en" not in ears:
        return f"{title}Not run: there is no recogniser of English."
    voices = FLITE if shutil.which("flite") else ENGLISH
    ear = _ear([ears["en"][1]])
    rows: list[tuple[Any, ...]] = []
    for ratio in (0.0, -10.0):
        for name, make in (("as it is heard", lambda: None), ("taken out", EchoCanceller)):
            one = measuring.understood(ear, "en", voices, music, ratio, make)
            rows.append(
                (f"{ratio:.0f} dB", name, f"{one.share:.2f}", f"{one.wrong:.2f}", one.count)
            )
    songs = measuring.mistaken_of_own(ear, EchoCanceller, sounds.songs(OWN_SONGS))
    header = ("music", "own music", "understood", "as something else", "commands")
    return (
        f"{title}{markdown_table(header, rows)}\n\n{OWN_SONGS} songs with a call for help, played "
        f"by the robot and taken out: {len(songs.events)} commands, "
        f"{songs.events.count('help')} of them calls for help."
    )


def _mistakes(ear: Ear, data: Path, seed: int) -> str:
    sets: dict[str, Iterable[NDArray[np.float32]]] = {
        f"{SONGS} songs with a call for help (text-to-speech over music, 0 dB)": sounds.songs(
            SONGS
        ),
        "music of the built-in library": sounds.pieces(1, 6, 60.0),
        "recorded music (Emotify, no track divisible by 5)": sounds.recordings(data),
        "talk as of a television (RAVDESS, EMO-DB, EMOVO, espeak-ng)": sounds.talk(
            data, CLIPS, seed
        ),
    }
    rows: list[tuple[Any, ...]] = []
    for name, stream in sets.items():
        one = measuring.mistaken(ear, stream)
        if not one.hours:
            rows.append((name, "not run", "-", "-", "-", "-"))
            continue
        count = len(one.events)
        rate = f"{count / one.hours:.1f} (below {one.bound(count):.1f})"
        row = name, f"{one.hours:.2f}", count, rate, one.urgent, one.events.count("help")
        rows.append(_told(row))
    header = ("heard", "hours", "commands", "per hour (95 %)", "stop or help", "help")
    return "## What nobody asked for\n\n" + markdown_table(header, rows)


def _enrolled(ear: Ear, data: Path, seed: int) -> str:
    """Return how many commands of a television count, and of the person, once one is enrolled."""
    title = "## Where somebody is enrolled\n\n"
    voices = FLITE if shutil.which("flite") else ENGLISH
    try:
        one = enrolled.measure(ear, voices, sounds.talk(data, CLIPS, seed))
    except ModelError as error:
        return f"{title}Not run: {error}"
    if not one.hours:
        return f"{title}Not run: there is no recorded talk."
    rows = [
        (name, *(f"{sum(each) / len(each) / one.hours:.1f}" for each in (all_of, urgent)))
        for name, all_of, urgent in (
            ("nobody (everybody is obeyed)", [one.before], [one.before_urgent]),
            ("one of the voices below", one.commands, one.urgent),
        )
    ]
    table = markdown_table(("enrolled", "commands an hour", "stop or help"), rows)
    return (
        f"{title}The same talk as of a television, with each of {len(voices)} synthetic voices "
        f"enrolled by {enrolled.SENTENCES} sentences:\n\n{table}\n\nOf the commands of the "
        f"enrolled voice that are understood in a quiet room {one.kept:.2f} ({one.own} commands) "
        f"would count in the midst of that talk. After {QUIET:.0f} s without anybody's voice "
        "everybody's do, and a call for help always does."
    )


def _latency(ear: Ear) -> str:
    voices = [*ENGLISH, *(FLITE if shutil.which("flite") else ())]
    found = measuring.delays(ear, {"stop": voices, "stop the music": voices})
    fade = Player.Options().stop_fade
    if not found:
        return "## From a spoken stop to silence\n\nNot run: no stop was understood."
    middle, longest = float(np.median(found)), max(found)
    return (
        "## From a spoken stop to silence\n\n"
        f"Understood {middle:.2f} s after its last sound (median of {len(found)}, longest "
        f"{longest:.2f} s; blocks of {measuring.BLOCK * 1000:.0f} ms and the work on this machine "
        f"included); with the fade of {fade:.1f} s silence after {middle + fade:.2f} s, at most "
        f"{longest + fade:.2f} s. The way of the messages is not in it."
    )


def train(data: Path, out: Path, work: Work, seed: int = 0, precision: str = "") -> dict[str, Any]:
    """Train the Chinese keyword model on synthetic voices; write network and card.

    Nothing of `data` is used: voices are espeak-ng's, music is that of the built-in library.

    Raises
    ------
    InputError
        If espeak-ng or the rendered library is missing.
    """
    del data, work, precision
    import torch

    from emo_music_ros.training.shared.onnx_export import export_onnx
    from emo_music_ros.training.talking import keywords

    cutter = Endpointer(PAUSE, SHORTEST, LONGEST)

    def cut(sound: NDArray[np.float32]) -> NDArray[np.float32] | None:
        cutter.reset(background=True)
        parts = [*cutter.push(sound), *cutter.flush()]
        return max((part.samples for part in parts), key=len, default=None)

    backgrounds = [sounds.noise(seed), *sounds.pieces(0, 10, 12.0)]
    rows = keywords.build(speakers(LANGUAGE, TRAINED, seed), backgrounds, cut, seed)
    network = keywords.fit(rows, seed)
    example = torch.from_numpy(rows.pictures[:2])
    path = export_onnx(network, out / f"{NAME}.onnx", [example], ["pictures"], ["probabilities"])
    describe(
        path,
        version=VERSION,
        labels=keywords.labels(),
        licence="Apache 2.0",
        voices="espeak-ng only: synthetic",
    )
    held = keywords.build(speakers(LANGUAGE, HELD_OUT, seed + 1), backgrounds[:1], cut, seed + 1)
    spoken = held.speakers != ""
    with torch.no_grad():
        answers = network(torch.from_numpy(held.pictures[spoken])).numpy().argmax(1)
    share = float((answers == held.labels[spoken]).mean())
    count = sum(parameter.numel() for parameter in network.parameters())
    write_card(_card(share, int(spoken.sum()), len(rows.labels), count), out)
    return {"phrases of unheard synthetic voices": share, "utterances": int(spoken.sum())}


def _card(share: float, tested: int, trained: int, parameters: int) -> Card:
    return Card(
        name=NAME,
        purpose="Tells a few Chinese commands (phrases in `emo_music_ros/talking/phrases.tsv`) "
        "from other talk, for the plugin `keywords` of the node `talking`. It was never heard by "
        "or tried on people: take a Vosk model where people rely on it.",
        data=f"{trained} utterances of {len(TRAINED)} variants of the synthetic Mandarin voice of "
        "espeak-ng, in noise and over pieces of the built-in library at 5 to 30 dB; English of the "
        "same voices counts as other talk. Nobody was "
        "recorded.",
        licence="Apache 2.0",
        split=f"By voice: {len(HELD_OUT)} other variants of the same program are measured with. "
        "They share its rules of pronunciation, so this says little of people.",
        network="Log-Mel spectrum of the whole utterance stretched to 32 frames of 32 bands, one "
        f"hidden layer; {parameters} parameters.",
        figures=[
            Figure("phrase, accuracy", share, scope=f"{tested} utterances of unheard voices"),
        ],
        limits=[
            "Synthetic voices only: recorded speech was not run.",
            "No dialects, no children, no impaired speech.",
            "A command has to be an utterance of its own.",
        ],
        reproduce="emo-music train conversation --data . --out models",
    )
