"""MCAP recordings of the sensor topics, read without ROS.

Messages are read by the definitions that the recording itself carries, so that recordings made
with other versions of the messages stay readable: a field that is missing there has its default
here, and one that is not known here is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import InputError
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
#: A stamp is believed if its message was written up to this much before and after it [s]:
#: otherwise it is of another clock than the recording, or missing.
EARLY, OLD = 1.0, 60.0
#: First bytes of what is compressed by Zstandard.
ZSTANDARD = b"\x28\xb5\x2f\xfd"


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


def _opened(file: Path) -> Any:
    """Return a file that is open for reading, decompressed if ``ros2 bag`` compressed it whole.

    Raises
    ------
    InputError
        If what decompresses it is not installed.
    """
    stream = file.open("rb")
    if stream.read(4) == ZSTANDARD:
        stream.close()
        try:
            from backports import zstd
        except ImportError as error:
            raise InputError(
                f"recording {file} is compressed",
                "Decompress it (zstd -d), or: pip install backports.zstd",
            ) from error
        return zstd.open(file, "rb")
    stream.seek(0)
    return stream


class _Reader:
    """Reads the files of one recording; what was learned in one counts in the next."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._namespace: str | None = None
        self._said = ""  # where pictures came from
        self._timeline = _Timeline()
        self._others: set[str] = set()  # topics that are not read
        self._refused: dict[str, str] = {}  # topic -> why
        self._unusable: dict[str, tuple[int, str]] = {}  # topic -> messages, why the first

    def problems(self) -> list[str]:
        """Return in words what was left out."""
        only = ", ".join(sorted(self._others)) or "nothing at all"
        return [
            *(
                ["there is no sensor topic in it (emo-music record --raw keeps them), only " + only]
                if self._namespace is None
                else []
            ),
            *(f"topic {topic} cannot be read: {why}" for topic, why in self._refused.items()),
            *(
                f"{count} messages of {topic} cannot be used, the first because {why}"
                for topic, (count, why) in self._unusable.items()
            ),
        ]

    def samples(self, file: Path) -> Iterator[Sample]:
        from mcap.records import Channel, Message, Schema
        from mcap.stream_reader import StreamReader

        schemas: dict[int, Schema] = {}
        channels: dict[int, tuple[str, str, _Definition]] = {}
        with _opened(file) as stream:
            for record in StreamReader(stream).records:
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    if not (name := self._name(record.topic)):
                        self._others.add(record.topic)
                        continue
                    try:
                        definition = _Definition(
                            record.message_encoding, schemas.get(record.schema_id), TOPICS[name]
                        )
                    except Exception as error:  # definitions are foreign text
                        self._refused[record.topic] = str(error)
                    else:
                        channels[record.id] = record.topic, name, definition
                elif isinstance(record, Message) and record.channel_id in channels:
                    topic, name, definition = channels[record.channel_id]
                    try:
                        message = definition.read(record.data)
                        sample = self._sample(name, message, record.log_time * 1e-9)
                    except Exception as error:  # data are foreign too; the next may be fine
                        count, why = self._unusable.get(topic, (0, str(error) or repr(error)))
                        self._unusable[topic] = count + 1, why
                    else:
                        if sample is not None:
                            yield sample

    def _name(self, topic: str) -> str:
        """Return the name of a topic in `TOPICS`, empty if it is not to be read."""
        full = topic.strip("/")
        for name in TOPICS:
            prefix = full.removesuffix(name)
            if prefix != full and (not prefix or prefix.endswith("/")):
                self._namespace = prefix if self._namespace is None else self._namespace
                return name if prefix == self._namespace else ""
        return ""

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
        time = self._timeline(_stamp(message), logged)
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


class _Definition:
    """How the messages of one channel are read.

    Every one has types of its own: a recording may carry several versions of a type.
    """

    def __init__(self, encoding: str, schema: Any, expected: str) -> None:
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore

        if schema is None or not schema.data:
            raise ValueError("the recording carries no definition of its messages")
        if schema.encoding != "ros2msg" or encoding != "cdr":
            raise ValueError(
                f"its messages are defined as '{schema.encoding}' and written as '{encoding}', "
                "not as 'ros2msg' and 'cdr'"
            )
        if schema.name != expected:
            raise ValueError(f"its type is {schema.name}, not {expected}")
        self._name = schema.name
        self._types = get_typestore(Stores.EMPTY)
        self._types.register(get_types_from_msg(schema.data.decode("utf-8"), schema.name))

    def read(self, data: bytes) -> Any:
        """Return a message with the fields of the definition."""
        return self._types.deserialize_cdr(data, self._name)


class _Timeline:
    """Times from the first sample on, also where the clock was set back while it was recorded."""

    def __init__(self) -> None:
        self._begin: float | None = None
        self._newest = 0.0  # when the newest message was written
        self._shift = 0.0

    def __call__(self, stamp: float, logged: float) -> float:
        if self._begin is not None and logged < self._newest - EARLY:
            self._shift += self._newest - logged
        self._newest = logged
        time = stamp if -EARLY <= logged - stamp <= OLD else logged
        time += self._shift
        self._begin = time if self._begin is None else self._begin
        return time - self._begin


def _stamp(message: Any) -> float:
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    return 0.0 if stamp is None else float(stamp.sec + stamp.nanosec * 1e-9)


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
