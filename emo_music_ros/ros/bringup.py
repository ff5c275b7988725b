# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Launch descriptions: every node of the graph as a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.events.process import ProcessExited
from launch_ros.actions import Node

from emo_music_ros.errors import InputError
from emo_music_ros.resources import PACKAGE, share
from emo_music_ros.ros import ending
from emo_music_ros.ros.environment import prepare_environment
from emo_music_ros.ros.graph import CONSENTS, DASHBOARDS, INPUTS, SCENARIOS, TALKING, NodeSpec

#: Seconds until a node that died is started again.
RESPAWN_DELAY = 2.0
#: Seconds beyond `ending.LIMIT` until a process that did not even end itself is killed.
KILL_AFTER = 5.0

_ARGUMENTS: dict[str, dict[str, Any]] = {
    "input": {
        "default_value": "auto",
        "choices": INPUTS,
        "description": "where the signals come from; auto = devices if there are any, else demo",
    },
    "replay": {"default_value": "", "description": "recording for input:=replay"},
    "library": {"default_value": "", "description": "folder of music; empty = the built-in one"},
    "scenario": {
        "default_value": "home",
        "choices": SCENARIOS,
        "description": "chooses the parameter file of the same name",
    },
    "duration": {"default_value": "0", "description": "length of the session [s]; 0 = no end"},
    "consent": {
        "default_value": "",
        "choices": CONSENTS,
        "description": "yes = the person consents to be sensed; input:=devices needs it once",
    },
    "summary": {"default_value": "", "description": "file for the summary JSON; empty = none"},
    "without": {
        "default_value": "",
        "description": "nodes to leave out, such as eeg,physiology; separated by commas",
    },
    "encoders": {
        "default_value": "",
        "description": "modalities to recognise from, such as face,speech; empty = all",
    },
    "dashboard": {
        "default_value": "false",
        "choices": DASHBOARDS,
        "description": "true = pages by which people watch and steer; see docs/dashboard.md",
    },
    "talking": {
        "default_value": "false",
        "choices": TALKING,
        "description": "true = understand what is asked for aloud, and answer; see docs/talking.md",
    },
    "composed": {
        "default_value": "false",
        "choices": ("true", "false"),
        "description": "true = all nodes in one process",
    },
    "log_level": {
        "default_value": "info",
        "choices": ("debug", "info", "warn", "error", "fatal"),
        "description": "least severity that is logged",
    },
    "namespace": {"default_value": "", "description": "namespace of all nodes and topics"},
    "config": {
        "default_value": "",
        "description": "parameter file; its values win over those of the package",
    },
}


#: Arguments that every launch file has.
_COMMON = ("namespace", "config", "log_level")


def description(
    make: Callable[..., Sequence[NodeSpec]], arguments: Sequence[str], composed: str = ""
) -> LaunchDescription:
    """Return the launch description of one part of the graph.

    A node that ends is started again, except the session: when it is over, everything ends.

    Parameters
    ----------
    make : callable
        Function of :mod:`emo_music_ros.ros.graph` that returns the nodes.
    arguments : sequence of str
        Its parameters that become launch arguments; `namespace`, `config` and `log_level` are
        always there.
    composed : str
        Executable that runs the same nodes in one process and takes the same arguments; where
        there is one, so is the argument `composed`.
    """
    names = [*arguments, *_COMMON, *(["composed"] if composed else [])]

    def start(context: LaunchContext) -> list[Node]:
        values: dict[str, Any] = {name: context.launch_configurations[name] for name in names}
        chosen, common = {name: values[name] for name in arguments}, _common(values)
        if values.get("composed") == "true":
            return [one_process(composed, make, chosen, **common)]
        return nodes(make, chosen, **common)

    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, **_ARGUMENTS[name]) for name in names),
            OpaqueFunction(function=start),
        ]
    )


def nodes(
    make: Callable[..., Sequence[NodeSpec]],
    values: dict[str, Any],
    *,
    namespace: str = "",
    files: Sequence[Path] = (),
    config: str = "",
    log_level: str = "info",
) -> list[Node]:
    """Return the launch actions of the nodes.

    Parameters
    ----------
    make : callable
        Returns the nodes from `values`.
    values : dict
        Launch arguments as text.
    namespace : str
        Of all nodes.
    files : sequence of pathlib.Path
        Parameter files under the values of the graph.
    config : str
        Parameter file over `files`; empty = none. What an argument chose still wins.
    log_level : str
        Least severity that is logged.

    Raises
    ------
    InputError
        If an argument is not usable or `config` is not a file.
    """
    last = _file(config)
    specs = _specs(make, values)
    prepare_environment(specs)
    return [
        Node(
            package=PACKAGE,
            executable=spec.executable,
            name=spec.name,
            namespace=namespace,
            parameters=[*map(str, files), *last, *([spec.parameters] if spec.parameters else [])],
            ros_arguments=["--log-level", log_level],
            output="screen",
            emulate_tty=True,
            respawn=True,
            respawn_delay=RESPAWN_DELAY,
            # A node ends itself within that time, however loaded the robot is; a SIGTERM before
            # would say nothing new, and SIGKILL leaves the session without its summary.
            sigterm_timeout=str(ending.LIMIT),
            sigkill_timeout=str(KILL_AFTER),
            on_exit=_session_ended if spec.executable == "session" else None,
        )
        for spec in specs
    ]


def one_process(
    executable: str,
    make: Callable[..., Sequence[NodeSpec]],
    values: dict[str, Any],
    *,
    namespace: str = "",
    files: Sequence[Path] = (),
    config: str = "",
    log_level: str = "info",
) -> Node:
    """Return the launch action of an executable that runs all of the nodes; see :func:`nodes`.

    `files` are those that the executable reads by itself.

    Raises
    ------
    InputError
        If an argument is not usable or `config` is not a file.
    """
    del files
    _specs(make, values)  # what is wrong with them is better said here
    arguments = [part for name, value in values.items() for part in (f"--{name}", str(value))]
    for file in _file(config):
        arguments += ["--params-file", file]
    return Node(
        package=PACKAGE,
        executable=executable,
        namespace=namespace,
        arguments=[*arguments, "--ros"],  # launch writes its own behind
        ros_arguments=["--log-level", log_level],
        output="screen",
        emulate_tty=True,
        sigterm_timeout=str(ending.LIMIT),
        sigkill_timeout=str(KILL_AFTER),
        on_exit=_session_ended,
    )


def _specs(make: Callable[..., Sequence[NodeSpec]], values: dict[str, Any]) -> Sequence[NodeSpec]:
    if "duration" in values:
        values = values | {"duration": _number("duration", values["duration"])}
    return make(**values)


def _file(config: str) -> list[str]:
    if config and not Path(config).expanduser().is_file():
        raise InputError(f"there is no parameter file '{config}'", "Correct config:=FILE")
    return [str(Path(config).expanduser().resolve())] if config else []


def _session_ended(event: ProcessExited, context: LaunchContext) -> Shutdown | None:
    # one that died is started again as any node
    return Shutdown(reason="the session is over") if event.returncode == 0 else None


def _common(values: dict[str, Any]) -> dict[str, Any]:
    scenario = values.get("scenario", "home")
    return {
        "namespace": values["namespace"],
        "files": [share("config", "companion.yaml"), share("config", f"{scenario}.yaml")],
        "config": values["config"],
        "log_level": values["log_level"],
    }


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{name}:={text} is not a number", f"Give {name}:=SECONDS") from None
