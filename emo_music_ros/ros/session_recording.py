# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recordings of sessions, made by a recorder beside the node that runs them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rclpy.executors import Executor

from emo_music_ros.consent.rules import RECORDING
from emo_music_ros.consent.traces import (
    SUMMARY_FILES,
    folder_of,
    recordings_folder,
    remove_folder,
    remove_old,
)
from emo_music_ros.errors import CompanionError, StorageError
from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.paths import expand
from emo_music_ros.resources import private_folder
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.recorder import DERIVED, RAW, Recorder

#: Seconds between looks for recordings that are too old.
CLEAN_EVERY = 3600.0


class Recordings:
    """The folder of recordings of sessions: by person, kept for so many days.

    Parameters
    ----------
    node : CompanionNode
        Which runs the sessions, while it is active.
    folder : str
        Where; empty = in the data folder.
    days : float
        After which they are removed, and the summaries, too.
    summaries : Path
        Folder of ours in which everybody has one for summaries.
    write_log : callable
        Makes the csv of a recording, on a thread of its own.
    """

    def __init__(
        self,
        node: CompanionNode,
        folder: str,
        days: float,
        summaries: Path,
        write_log: Callable[[Path], None],
    ) -> None:
        self._node = node
        self._days = days
        self._summaries = summaries
        space = node.get_namespace()
        self.folder = expand(folder, "recordings") if folder else recordings_folder(space)
        self._write_log = write_log
        self._logs = node.work(self._log, 4, "")
        node.every(CLEAN_EVERY, self.clean)
        node.guarded("recordings", self.clean)()

    def begin(self, raw: bool) -> SessionRecording | None:
        """Begin to record a session; one that cannot be recorded is still held."""
        began = self._node.get_clock().now().to_msg()
        name = f"{began.sec}.{began.nanosec:09d}.mcap"
        path = folder_of(self.folder, self._node.person_id) / name
        failed = partial(self._node.failed, "recording")
        try:
            return SessionRecording(self._node, path, raw, failed)
        except CompanionError as error:
            failed(error)
            return None

    def end(self, recording: SessionRecording) -> None:
        """End a recording and make its csv."""
        recording.close()
        for line in recording.report:
            self._node.get_logger().info(f"recorded: {line}")
        self._logs.put(recording.path)

    def forget(self, person_id: str) -> None:
        """Remove what is there of a person.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        remove_folder(folder_of(self.folder, person_id))

    def clean(self) -> None:
        """Remove what is too old."""
        now = time.time()
        old = remove_old(self.folder, self._days, now)
        old += remove_old(self._summaries, self._days, now, SUMMARY_FILES)
        for path in old:
            self._node.get_logger().info(f"removed {path.name}: older than {self._days:g} days")

    def _log(self, recording: Path) -> None:
        if recording.exists():  # or the person was forgotten meanwhile
            self._write_log(recording)


class SessionRecording:
    """Records from when it is made until `close`; on the thread of the executor.

    Parameters
    ----------
    node : CompanionNode
        Which runs the session; its person, namespace, context and executor are used.
    path : Path
        File to make, and folders above it.
    raw : bool
        Also what sensors give, where the person consented to recording.
    on_failure : callable
        Told of an error; nothing is written any more.

    Attributes
    ----------
    path : Path
        As given.
    report : list of str
        In words what was recorded and what is missing; there after `close`.

    Raises
    ------
    CompanionError
        If the file cannot be made.
    """

    def __init__(
        self, node: CompanionNode, path: Path, raw: bool, on_failure: Callable[[Exception], None]
    ) -> None:
        try:
            private_folder(path.parent)
        except OSError as error:
            raise StorageError(
                f"'{path.parent}' cannot be made: {error.strerror}",
                "Name a folder for recordings that can be written",
            ) from error
        self.path = path
        self.report: list[str] = []
        self._writer = McapWriter(path)
        self._on_failure = on_failure
        assert node.executor is not None
        self._executor: Executor = node.executor
        self._recorder = Recorder(
            self._writer,
            DERIVED + (RAW if raw else ()),
            on_failure,
            node.person_id,
            RECORDING,
            context=node.context,
            namespace=node.get_namespace(),
        )
        self._executor.add_node(self._recorder)

    def close(self) -> None:
        """End it; what was written stays."""
        self.report = self._recorder.report()
        self._executor.remove_node(self._recorder)
        self._recorder.destroy_node()
        try:
            self._writer.close()
        except CompanionError as error:
            self._on_failure(error)
