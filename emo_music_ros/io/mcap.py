"""MCAP recordings of the sensor topics, read without ROS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.resampling import mono
from emo_music_ros.resources import PACKAGE, share
from emo_music_ros.streams import UNITS, AudioBlock, BiosignalBlock, ImageFrame, Sample, Utterance

#: Topics that are played, without their namespace.
TOPICS = (
    "camera/image_raw",
    "microphone/audio",
    "conversation/utterance",
    *(f"biosignals/{kind}" for kind in UNITS),
)
#: Image encoding -> (channels, their order in BGR).
ENCODINGS = {
    "bgr8": (3, (0, 1, 2)),
    "rgb8": (3, (2, 1, 0)),
    "bgra8": (4, (0, 1, 2)),
    "rgba8": (4, (2, 1, 0)),
    "mono8": (1, ()),
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
        After the last sample, if a file is damaged: what can be read of it comes before.
    """
    begin: float | None = None
    newest = 0.0
    problem = ""
    for file in files:
        try:
            for sample in _messages(file, label):
                begin = sample.time if begin is None else begin
                newest = sample.time - begin
                yield replace(sample, time=newest)
        except Exception as error:  # a damaged file fails in many ways
            problem = f"recording {file} is damaged after {newest:.1f} s: {error!r}"
    if problem:
        raise InputError(problem, "The readable part was played; copy or record it again")


def _messages(file: Path, label: str) -> Iterator[Sample]:
    from mcap.records import Channel, Message, Schema
    from mcap.stream_reader import StreamReader

    decoder = _Decoder()
    channels: dict[int, tuple[str, str]] = {}
    namespace: str | None = None
    with file.open("rb") as stream:
        for record in StreamReader(stream).records:
            if isinstance(record, Schema):
                decoder.learn(record.id, record.name, record.encoding, record.data)
            elif isinstance(record, Channel):
                topic = record.topic.strip("/")
                for name in TOPICS:
                    prefix = topic.removesuffix(name)
                    if prefix != topic and (not prefix or prefix.endswith("/")):
                        namespace = prefix if namespace is None else namespace
                        if prefix == namespace:
                            channels[record.id] = (name, decoder.names[record.schema_id])
            elif isinstance(record, Message) and record.channel_id in channels:
                topic, name = channels[record.channel_id]
                message = decoder(record.data, name)
                stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
                sample = _sample(topic, message, stamp or record.log_time * 1e-9, label)
                if sample is not None:
                    yield sample


class _Decoder:
    """Knows the message types: those of the recording itself, else those of this package."""

    def __init__(self) -> None:
        from rosbags.typesys import Stores, get_typestore

        self.names: dict[int, str] = {}
        self._store = get_typestore(Stores.ROS2_JAZZY)

    def learn(self, identity: int, name: str, encoding: str, definition: bytes) -> None:
        from rosbags.typesys import get_types_from_msg

        self.names[identity] = name
        if name in self._store.fielddefs:
            return
        if encoding == "ros2msg" and definition:
            types = get_types_from_msg(definition.decode("utf-8"), name)
        else:
            types = {}
            for path in sorted(share("msg").glob("*.msg")):
                types.update(get_types_from_msg(path.read_text(), f"{PACKAGE}/msg/{path.stem}"))
        self._store.register({k: v for k, v in types.items() if k not in self._store.fielddefs})

    def __call__(self, data: bytes, name: str) -> Any:
        return self._store.deserialize_cdr(data, name)


def _sample(topic: str, message: Any, time: float, label: str) -> Sample | None:
    """Return a message as a sample, None if there is nothing usable in it."""
    if topic == "camera/image_raw":
        return _frame(message, time, label)
    source = _recorded(message.source, label)
    if topic == "microphone/audio":
        samples = np.asarray(message.data, np.float32)
        if message.channels < 1 or message.sample_rate < 1 or len(samples) % message.channels:
            return None
        return AudioBlock(
            time,
            mono(samples.reshape(-1, message.channels)),
            message.sample_rate,
            message.first_sample,
            message.dropped,
            source,
        )
    if topic == "conversation/utterance":
        if not message.text:
            return None
        return Utterance(
            time, message.text, message.language, message.confidence, message.person_id, source
        )
    channels = tuple(message.channel_names)
    samples = np.asarray(message.data, np.float32)
    if not channels or len(samples) % len(channels) or not message.nominal_rate > 0:
        return None
    return BiosignalBlock(
        time,
        message.kind,
        samples.reshape(-1, len(channels)),
        float(message.nominal_rate),
        channels,
        tuple(message.units),
        message.first_index,
        message.dropped,
        source=source,
    )


def _recorded(source: str, label: str) -> str:
    """Return the label of a replayed signal: what was simulated stays simulated."""
    return source if source.startswith("simulated:") else label


def _frame(message: Any, time: float, label: str) -> ImageFrame | None:
    channels, order = ENCODINGS.get(message.encoding, (0, ()))
    height, width, step = message.height, message.width, message.step
    data = np.asarray(message.data, np.uint8)
    if not channels or not height or not width or step < width * channels:
        return None
    if len(data) < height * step:
        return None
    rows = data[: height * step].reshape(height, step)[:, : width * channels]
    image = rows.reshape(height, width, channels)[:, :, list(order)] if order else rows
    return ImageFrame(time, image, _recorded(message.header.frame_id, label))
