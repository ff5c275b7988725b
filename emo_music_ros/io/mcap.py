# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""MCAP recordings of the sensor topics, read without ROS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.mcap_messages import Messages, stamp_of
from emo_music_ros.io.pictures import picture
from emo_music_ros.io.resampling import mono
from emo_music_ros.io.units import standard
from emo_music_ros.resources import PACKAGE
from emo_music_ros.streams import (
    AUDIO_RATES,
    UNITS,
    AudioBlock,
    BiosignalBlock,
    ImageFrame,
    Sample,
    Utterance,
    picture_source,
)

IMAGE, IMAGE_SOURCE = "camera/image_raw", "camera/source"
AUDIO, UTTERANCE = "microphone/audio", "conversation/utterance"
#: Topics that are read, without their namespace -> their type.
TOPICS = {
    IMAGE: "sensor_msgs/msg/Image",
    IMAGE_SOURCE: "std_msgs/msg/String",
    AUDIO: f"{PACKAGE}/msg/AudioChunk",
    UTTERANCE: f"{PACKAGE}/msg/Utterance",
    **{f"biosignals/{kind}": f"{PACKAGE}/msg/BiosignalChunk" for kind in UNITS},
}


def read_mcap(files: Sequence[Path], label: str) -> Iterator[Sample]:
    """Yield the samples of one or more consecutive files; their times [s] count from the first.

    Topics may have any namespace; of several namespaces the first one is read.

    Parameters
    ----------
    files : sequence of pathlib.Path
        In the order of time.
    label : str
        Source of what was recorded from a device; what was simulated stays simulated.

    Raises
    ------
    InputError
        After the last sample, if a file is damaged or something in it cannot be read: what can
        be read comes before.
    """
    reader = _Reader(label)
    problems = []
    newest = 0.0
    for file in files:
        try:
            for sample in reader.samples(file):
                newest = sample.time
                yield sample
        except Exception as error:  # a damaged file fails in many ways
            problems.append(f"recording {file} is damaged after {newest:.1f} s: {error!r}")
    problems += reader.problems()
    if problems:
        raise InputError("; ".join(problems), "The rest was played; copy or record it again")


class _Reader:
    """Reads the files of one recording; what was learned in one counts in the next."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._said = ""  # where pictures came from
        self._messages = Messages(TOPICS)

    def problems(self) -> list[str]:
        """Return in words what was left out."""
        others = self._messages.others
        only = ", ".join(others or ()) or "nothing at all"
        none = f"there is no sensor topic in it (emo-music record --raw keeps them), only {only}"
        return [*([none] if others is not None else []), *self._messages.problems()]

    def samples(self, file: Path) -> Iterator[Sample]:
        for topic, name, message, logged in self._messages.read(file):
            try:
                sample = self._sample(name, message, logged)
            except Exception as error:  # what is in a message is foreign
                self._messages.unusable(topic, error)
            else:
                if sample is not None:
                    yield sample

    def _sample(self, name: str, message: Any, logged: float) -> Sample | None:
        """Return a message as a sample, None if it says something about others.

        Raises
        ------
        ValueError
            If there is nothing usable in it.
        """
        if name == IMAGE_SOURCE:
            self._said = message.data
            return None
        time = self._messages.time(stamp_of(message), logged)
        if name == IMAGE:
            image = picture(message)
            frame = getattr(getattr(message, "header", None), "frame_id", "")
            return ImageFrame(time, image, self._recorded(picture_source(frame, self._said)))
        source = self._recorded(getattr(message, "source", ""))
        if name == AUDIO:
            return _audio(message, time, source)
        if name == UTTERANCE:
            return _utterance(message, time, source)
        return _biosignal(name, message, time, source)

    def _recorded(self, source: str) -> str:
        """Return the label of a replayed signal: what was simulated stays simulated."""
        return source if source.startswith("simulated:") else self._label


def _audio(message: Any, time: float, source: str) -> AudioBlock:
    samples = np.asarray(message.data, np.float32)
    channels = getattr(message, "channels", 1)
    lowest, highest = AUDIO_RATES
    rate = message.sample_rate
    if channels < 1 or not lowest <= rate <= highest or len(samples) % channels:
        raise ValueError(f"{len(samples)} values make no {channels} channels at {rate} Hz")
    return AudioBlock(
        time,
        mono(samples.reshape(-1, channels)),
        rate,
        getattr(message, "first_sample", 0),
        getattr(message, "dropped", 0),
        source,
    )


def _utterance(message: Any, time: float, source: str) -> Utterance:
    if not message.text:
        raise ValueError("it has no text")
    return Utterance(
        time,
        message.text,
        getattr(message, "language", ""),
        getattr(message, "confidence", 1.0),
        getattr(message, "person_id", ""),
        source,
    )


def _biosignal(name: str, message: Any, time: float, source: str) -> BiosignalBlock:
    channels = tuple(message.channel_names)
    samples = np.asarray(message.data, np.float32)
    if not channels or len(samples) % len(channels) or not message.nominal_rate > 0:
        raise ValueError(
            f"{len(samples)} values make no {len(channels)} channels at {message.nominal_rate} Hz"
        )
    kind = getattr(message, "kind", name.rpartition("/")[2])
    values, units = standard(
        kind, samples.reshape(-1, len(channels)), tuple(getattr(message, "units", ())), name
    )
    return BiosignalBlock(
        time,
        kind,
        values,
        float(message.nominal_rate),
        channels,
        units,
        getattr(message, "first_index", 0),
        getattr(message, "dropped", 0),
        source=source,
    )
