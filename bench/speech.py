# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The speech step beside other feature extractors, voice activity and torch without compilation."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import Row, alternate, installed
from emo_music_ros import __version__
from emo_music_ros.encoding.speech.audio_features import RATE, Analyser, features, log_mel
from emo_music_ros.encoding.speech.encoder import SpeechModel
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.encoding.speech.voice_activity import FRAME, Segment, VoiceActivity

OURS = f"emo_music_ros {__version__}"
SECONDS = 3.0


def voice() -> NDArray[np.float32]:
    """Return 3 s of a buzz that rises, falls and pauses like speech."""
    time = np.arange(int(SECONDS * RATE)) / RATE
    hertz = 150 * 2 ** (0.3 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    wave = sum(np.sin(n * phase) / n for n in range(1, 25))
    loud = np.maximum(np.sin(2 * np.pi * 3.5 * time), 0.0) ** 0.5
    noise = np.random.default_rng(0).normal(0, 1e-3, len(time))
    return (0.15 * wave * loud + noise).astype(np.float32)


def compare() -> dict[str, list[Row]]:
    """Time what is left to do at the end of an utterance, and what others do for as much sound."""
    samples = voice()
    judge, segment = SpeechModel(), Segment(samples, 0, 0.02, 1e-6)
    analyser = Analyser()
    analyser.push(samples)
    found = analyser.finish()
    inputs = (found.mel[None], found.contour[None], functionals(found)[None])
    calls: dict[str, Callable[[], object]] = {
        "after the utterance (3 s): statistics, network, answer": lambda: judge(
            segment, 0.0, analyser.finish()
        ),
        "whole file (3 s): features, statistics, network": lambda: judge(segment),
        "network alone": lambda: judge.run(*inputs),
        "log-Mel, 64 bands": lambda: log_mel(samples),
        "log-Mel, pitch, level, voicing": lambda: features(samples),
    }
    packages = dict.fromkeys(calls, OURS)
    notes = {"log-Mel, pitch, level, voicing": "done while the person speaks"}

    def peer(name: str, package: str, call: Callable[[], object], note: str = "") -> None:
        calls[name], packages[name], notes[name] = call, package, note

    if find_spec("opensmile"):
        import opensmile

        smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02,
            feature_level=opensmile.FeatureLevel.Functionals,
        )
        peer(
            "eGeMAPS functionals",
            installed("opensmile"),
            lambda: smile.process_signal(samples, RATE),
            "features only",
        )
    if find_spec("librosa"):
        import librosa

        size: dict[str, Any] = {"sr": RATE, "n_fft": 512, "hop_length": 160, "win_length": 400}
        peer(
            "librosa log-Mel, 64 bands",
            installed("librosa"),
            lambda: np.log(librosa.feature.melspectrogram(y=samples, n_mels=64, **size) + 1e-12),
            "features only",
        )
        peer(
            "librosa MFCC, 40",
            installed("librosa"),
            lambda: librosa.feature.mfcc(y=samples, n_mfcc=40, **size),
            "features only",
        )
    if find_spec("torch"):
        peer(
            "the same network, torch eager",
            installed("torch"),
            _eager(inputs),
            "random weights",
        )
    detect = VoiceActivity()
    frame = np.ascontiguousarray(samples[:FRAME])
    peer(
        "voice activity, 32 ms",
        installed("silero-vad") if find_spec("silero_vad") else "silero-vad",
        lambda: detect(frame),
        "every 32 ms of sound",
    )
    times = alternate(calls, seconds=2.0)
    return {
        "Speech, 3 s of 16 kHz": [
            Row(name, packages[name], *times[name], note=notes.get(name, "")) for name in calls
        ]
    }


def _eager(inputs: tuple[NDArray[np.float32], ...]) -> Callable[[], object]:
    import torch

    from emo_music_ros.training.speech import network as networks

    torch.set_num_threads(1)
    zeros, ones = np.zeros(inputs[2].shape[1], np.float32), np.ones(inputs[2].shape[1], np.float32)
    network = networks.SpeechNetwork(
        [networks.SequenceNetwork() for _ in range(networks.SEQUENCES)],
        [networks.WholeNetwork(zeros, ones) for _ in range(networks.WHOLES)],
    ).eval()
    tensors = [torch.from_numpy(np.ascontiguousarray(one)) for one in inputs]

    def run() -> object:
        with torch.no_grad():
            return network(*tensors)

    return run
