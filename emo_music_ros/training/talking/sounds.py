# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What commands are said over, and what must not be taken for one: music, talk, songs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emo_music_ros.io.resampling import mono, resample
from emo_music_ros.resources import cache
from emo_music_ros.talking.base import RATE
from emo_music_ros.training.talking.voices import Speaker, mixed, sentences, speak

#: Seconds taken of one piece, from where it has begun [s].
LENGTH, BEGIN = 20.0, 15.0
#: Shortest and longest pause between two clips [s].
PAUSES = (0.3, 1.0)
#: Lines of songs with a call for help in them, written for this project.
SONGS = (
    ("en", "help me make it through the night my love"),
    ("en", "oh help! i am lost without your smile"),
    ("en", "with a little help the sun will shine again"),
    ("en", "won't you please help me find the way back home"),
    ("en", "nobody can help me when the music is gone"),
    ("en", "she cried help and the river carried her away"),
    ("en", "help, help, the bells are ringing"),
    ("en", "i need your help to carry all these roses"),
    ("zh", "谁来救命，我的心已经走远"),
    ("zh", "帮帮我忘记那年的夏天"),
)


def pieces(first: int, step: int, seconds: float = LENGTH) -> Iterator[NDArray[np.float32]]:
    """Yield stretches of every `step`-th piece of the built-in library, rendered before.

    The Chinese keyword model is trained over pieces 0, 10, 20 and so on; others are new to it.
    """
    for path in sorted(cache("default_library").glob("*.ogg"))[first::step]:
        with soundfile.SoundFile(path) as file:
            file.seek(min(int(BEGIN * file.samplerate), file.frames))
            yield _one(file.read(int(seconds * file.samplerate), dtype="float32"), file.samplerate)


def recordings(data: Path) -> Iterator[NDArray[np.float32]]:
    """Yield every other ten-second snippet of Emotify, real music; never of tracks 5, 10, 15 ..."""
    for path in sorted((data / "music" / "emotify" / "snippets10s").glob("*.opus"))[::2]:
        if int(path.stem) % 5:
            yield _one(*soundfile.read(path, dtype="float32"))


def talk(data: Path, clips: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Yield talk as of a television: clips of RAVDESS, EMO-DB and EMOVO, and synthetic sentences.

    They are recorded or synthetic voices strung together, not a broadcast.
    """
    random = np.random.default_rng(seed)
    folder = data / "speech"
    found = sorted(
        [
            *folder.glob("ravdess/Actor_*/*.flac"),
            *folder.glob("emodb/**/*.flac"),
            *folder.glob("emodb/**/*.wav"),
            *folder.glob("emovo/audio/**/*.*"),
        ]
    )
    for index in random.permutation(len(found))[:clips]:
        yield _padded(_one(*soundfile.read(found[index], dtype="float32")), random)
    speakers = [Speaker("en-gb+m3", 160), Speaker("en-us+f2", 170), Speaker("en-gb-scotland", 150)]
    for number, text in enumerate(sentences("en") * 3):
        yield _padded(speak(text, speakers[number % 3]), random)
    for text in sentences("zh"):
        yield _padded(speak(text, Speaker("cmn+m7", 150)), random)


def songs(count: int) -> Iterator[NDArray[np.float32]]:
    """Yield text-to-speech over music, as loud as it: songs with a call for help in them."""
    voices = {
        "en": [Speaker("en-gb+m3", 130, 60), Speaker("en-us+f3", 120, 65), Speaker("en-gb", 140)],
        "zh": [Speaker("cmn+f4", 130, 60), Speaker("cmn+m7", 120), Speaker("cmn", 140)],
    }
    music = list(pieces(5, 5, 12.0))
    for number in range(count):
        language, text = SONGS[number % len(SONGS)]
        speaker = voices[language][number // len(SONGS) % 3]
        yield mixed(speak(text, speaker), music[number % len(music)], 0.0)


def noise(seed: int) -> NDArray[np.float32]:
    """Return eight seconds of the noise of a room: falling by 3 dB per octave."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(8 * RATE))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    found = np.fft.irfft(spectrum)
    return (0.1 * found / found.std()).astype(np.float32)


def _one(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    return resample(mono(samples) if samples.ndim == 2 else samples, rate, RATE)


def _padded(samples: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Return a clip as loud as the others, with a pause behind it."""
    peak = max(float(np.abs(samples).max()), 1e-6)
    pause = np.zeros(int(random.uniform(*PAUSES) * RATE), np.float32)
    return np.concatenate([0.4 * samples / peak, pause]).astype(np.float32)
