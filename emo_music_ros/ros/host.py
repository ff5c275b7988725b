# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Run one node or many in one process until told to stop."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from rclpy.context import Context
from rclpy.executors import ShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.parameter import Parameter

from emo_music_ros.errors import CompanionError
from emo_music_ros.resources import PACKAGE
from emo_music_ros.ros import ending
from emo_music_ros.ros.environment import prepare_environment
from emo_music_ros.ros.graph import NodeSpec
from emo_music_ros.ros.heap import TRIM_EVERY, compact_heap, trim_heap
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.parameter_files import meant_for_all, read_files
from emo_music_ros.ros.shared_memory import remove_orphans

#: How often the main thread looks whether a signal came [s].
LOOK_EVERY = 0.5
#: Failures in a row after which an executor is given up.
_FAILURES = 10


class RosHandler(logging.Handler):
    """Hands what the stages log over to the log of ROS."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        logger, text = get_logger(record.name), self.format(record)
        # rclpy ties a line of code to one severity
        if record.levelno >= logging.ERROR:
            logger.error(text)
        elif record.levelno >= logging.WARNING:
            logger.warning(text)
        else:
            logger.info(text)


class Host:
    """Runs nodes, each on a single-threaded executor of its own, until stopped.

    For the main thread of a process that ends afterwards: from the end of `run` on, signals are
    ignored.

    Parameters
    ----------
    arguments : sequence of str
        Command line with the ``--ros-args``.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = list(arguments)
        # An event could not be set from a signal handler: its lock may be held just then.
        self._codes: SimpleQueue[int] = SimpleQueue()
        self._stopping = False
        self._files: list[dict[str, Any]] = []
        self._context = Context()
        self._executors: list[tuple[SingleThreadedExecutor, threading.Thread]] = []
        self.nodes: list[CompanionNode] = []

    def stop(self, code: int = 0) -> None:
        """Ask the run to end with an exit code; callable from any thread and signal handler."""
        self._stopping = True
        self._codes.put(code)

    def run(
        self,
        specs: Sequence[tuple[type[CompanionNode], NodeSpec | None]],
        started: Callable[[], None] = lambda: None,
    ) -> int:
        """Run the nodes until a signal or the end of the session; return the exit code.

        It is 0, 1 where nodes cannot be made or run, and 2 where parameters cannot be read.
        """
        ending.on_signal(self.stop)
        try:
            self._files = read_files(self._arguments)
        except CompanionError as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201 - there is no logger yet
            return 2
        prepare_environment()
        remove_orphans()
        compact_heap()
        log = logging.getLogger(PACKAGE)
        log.propagate = False
        if not log.handlers:
            log.addHandler(RosHandler())
        try:
            self._context.init(self._arguments)
            self._start(specs)
            if not self._stopping:
                started()
            code = self._wait()
        except Exception as error:  # a node that cannot even be made
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
            code = 1
        finally:
            self._end()
        _flush()
        if any(thread.daemon for thread in threading.enumerate()):
            # Work that could not be cut short (a library being rendered) runs native code, which
            # aborts the process if the interpreter is taken down under it.
            os._exit(code)
        return code

    def _wait(self) -> int:
        """Return the exit code when the run is to end."""
        trimmed = time.monotonic()
        while True:
            # A signal between Python's last look and the wait, or in another thread, wakes nobody:
            # its handler runs when this thread does next.
            try:
                return self._codes.get(timeout=LOOK_EVERY)
            except Empty:
                if time.monotonic() - trimmed >= TRIM_EVERY:
                    trimmed = time.monotonic()
                    trim_heap()

    def _start(self, specs: Sequence[tuple[type[CompanionNode], NodeSpec | None]]) -> None:
        for kind, spec in specs:
            if self._stopping:
                return
            node = _make(kind, spec, self._context)
            node.parameters.foreign = meant_for_all(self._files, node.get_name())
            node.on_finished = self.stop
            self.nodes.append(node)
        for node in self.nodes:
            executor = SingleThreadedExecutor(context=self._context)
            executor.add_node(node)
            thread = threading.Thread(
                target=self._spin, args=(executor, node), name=node.get_name(), daemon=True
            )
            thread.start()
            self._executors.append((executor, thread))

    def _end(self) -> None:
        """Close the nodes, then the middleware, whatever state they are in."""
        ending.ignore_signals()
        faulthandler.dump_traceback_later(ending.LIMIT, exit=True)
        deadline = time.monotonic() + ending.GRACE
        for executor, _ in self._executors:
            _attempt(partial(executor.shutdown, timeout_sec=0))
        # a share for what runs, the rest for what closes
        _join((thread for _, thread in self._executors), deadline - ending.GRACE / 2)
        closers = [
            threading.Thread(target=node.close, name=f"close {node.get_name()}", daemon=True)
            for node in self.nodes
        ]
        for closer in closers:
            closer.start()
        _join(closers, deadline)
        for node in self.nodes:
            _attempt(node.destroy_node)
            # rclpy forgets it, and it keeps the node and with it the participant
            _attempt(node._state_machine.destroy_when_not_in_use)
        _attempt(self._context.try_shutdown)
        self._context.destroy()
        faulthandler.cancel_dump_traceback_later()

    def _spin(self, executor: SingleThreadedExecutor, node: CompanionNode) -> None:
        """Call back until the executor is shut down; an executor that breaks ends the process."""
        failures = 0
        try:
            while failures < _FAILURES:
                try:
                    task, _, _ = executor.wait_for_ready_callbacks()
                except ShutdownException:
                    return
                except Exception as error:  # an entity went away while it was waited for
                    failures += 1
                    problem = error
                    continue
                failures = 0
                task()
                if task.exception() is not None:
                    self._callback_failed(node, task.exception())
            raise problem
        except BaseException as error:  # also a plugin that calls sys.exit
            if not self._stopping:
                node.get_logger().fatal(f"the node cannot go on: {_told(error)}")
                self.stop(1)

    def _callback_failed(self, node: CompanionNode, error: Exception) -> None:
        """Log it and tell the node, which goes on."""
        if self._stopping:
            return
        node.get_logger().error(f"a callback failed: {_told(error)}")
        node.failed("callback", error)


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _attempt(step: Callable[[], object]) -> None:
    """Take one step of the end; whatever comes of it, the next one follows."""
    try:
        step()
    except Exception as error:
        get_logger(PACKAGE).error(f"while closing: {_told(error)}")


def _flush() -> None:
    """Write out what was printed; where the terminal is gone, to nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _join(threads: Iterable[threading.Thread], deadline: float) -> None:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _make(kind: type[CompanionNode], spec: NodeSpec | None, context: Context) -> CompanionNode:
    parameters = spec.parameters if spec else {}
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return kind(parameter_overrides=overrides, context=context)


def run_node(kind: type[CompanionNode], arguments: Sequence[str] | None = None) -> int:
    """Run one node as a process of its own; the `main` of every node."""
    return Host(sys.argv if arguments is None else arguments).run([(kind, None)])
