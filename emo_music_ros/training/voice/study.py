# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How well voices are told apart: people are enrolled calm, and heard in every mood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.attribution import Attribution, Prints
from emo_music_ros.encoding.speech.audio_features import RATE, log_mel
from emo_music_ros.encoding.speech.voice_activity import Endpointer, trim
from emo_music_ros.encoding.speech.voiceprint import likeness, together
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.metrics import interval
from emo_music_ros.training.speech import acoustics

Sound = NDArray[np.float32]
#: What happens to an utterance before it is heard.
Disturb = Callable[[Sound, np.random.Generator], NDArray[np.floating]]

#: Speech that somebody is enrolled with [s], and utterances of each that are tried.
ENROLMENT, TRIED = 20.0, 12
#: An utterance as short as a command [s].
BRIEF = 0.8
#: From one utterance to the next where somebody speaks alone [s].
APART = 10.0
#: Reverberation of a simulated room [s], and its share of the amplitude.
ROOM, SHARE = 0.4, 0.5
#: Moods people are asked to enrol in.
PLAIN = tuple(RAVDESS.index(name) for name in ("neutral", "calm"))


@dataclass(frozen=True)
class Trials:
    """Utterances held against prints of people who speak the same language.

    Attributes
    ----------
    owners : array of str [n]
        Whose print it is.
    own : bool [n]
        Whether they said it.
    scores : float [n]
        How alike both are.
    least : float [n]
        The same for the part of the utterance that is least alike.
    """

    owners: NDArray[np.str_]
    own: NDArray[np.bool_]
    scores: NDArray[np.float64]
    least: NDArray[np.float64]


def equal_error(own: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Return the error rate where as many own utterances are refused as others let through."""
    at = np.sort(scores)
    refused = np.searchsorted(np.sort(scores[own]), at) / max(int(own.sum()), 1)
    passed = 1 - np.searchsorted(np.sort(scores[~own]), at) / max(int((~own).sum()), 1)
    best = int(np.argmin(np.abs(refused - passed)))
    return float((refused[best] + passed[best]) / 2)


def threshold(trials: Trials, passed: float) -> float:
    """Return the likeness from which on such a share of others' utterances is let through."""
    return float(np.quantile(trials.scores[~trials.own], 1 - passed))


def with_interval(trials: Trials) -> tuple[float, float, float]:
    """Return the equal error rate and its 95 % interval over the people who are enrolled."""
    low, high = interval(equal_error, trials.owners, trials.own, trials.scores)
    return equal_error(trials.own, trials.scores), low, high


def conditions(music: Sequence[Sound]) -> dict[str, Disturb]:
    """Return what happens to utterances before they are heard, by name."""

    def noisy(voice: Sound, draw: np.random.Generator) -> Sound:
        return acoustics.mix(voice, acoustics.coloured_noise(len(voice), 1.0, draw), 10.0)

    def musical(voice: Sound, draw: np.random.Generator) -> Sound:
        piece = music[int(draw.integers(len(music)))]
        return acoustics.mix(voice, np.resize(piece[RATE:], len(voice)), 10.0)

    found: dict[str, Disturb] = {
        "clean": lambda voice, draw: voice,
        "noise, 10 dB": noisy,
    }
    if music:
        found["music, 10 dB"] = musical
    found[f"in a room, {ROOM:g} s"] = lambda voice, draw: acoustics.reverberate(
        voice, ROOM, SHARE, draw
    )
    found[f"clean, the first {BRIEF:g} s"] = lambda voice, draw: voice[: int(BRIEF * RATE)]
    return found


def cepstra(voice: Sound) -> NDArray[np.float32]:
    """Return mean and deviation of 19 cepstra [1, 38]: the baseline."""
    found = fft.dct(log_mel(voice), axis=0, norm="ortho")[1:20]
    return np.concatenate([found.mean(axis=1), found.std(axis=1)])[None]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class People:
    """Who takes part: what each is enrolled with and what is tried of each, cut to speech."""

    enrolled: Mapping[str, list[Sound]]
    tried: Mapping[str, list[Sound]]
    language: Mapping[str, str]


def people(corpus: Corpus, seed: int = 0) -> People:
    """Choose utterances: calm ones for the enrolment, others of every mood to be tried."""
    random, cutter = np.random.default_rng(seed), Endpointer()
    enrolled: dict[str, list[Sound]] = {}
    tried: dict[str, list[Sound]] = {}
    language: dict[str, str] = {}
    for person in np.unique(corpus.people):
        rows = random.permutation(np.flatnonzero(corpus.people == person))
        plain = [row for row in rows if corpus.labels[row] in PLAIN]
        known: list[Sound] = []
        used = set()
        for row in plain:
            if sum(map(len, known)) < ENROLMENT * RATE:
                known.append(trim(corpus.items[row], cutter).samples)
                used.add(row)
        others = [row for row in rows if row not in used][:TRIED]
        enrolled[str(person)] = known
        tried[str(person)] = [trim(corpus.items[row], cutter).samples for row in others]
        language[str(person)] = str(corpus.groups["language"][rows[0]])
    return People(enrolled, tried, language)


def calm(who: People) -> People:
    """Return the people enrolled with one half of their calm utterances; the other is tried."""
    return People(
        {person: said[::2] for person, said in who.enrolled.items()},
        {person: said[1::2] for person, said in who.enrolled.items()},
        who.language,
    )


def dropped_alone(who: People, voiceprint: Prints) -> dict[str, float]:
    """Return the share of everybody's utterances that is dropped while nobody else is heard.

    Nobody is enrolled; an utterance is said every `APART` seconds.
    """
    found = {}
    for person, voices in who.tried.items():
        attribution = Attribution(voiceprint)
        kept = [attribution(voice, APART * at).own for at, voice in enumerate(voices)]
        found[person] = 1 - float(np.mean(kept))
    return found


def trials(
    who: People,
    prints: Callable[[Sound], NDArray[np.float32]],
    disturb: Disturb,
    profiles: Mapping[str, NDArray[np.float32]],
    seed: int = 0,
) -> Trials:
    """Hold every utterance that is tried against the print of everybody of its language."""
    random = np.random.default_rng(seed)
    rows: list[tuple[str, bool, float, float]] = []
    for speaker, voices in who.tried.items():
        for voice in voices:
            found = prints(disturb(voice, random).astype(np.float32))
            if not len(found):
                continue
            whole = together(found)
            for owner, profile in profiles.items():
                if who.language[owner] == who.language[speaker]:
                    least = min(likeness(part, profile) for part in found)
                    rows.append((owner, owner == speaker, likeness(whole, profile), least))
    owners, own, scores, least_alike = zip(*rows)
    return Trials(np.array(owners), np.array(own), np.array(scores), np.array(least_alike))


def pairs(who: People, prints: Callable[[Sound], NDArray[np.float32]]) -> Trials:
    """Hold utterances that are tried against each other, within a language."""
    found = [
        (speaker, together(parts))
        for speaker, voices in who.tried.items()
        for voice in voices
        if len(parts := prints(voice))
    ]
    rows = [
        (one, one == other, likeness(first, second))
        for index, (one, first) in enumerate(found)
        for other, second in found[:index]
        if who.language[one] == who.language[other]
    ]
    owners, own, scores = (np.array(column) for column in zip(*rows))
    return Trials(owners, own, scores, scores)


def there(
    who: People, prints: Callable[[Sound], NDArray[np.float32]], disturb: Disturb, seed: int = 0
) -> Trials:
    """Return the trials of people who were enrolled where they are heard."""
    random = np.random.default_rng(seed + 1)
    enrolled = {
        person: [disturb(voice, random).astype(np.float32) for voice in said]
        for person, said in who.enrolled.items()
    }
    placed = People(enrolled, who.tried, who.language)
    return trials(placed, prints, disturb, enrol(placed, prints), seed)


def enrol(who: People, prints: Callable[[Sound], NDArray[np.float32]]) -> dict[str, Sound]:
    """Return the print of everybody."""
    return {
        person: together(np.concatenate([prints(voice) for voice in voices]))
        for person, voices in who.enrolled.items()
    }


def all_trials(
    who: People, voiceprint: Prints, music: Sequence[Sound], seed: int = 0
) -> dict[str, Trials]:
    """Return the trials of every condition; people are enrolled in a quiet room."""
    profiles = enrol(who, voiceprint)
    return {
        name: trials(who, voiceprint, disturb, profiles, seed)
        for name, disturb in conditions(music).items()
    }


def baseline(who: People, seed: int = 0) -> Trials:
    """Return the clean trials of mean and deviation of cepstra, by standardised cosine."""
    raw = np.concatenate([cepstra(voice) for voices in who.enrolled.values() for voice in voices])
    middle, spread = raw.mean(axis=0), raw.std(axis=0)

    def prints(voice: Sound) -> NDArray[np.float32]:
        scaled = (cepstra(voice) - middle) / spread
        return np.asarray(scaled / np.linalg.norm(scaled), np.float32)

    return trials(who, prints, lambda voice, draw: voice, enrol(who, prints), seed)
