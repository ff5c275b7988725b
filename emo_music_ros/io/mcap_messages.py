# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Messages of MCAP recordings, read without ROS by the definitions the recording itself carries.

So recordings made with other versions of the messages stay readable: a field that is missing there
is missing here, and one that is not known here is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from emo_music_ros.errors import InputError

#: A stamp is believed if its message was written up to this much before and after it [s]:
#: otherwise it is of another clock than the recording, or missing.
EARLY, OLD = 1.0, 60.0
#: First bytes of what is compressed by Zstandard.
ZSTANDARD = b"\x28\xb5\x2f\xfd"


class Messages:
    """The messages of some topics of a recording; what was learned in one file counts in the next.

    Topics may have any namespace; of several namespaces the first one is read.

    Parameters
    ----------
    wanted : mapping of str to str
        Topics without their namespace, ``*`` for any name -> their type.
    """

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self._wanted = dict(wanted)
        self._namespace: str | None = None
        self._timeline = _Timeline()
        self._others: set[str] = set()  # topics that are not read
        self._refused: dict[str, str] = {}  # topic -> why
        self._unusable: dict[str, tuple[int, str]] = {}  # topic -> messages, why the first

    @property
    def others(self) -> list[str] | None:
        """Topics that are there, None if one of those wanted is there, too."""
        return sorted(self._others) if self._namespace is None else None

    def problems(self) -> list[str]:
        """Return in words what was left out."""
        return [
            *(f"topic {topic} cannot be read: {why}" for topic, why in self._refused.items()),
            *(
                f"{count} messages of {topic} cannot be used, the first because {why}"
                for topic, (count, why) in self._unusable.items()
            ),
        ]

    def unusable(self, topic: str, error: Exception) -> None:
        """Count a message of a topic that could not be used."""
        count, why = self._unusable.get(topic, (0, str(error) or repr(error)))
        self._unusable[topic] = count + 1, why

    def time(self, stamp: float, logged: float) -> float:
        """Return the time of a message since that of the first [s]."""
        return self._timeline(stamp, logged)

    def read(self, file: Path) -> Iterator[tuple[str, str, Any, float]]:
        """Yield topic, its name in `wanted`, message, and when it was written [unix s]."""
        from mcap.records import Channel, Message, Schema
        from mcap.stream_reader import StreamReader

        schemas: dict[int, Schema] = {}
        channels: dict[int, tuple[str, str, _Definition]] = {}
        with _opened(file) as stream:
            for record in StreamReader(stream).records:
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    if not (found := self._name(record.topic)):
                        self._others.add(record.topic)
                        continue
                    name, kind = found
                    try:
                        definition = _Definition(
                            record.message_encoding, schemas.get(record.schema_id), kind
                        )
                    except Exception as error:  # definitions are foreign text
                        self._refused[record.topic] = str(error)
                    else:
                        channels[record.id] = record.topic, name, definition
                elif isinstance(record, Message) and record.channel_id in channels:
                    topic, name, definition = channels[record.channel_id]
                    try:
                        message = definition.read(record.data)
                    except Exception as error:  # data are foreign too; the next may be fine
                        self.unusable(topic, error)
                    else:
                        yield topic, name, message, record.log_time * 1e-9

    def _name(self, topic: str) -> tuple[str, str] | None:
        """Return the name of a topic without its namespace and its type, None if not wanted."""
        parts = topic.strip("/").split("/")
        for pattern, kind in self._wanted.items():
            size = pattern.count("/") + 1
            name, prefix = "/".join(parts[-size:]), "/".join(parts[:-size])
            if len(parts) >= size and fnmatchcase(name, pattern):
                self._namespace = prefix if self._namespace is None else self._namespace
                return (name, kind) if prefix == self._namespace else None
        return None


def seconds(time: Any) -> float:
    """Return unix seconds from a ROS time."""
    return float(time.sec + time.nanosec * 1e-9)


def stamp_of(message: Any) -> float:
    """Return the stamp of a message [unix s], 0 if it has none."""
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    return 0.0 if stamp is None else seconds(stamp)


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


class _Definition:
    """How the messages of one channel are read.

    Every one has types of its own: a recording may carry several versions of a type.
    """

    def __init__(self, encoding: str, schema: Any, expected: str) -> None:
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
        self._types = _types(schema.data.decode("utf-8"), schema.name)

    def read(self, data: bytes) -> Any:
        """Return a message with the fields of the definition."""
        return self._types.deserialize_cdr(data, self._name)


@lru_cache(maxsize=64)
def _types(text: str, name: str) -> Any:
    """Return the types of a definition; recordings repeat them, and reading one takes long."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg(text, name))
    return store


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
