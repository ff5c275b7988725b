# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""MCAP recordings written without ROS, readable by :mod:`.mcap` and by ``ros2 bag``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emo_music_ros.errors import InputError, StorageError

#: What is written at once [bytes]: some seconds of estimates, which a power cut may cost.
CHUNK = 1 << 16


class McapWriter:
    """One recording. What was written before a failure stays readable.

    Parameters
    ----------
    path : pathlib.Path
        File that is not there yet; only its owner may read it, as it is of people.

    Attributes
    ----------
    counts : collections.Counter
        Messages by topic.

    Raises
    ------
    InputError
        If there is something at the path, or MCAP is not installed.
    StorageError
        If it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            from mcap.writer import Writer
        except ImportError as error:
            raise InputError("MCAP is not installed", "Install it: pip install mcap") from error
        self.path = path
        self.counts: Counter[str] = Counter()
        self._channels: dict[tuple[str, str], int] = {}
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise InputError(
                f"'{path}' is there already and is not written over",
                "Name another file, or move that one away",
            ) from None
        except OSError as error:
            raise StorageError(
                f"'{path}' cannot be written: {error.strerror}",
                "Name a file in a folder that is there and can be written",
            ) from error
        self._file = os.fdopen(number, "wb")
        self._writer = Writer(self._file, chunk_size=CHUNK)
        self._attempt(lambda: self._writer.start(profile="ros2", library="emo_music_ros"))

    def write(self, topic: str, kind: str, definition: str, data: bytes, time: int) -> None:
        """Add one message.

        Parameters
        ----------
        topic, kind : str
            Full name, and type as ``package/msg/Name``.
        definition : str
            Text of the type, and of those it is made of, as ``ros2msg``.
        data : bytes
            In CDR.
        time : int
            When it came [unix ns].

        Raises
        ------
        StorageError
            If it cannot be written, as on a full disk.
        """

        def add() -> None:
            if (topic, kind) not in self._channels:
                schema = self._writer.register_schema(kind, "ros2msg", definition.encode())
                self._channels[topic, kind] = self._writer.register_channel(
                    topic, "cdr", schema, {"offered_qos_profiles": ""}
                )
            self._writer.add_message(self._channels[topic, kind], time, data, time)
            self._file.flush()

        self._attempt(add)
        self.counts[topic] += 1

    def close(self) -> None:
        """Write the index and end.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        if not self._file.closed:
            self._attempt(self._writer.finish)
            self._attempt(self._file.close)

    def _attempt(self, step: Callable[[], Any]) -> None:
        try:
            step()
        except OSError as error:
            self._file.raw.close()  # type: ignore[attr-defined]  # what waits cannot be written
            raise StorageError(
                f"'{self.path}' cannot be written any further: {error.strerror}",
                "Free space and record into another file; what is in this one can be replayed",
            ) from error
