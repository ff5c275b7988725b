# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Synthetic voices of espeak-ng: what spoken commands are trained and measured with.

Nobody speaks here. What is measured on these voices says how a recogniser copes with them, with
noise and with music, and not how well it understands people.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.resampling import mono, resample
from emo_music_ros.talking.base import RATE
from emo_music_ros.talking.espeak import VOICES

#: Variants of a voice of espeak-ng that are trained with, and those that are only measured with.
TRAINED = ("", "+m1", "+m2", "+m3", "+m4", "+m6", "+f1", "+f2", "+f3", "+croak", "+klatt")
HELD_OUT = ("+m5", "+m7", "+f4", "+f5", "+klatt2", "+klatt4")
#: Words per minute.
SPEEDS = (120, 150, 180)


@dataclass(frozen=True)
class Speaker:
    """One synthetic voice at one speed [words/min] and pitch, 0..99.

    ``en-gb+f2`` is a voice of espeak-ng, ``flite:slt`` one of flite.
    """

    voice: str
    speed: int = 150
    pitch: int = 50


def speakers(language: str, variants: Sequence[str], seed: int) -> list[Speaker]:
    """Return one speaker per variant, each at a speed and pitch of its own."""
    random = np.random.default_rng(seed)
    return [
        Speaker(
            VOICES[language] + variant, int(random.choice(SPEEDS)), int(random.integers(35, 66))
        )
        for variant in variants
    ]


def _spoken(text: str, speaker: Speaker) -> bytes:
    """Return what a text-to-speech program writes."""
    program, _, name = speaker.voice.rpartition(":")
    program = program or "espeak-ng"
    path = shutil.which(program)
    if path is None:
        raise InputError(
            f"{program} is not installed: there are no synthetic voices",
            f"Install it: sudo apt install {program}",
        )
    if program == "flite":
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            stretch = f"duration_stretch={150 / speaker.speed}"
            command = [path, "-voice", name, "--setf", stretch, "-t", text, "-o", file.name]
            subprocess.run(command, capture_output=True, check=False)
            return file.read()
    command = [path, "-v", name, "-s", str(speaker.speed), "-p", str(speaker.pitch)]
    done = subprocess.run([*command, "--stdout", "--", text], capture_output=True, check=False)
    return done.stdout


def speak(text: str, speaker: Speaker) -> NDArray[np.float32]:
    """Return a text spoken, float32 [n] at 16 kHz, its peak at 0.5.

    Raises
    ------
    InputError
        If the program is not installed or fails.
    """
    try:
        samples, rate = soundfile.read(io.BytesIO(_spoken(text, speaker)), dtype="float32")
    except RuntimeError as error:
        raise InputError(
            f"nothing was said as {speaker.voice}: {error}",
            "Try it by hand; the voices of espeak-ng are in the package espeak-ng-data",
        ) from error
    found = resample(mono(samples) if samples.ndim == 2 else samples, rate, RATE)
    return (0.5 * found / max(float(np.abs(found).max()), 1e-6)).astype(np.float32)


def sentences(language: str) -> list[str]:
    """Return everyday sentences that ask for nothing."""
    path = Path(__file__).resolve().parent / "sentences.tsv"
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line[:1] != "#"]
    return [text for known, text in rows if known == language]


def mixed(
    speech: NDArray[np.float32],
    background: NDArray[np.float32],
    ratio: float,
    lead: float = 0.6,
    tail: float = 1.0,
) -> NDArray[np.float32]:
    """Return speech in a background.

    Parameters
    ----------
    speech, background : array [n]
        The background is repeated as often as needed.
    ratio : float
        Power of the speech over that of the background [dB].
    lead, tail : float
        Background before and after the speech [s].
    """
    whole = np.concatenate([np.zeros(int(lead * RATE)), speech, np.zeros(int(tail * RATE))]).astype(
        np.float32
    )
    noise = np.resize(background, len(whole)).astype(np.float32)
    power = float(np.square(noise, dtype=np.float64).mean())
    wanted = float(np.square(speech, dtype=np.float64).mean()) / 10 ** (ratio / 10)
    together = whole + noise * np.float32(np.sqrt(wanted / max(power, 1e-12)))
    return (together / max(1.0, float(np.abs(together).max()))).astype(np.float32)
