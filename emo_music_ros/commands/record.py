# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music record``: what the nodes say, into a file that can be replayed."""

from __future__ import annotations

import argparse
import contextlib
import time
from queue import Empty, SimpleQueue

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.paths import expand
from emo_music_ros.ros import ending

#: Seconds in which what was sent before the end still arrives.
DRAIN = 0.5


def record(arguments: argparse.Namespace) -> int:
    """Record until Ctrl-C, or the duration is over, or the disk is full; say what there is."""
    from rclpy.context import Context
    from rclpy.exceptions import InvalidNamespaceException
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.validate_namespace import validate_namespace

    from emo_music_ros.ros.environment import prepare_environment
    from emo_music_ros.ros.recorder import DERIVED, RAW, Recorder

    if not arguments.duration >= 0:
        raise InputError(
            f"duration {arguments.duration} is not possible", "Give seconds, 0 = until Ctrl-C"
        )
    try:
        validate_namespace(f"/{arguments.namespace.strip('/')}")
    except InvalidNamespaceException as error:
        raise InputError(f"there is no namespace '{arguments.namespace}'", str(error)) from error
    failures: SimpleQueue[CompanionError | None] = SimpleQueue()
    ending.on_signal(lambda: failures.put(None))
    writer = McapWriter(expand(arguments.file, "recording"))
    prepare_environment()
    context = Context()
    context.init([])
    names = DERIVED + (RAW if arguments.raw else ())
    recorder = Recorder(
        writer, names, failures.put, context=context, namespace=arguments.namespace or None
    )
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(recorder)
    sensors = "sensors included" if arguments.raw else "sensors left out (--raw records them, too)"
    print(f"recording into {writer.path}, {sensors}; Ctrl-C ends it", flush=True)
    ends = time.monotonic() + (arguments.duration or float("inf"))
    failure = None
    while time.monotonic() < ends and failure is None:
        executor.spin_once(timeout_sec=0.1)
        with contextlib.suppress(Empty):
            failure = failures.get_nowait()
            ends = time.monotonic() + DRAIN
    ending.ignore_signals()
    report = recorder.report()
    executor.shutdown()
    recorder.destroy_node()
    context.try_shutdown()
    try:
        writer.close()
    except CompanionError as error:
        failure = failure or error
    print("\n".join([f"recorded into {writer.path}:", *report]), flush=True)
    if failure is not None:
        raise failure
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("record", help="record what the nodes say into an MCAP file")
    one.add_argument("file", help="a new file, such as today.mcap")
    one.add_argument(
        "--raw", action="store_true", help="also pictures, sound, words and body signals"
    )
    one.add_argument("--duration", type=float, default=0.0, help="seconds; 0 = until Ctrl-C")
    one.add_argument("--namespace", default="", help="of the nodes")
    one.set_defaults(run=record)
