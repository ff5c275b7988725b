# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Emotion in the voice while the robot plays music, with and without taking that out: ``echo``."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import RATE, features
from emo_music_ros.encoding.speech.voice_activity import Endpointer, Segment
from emo_music_ros.errors import InputError
from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.echo import EchoCanceller
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.metrics import interval, uar
from emo_music_ros.training.shared.cards import markdown_table
from emo_music_ros.training.shared.work import Work, default_folder
from emo_music_ros.training.speech import voices
from emo_music_ros.training.speech.clips import prepare_clips
from emo_music_ros.training.speech.listeners import ListenerTraining, answer
from emo_music_ros.training.speech.network import Clip
from emo_music_ros.training.speech.run import FOLDS
from emo_music_ros.training.talking.measuring import BLOCK, SETTLING, in_room
from emo_music_ros.training.talking.sounds import recordings

CORPORA = ("RAVDESS speech",)
#: Music over speech at the microphone [dB].
LEVELS = (-10.0, 0.0, 10.0)
#: Silence after each utterance [s], and that of a quiet room [of full scale].
PAUSE, HISS = 1.2, 1e-4
#: How loud music alone is at the microphone (root mean square, of full scale).
ALONE = 0.05
#: Stands for an utterance that was not heard.
NOTHING = 8
HEAD = """# Emotion in the voice over the robot's own music, measured

Written by `emo-music evaluate echo`. {actors} actors of RAVDESS say one utterance of every \
emotion; each is judged by a network that never heard them ({folds} folds by speaker, as in \
`emo-music evaluate speech`). The music is real (Emotify, no track divisible by 5), **the room is \
simulated**: 30 ms and a reverberation of 0.3 s. Square brackets: 95 % interval over the actors. \
Machine: {machine}.
"""

Sound = NDArray[np.float32]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scene:
    """Utterances of one person in a row, and where each is [samples]."""

    sound: Sound
    places: tuple[tuple[int, int], ...]


def scene(clips: Sequence[Sound]) -> Scene:
    """Return clips with pauses between, after a while in which a room can be learnt."""
    parts: list[Sound] = [np.zeros(int(SETTLING * RATE), np.float32)]
    places, at = [], int(SETTLING * RATE)
    for clip in clips:
        places.append((at, at + len(clip)))
        parts += [clip, np.zeros(int(PAUSE * RATE), np.float32)]
        at += len(clip) + int(PAUSE * RATE)
    return Scene(np.concatenate(parts).astype(np.float32), tuple(places))


def heard_with(played: Sound, speech: Scene, level: float) -> tuple[Sound, Sound]:
    """Return what the microphone hears, and what is played.

    Parameters
    ----------
    played : array [n]
        Music, as long as the scene.
    speech : Scene
        What is said.
    level : float
        Power of the music over that of the utterances, both at the microphone [dB].
    """
    echo = in_room(played)
    spoken = np.concatenate([speech.sound[begin:end] for begin, end in speech.places])
    wanted = float(np.square(spoken, dtype=np.float64).mean()) * 10 ** (level / 10)
    gain = np.float32(np.sqrt(wanted / max(float(np.square(echo, dtype=np.float64).mean()), 1e-12)))
    both = speech.sound + gain * echo
    scale = np.float32(0.9 / max(0.9, float(np.abs(both).max())))
    return scale * both, scale * gain * played


def taken_out(heard: Sound, played: Sound) -> Sound:
    """Return what the echo canceller leaves, as long as what was heard but for its last block."""
    canceller, step, out = EchoCanceller(), int(BLOCK * RATE), []
    for at in range(0, len(heard), step):
        canceller.played(AudioBlock(at / RATE, played[at : at + step], RATE, at))
        out += canceller(AudioBlock(at / RATE, heard[at : at + step], RATE, at))
    return np.concatenate([block.samples for block in out]).astype(np.float32)


def utterances(sound: Sound, cutter: Endpointer, seed: int = 0) -> list[Segment]:
    """Return what is taken for speech, over the hiss of a quiet room."""
    cutter.reset(background=True)
    hiss = np.random.default_rng(seed).normal(0, HISS, len(sound))
    return [*cutter.push((sound + hiss).astype(np.float32)), *cutter.flush()]


def matched(found: Sequence[Segment], places: Sequence[tuple[int, int]]) -> list[Segment | None]:
    """Return for every place the utterance that covers most of it, None if none does."""

    def shared(one: Segment, place: tuple[int, int]) -> int:
        return min(one.start + len(one.samples), place[1]) - max(one.start, place[0])

    best = [max(found, key=lambda one: shared(one, place), default=None) for place in places]
    return [
        one if one is not None and shared(one, place) > 0 else None
        for one, place in zip(best, places)
    ]


def chosen(corpus: Corpus, rows: NDArray[np.int64], seed: int) -> list[int]:
    """Return one row of every emotion of one person, at random."""
    random = np.random.default_rng(seed)
    mixed = random.permutation(rows)
    return [
        int(mixed[corpus.labels[mixed] == label][0]) for label in np.unique(corpus.labels[rows])
    ]


class _Later(Sequence[Clip]):
    """Clips that are measured only when a network has to be trained."""

    def __init__(self, make: Callable[[], list[Clip]]) -> None:
        self._make = make
        self._made: list[Clip] | None = None

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def _all(self) -> list[Clip]:
        if self._made is None:
            self._made = self._make()
        return self._made


def measure(data: Path, seed: int = 0, work: Work | None = None) -> Iterator[str]:
    """Yield the figures as Markdown, part by part as they are measured.

    Parameters
    ----------
    data : pathlib.Path
        Folder with ``speech`` and ``music``.
    seed : int
        Of everything random.
    work : Work, optional
        Where the networks of the folds are kept, as by ``emo-music evaluate speech``.

    Raises
    ------
    InputError
        If there is no speech or no music.
    """
    work = Work(default_folder()) if work is None else work
    corpus = voices.load(data / "speech")
    music = list(recordings(data))
    if not music:
        raise InputError(f"{data} holds no music", "Give the folder that holds music/emotify")
    training = ListenerTraining(corpus, _Later(lambda: prepare_clips(corpus, work, seed)), work)
    split = voices.folds(corpus, FOLDS, CORPORA[0])
    yield HEAD.format(
        actors=len(np.unique(corpus.people[corpus.groups["corpus"] == CORPORA[0]])),
        folds=FOLDS,
        machine=f"{platform.machine()}, Python {platform.python_version()}",
    )
    yield _emotions(corpus, training, split.folds, music, seed)
    yield _false(music)


def _emotions(
    corpus: Corpus,
    training: ListenerTraining,
    folds: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    music: Sequence[Sound],
    seed: int,
) -> str:
    cutter = Endpointer()
    answers: dict[tuple[float | None, bool], list[int]] = {}
    truth: list[int] = []
    people: list[str] = []
    for rows, test in folds:
        network = training.together(rows, seed)
        for number, person in enumerate(np.unique(corpus.people[test])):
            mine = chosen(corpus, test[corpus.people[test] == person], seed + number)
            truth += [int(corpus.labels[row]) for row in mine]
            people += [str(person)] * len(mine)
            said = scene([corpus.items[row] for row in mine])
            piece = np.concatenate([*music[len(people) % len(music) :], *music])[: len(said.sound)]
            sounds: dict[tuple[float | None, bool], Sound] = {(None, False): said.sound}
            for level in LEVELS:
                heard, played = heard_with(piece, said, level)
                sounds[level, False] = heard
                sounds[level, True] = taken_out(heard, played)
            for key, sound in sounds.items():
                found = matched(utterances(sound, cutter), said.places)
                answers.setdefault(key, []).extend(
                    NOTHING if one is None else int(answer(network, features(one.samples)).argmax())
                    for one in found
                )
            log.info("%s", person)
    table: list[tuple[Any, ...]] = []
    for (over, out), given in answers.items():
        where = "no music" if over is None else f"{over:+.0f} dB"
        how = "-" if over is None else "taken out" if out else "as it is heard"
        table.append((where, how, *_figures(np.array(truth), np.array(given), people)))
    header = ("music over speech", "own music", "utterances heard", "UAR", "UAR of those heard")
    return (
        f"## Emotions\n\n{markdown_table(header, table)}\n\n{len(truth)} utterances of 8 emotions"
        " (chance 0.125). In the first UAR an utterance that was not heard counts as wrong."
    )


def _figures(
    truth: NDArray[np.int64], found: NDArray[np.int64], people: Sequence[str]
) -> tuple[str, str, str]:
    low, high = interval(uar, people, truth, found)
    heard = found != NOTHING
    alone = uar(truth[heard], found[heard]) if heard.any() else float("nan")
    return f"{heard.mean():.2f}", f"{uar(truth, found):.3f} [{low:.3f}, {high:.3f}]", f"{alone:.3f}"


def _false(music: Sequence[Sound]) -> str:
    """Return how often music alone is taken for speech."""
    cutter = Endpointer()
    hours = sum(map(len, music)) / RATE / 3600
    counts = [0, 0]
    for piece in music:
        echo = in_room(piece)
        gain = np.float32(ALONE / max(float(np.sqrt(np.square(echo).mean())), 1e-6))
        for index, sound in enumerate((gain * echo, taken_out(gain * echo, gain * piece))):
            counts[index] += len(utterances(sound, cutter))
    rows = [
        (name, count, f"{count / hours:.0f}")
        for name, count in zip(("as it is heard", "taken out"), counts)
    ]
    header = ("own music", "utterances", "an hour")
    return (
        f"## Music taken for speech\n\n{hours:.2f} h of music that nobody speaks over, in "
        f"{len(music)} excerpts of 10 s; the canceller begins anew with each.\n\n"
        f"{markdown_table(header, rows)}"
    )
