"""Run one node or many in one process until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import rclpy
import yaml
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.resources import PACKAGE
from emo_music_ros.ros.environment import prepare_environment
from emo_music_ros.ros.graph import NodeSpec
from emo_music_ros.ros.node import CompanionNode


def check_parameter_files(arguments: Sequence[str]) -> None:
    """Read every ``--params-file`` once, because rcl's own message names no line.

    Raises
    ------
    InputError
        If a file is missing or is not YAML.
    """
    for flag, name in zip(arguments, arguments[1:]):
        if flag != "--params-file":
            continue
        try:
            content = yaml.safe_load(Path(name).read_text("utf-8"))
        except OSError as error:
            raise InputError(
                f"parameter file {name} cannot be read: {error.strerror}", "Check the path"
            ) from error
        except yaml.YAMLError as error:
            raise InputError(
                f"parameter file {name} is not YAML: {error}", "Correct that line"
            ) from error
        if content is not None and not isinstance(content, dict):
            raise InputError(
                f"parameter file {name} holds no parameters", "Start it with '<node>:'"
            )


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

    Parameters
    ----------
    arguments : sequence of str
        Command line with the ``--ros-args``.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = list(arguments)
        self._stop = threading.Event()
        self.nodes: list[CompanionNode] = []

    def stop(self) -> None:
        """Ask the run to end; callable from any thread."""
        self._stop.set()

    def run(
        self,
        specs: Sequence[tuple[type[CompanionNode], NodeSpec | None]],
        started: Callable[[], None] = lambda: None,
    ) -> int:
        """Run the nodes until SIGINT, SIGTERM or the end of the session; return the exit code."""
        try:
            check_parameter_files(self._arguments)
        except CompanionError as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201 - there is no logger yet
            return 2
        prepare_environment()
        log = logging.getLogger(PACKAGE)
        log.propagate = False
        if not log.handlers:
            log.addHandler(RosHandler())
        rclpy.init(args=self._arguments, signal_handler_options=SignalHandlerOptions.NO)

        def on_signal(number: int, frame: FrameType | None) -> None:
            self._stop.set()

        previous = {
            number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
        }
        threads: list[tuple[SingleThreadedExecutor, threading.Thread]] = []
        code = 0
        try:
            for kind, spec in specs:
                node = _make(kind, spec)
                node.on_finished = self.stop
                self.nodes.append(node)
            for node in self.nodes:
                executor = SingleThreadedExecutor()
                executor.add_node(node)
                thread = threading.Thread(
                    target=self._spin, args=(executor, node), name=node.get_name(), daemon=True
                )
                thread.start()
                threads.append((executor, thread))
            started()
            self._stop.wait()
        except Exception as error:  # a node that cannot even be made
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
            code = 1
        finally:
            for number in previous:
                signal.signal(number, signal.SIG_IGN)
            self._stop.set()
            for executor, _ in threads:
                executor.shutdown(timeout_sec=0)
            for _, thread in threads:
                thread.join(1.0)
            closers = [
                threading.Thread(target=node.close, name=f"close {node.get_name()}", daemon=True)
                for node in self.nodes
            ]
            for closer in closers:
                closer.start()
            for closer in closers:
                closer.join(2.0)
            for node in self.nodes:
                node.destroy_node()
            rclpy.try_shutdown()
            for number, handler in previous.items():
                signal.signal(number, handler)
        if any(thread.daemon for thread in threading.enumerate()):
            # Work that could not be cut short (a library being rendered) runs native code, which
            # aborts the process if the interpreter is taken down under it.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        return code

    def _spin(self, executor: SingleThreadedExecutor, node: CompanionNode) -> None:
        while not self._stop.is_set():
            try:
                executor.spin()
            except ExternalShutdownException:
                return
            except Exception as error:  # a callback failed; the node goes on
                if not self._stop.is_set():
                    node.get_logger().error(f"a callback failed: {error!r}")


def _make(kind: type[CompanionNode], spec: NodeSpec | None) -> CompanionNode:
    if spec is None:
        return kind()
    overrides = [Parameter(name, value=value) for name, value in spec.parameters.items()]
    return kind(parameter_overrides=overrides)


def run_node(kind: type[CompanionNode], arguments: Sequence[str] | None = None) -> int:
    """Run one node as a process of its own; the `main` of every node."""
    return Host(sys.argv if arguments is None else arguments).run([(kind, None)])
