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
from emo_music_ros.ros.graph import CONSENTS, INPUTS, SCENARIOS, NodeSpec

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
    "namespace": {"default_value": "", "description": "namespace of all nodes and topics"},
    "config": {
        "default_value": "",
        "description": "parameter file; its values win over those of the package",
    },
}


def description(
    make: Callable[..., Sequence[NodeSpec]], arguments: Sequence[str]
) -> LaunchDescription:
    """Return the launch description of one part of the graph.

    A node that ends is started again, except the session: when it is over, everything ends.

    Parameters
    ----------
    make : callable
        Function of :mod:`emo_music_ros.ros.graph` that returns the nodes.
    arguments : sequence of str
        Its parameters that become launch arguments; `namespace` and `config` are always there.
    """
    names = [*arguments, *(name for name in ("namespace", "config") if name not in arguments)]

    def start(context: LaunchContext) -> list[Node]:
        values: dict[str, Any] = {name: context.launch_configurations[name] for name in names}
        return nodes(make, {name: values[name] for name in arguments}, **_common(values))

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

    Raises
    ------
    InputError
        If an argument is not usable or `config` is not a file.
    """
    if config and not Path(config).expanduser().is_file():
        raise InputError(f"there is no parameter file '{config}'", "Correct config:=FILE")
    if "duration" in values:
        values = values | {"duration": _number("duration", values["duration"])}
    specs = make(**values)
    prepare_environment(specs)
    last = [str(Path(config).expanduser().resolve())] if config else []
    return [
        Node(
            package=PACKAGE,
            executable=spec.executable,
            name=spec.name,
            namespace=namespace,
            parameters=[*map(str, files), *last, *([spec.parameters] if spec.parameters else [])],
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


def _session_ended(event: ProcessExited, context: LaunchContext) -> Shutdown | None:
    # one that died is started again as any node
    return Shutdown(reason="the session is over") if event.returncode == 0 else None


def _common(values: dict[str, Any]) -> dict[str, Any]:
    scenario = values.get("scenario", "home")
    return {
        "namespace": values["namespace"],
        "files": [share("config", "companion.yaml"), share("config", f"{scenario}.yaml")],
        "config": values["config"],
    }


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{name}:={text} is not a number", f"Give {name}:=SECONDS") from None
