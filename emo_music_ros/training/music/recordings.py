# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Windows of real recordings, as published and as other releases of the same music sound.

Another release is louder or quieter, encoded by another codec or cut elsewhere. Listeners hear the
same music in it, so a model learns that the answer stays, and is measured by how far it moves.
"""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emo_music_ros.encoding.music.model import FEATURE_SETS
from emo_music_ros.encoding.music.pieces import read_audio, windows
from emo_music_ros.encoding.music.spectrum import FRAME_RATE, SAMPLE_RATE
from emo_music_ros.encoding.music.spectrum import analyse as spectrum_of
from emo_music_ros.io.resampling import mono, resample
from emo_music_ros.training.music.renderings import CODE, Windows, describe_window
from emo_music_ros.training.shared.work import Work

log = logging.getLogger(__name__)
Audio = NDArray[np.float32]


def louder(audio: Audio, decibels: float) -> Audio:
    """Return audio mastered louder: amplified against a soft limit at full scale."""
    return np.tanh(audio * 10 ** (decibels / 20)).astype(np.float32)


def encoded(audio: Audio, container: str, codec: str, rate: int, compression: float) -> Audio:
    """Return audio [samples] at 22,050 Hz after a lossy codec that works at `rate` Hz.

    `compression` is 0 (best) .. 1 (smallest).
    """
    content = io.BytesIO()
    sent = resample(audio, SAMPLE_RATE, rate)
    with soundfile.SoundFile(
        content, "w", rate, 1, format=container, subtype=codec, compression_level=compression
    ) as out:
        # libsndfile needs stack in proportion to the block.
        for start in range(0, len(sent), rate):
            out.write(sent[start : start + rate])
    content.seek(0)
    heard, _ = soundfile.read(content, dtype="float32", always_2d=True)
    return resample(mono(heard), rate, SAMPLE_RATE)[: len(audio)]


def middle(audio: Audio, seconds: float) -> Audio:
    """Return the middle of audio."""
    length = min(len(audio), round(seconds * SAMPLE_RATE))
    start = (len(audio) - length) // 2
    return audio[start : start + length]


#: Name of a release -> what it does to audio at 22,050 Hz; the number of a variant is its place.
RELEASES: dict[str, Callable[[Audio], Audio]] = {
    "as published": lambda audio: audio,
    "20 dB quieter": lambda audio: (0.1 * audio).astype(np.float32),
    "mastered 12 dB louder": lambda audio: louder(audio, 12.0),
    "MP3": lambda audio: encoded(audio, "MP3", "MPEG_LAYER_III", 22050, 0.8),
    "Vorbis": lambda audio: encoded(audio, "OGG", "VORBIS", 22050, 0.8),
    "Opus": lambda audio: encoded(audio, "OGG", "OPUS", 24000, 0.9),
    "the middle 6 s": lambda audio: middle(audio, 6.0),
}


def extract(files: Sequence[Path], work: Work) -> Windows:
    """Describe the windows of every release of recordings.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Audio.
    work : Work
        Where the features are kept.
    """
    key = [
        [file.read_bytes() for file in files],
        [inspect.getsource(module) for module in CODE],
        *(list(RELEASES), louder, encoded, middle, describe_window, _describe),
    ]
    kept = work.recall(f"music recordings {len(files)}", key, lambda: _describe(files))
    return Windows(
        kept["item"],
        kept["start"],
        kept["variant"],
        np.ones(len(kept["item"])),
        {name: kept[name] for name in FEATURE_SETS},
    )


def _describe(files: Sequence[Path]) -> dict[str, NDArray[np.generic]]:
    rows = []
    for item, file in enumerate(files):
        audio = read_audio(file)[0]
        for variant, change in enumerate(RELEASES.values()):
            for first, window in windows(spectrum_of(change(audio))):
                rows.append((item, first / FRAME_RATE, variant, *describe_window(window)))
        if item % 50 == 49:
            log.info("music: %d of %d recordings", item + 1, len(files))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return dict(zip(("item", "start", "variant", *FEATURE_SETS), columns, strict=True))
