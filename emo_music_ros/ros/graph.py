# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which nodes run with which parameters: one description for launch and the composed run."""

from __future__ import annotations

import glob
import importlib.util
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emo_music_ros.consent.rules import DEMONSTRATION
from emo_music_ros.errors import InputError
from emo_music_ros.options import nearest
from emo_music_ros.paths import expand

INPUTS = ("auto", "devices", "demo", "replay")
SCENARIOS = ("home", "daycare", "group")
#: What can be said about consent at the start.
CONSENTS = ("", "yes")
#: Whether the pages are served, and opened where there is a display.
DASHBOARDS = ("true", "false", "open")
#: Whether people are understood and answered.
TALKING = ("true", "false")
#: Nodes that need no consent: they handle music, or calls, which nobody has to agree to.
NO_CONSENT = ("music_encoder", "player", "notifying")

ENCODERS = (
    "face_encoder",
    "speech_encoder",
    "text_encoder",
    "physiology_encoder",
    "eeg_encoder",
    "music_encoder",
    "interaction_encoder",
)


@dataclass(frozen=True)
class NodeSpec:
    """One node to start: its executable, its name, and parameters that override the files."""

    executable: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)


def graph(
    input: str = "auto",  # noqa: A002 - the name people type
    replay: str = "",
    library: str = "",
    scenario: str = "home",
    duration: float = 0.0,
    summary: str = "",
    consent: str = "",
    without: str = "",
    encoders: str = "",
    dashboard: str = "false",
    talking: str = "false",
) -> list[NodeSpec]:
    """Return the nodes of the whole loop in the order they are started.

    Parameters
    ----------
    input : str
        One of `INPUTS`; ``auto`` takes the devices if there is a camera or a sound input, the
        demonstration otherwise.
    replay : str
        Recording for ``input="replay"``: a folder or an MCAP file.
    library : str
        Folder of music; empty = the built-in library.
    scenario : str
        One of `SCENARIOS`.
    duration : float
        Length of the session [s]; 0 = until stopped.
    summary : str
        File for the summary JSON; empty = none.
    consent : str
        ``yes`` gives and stores the consent of the person. With devices nothing is sensed without;
        recordings and the demonstration are of a demonstration person who has consented.
    without : str
        Nodes to leave out, separated by commas; of an encoder the modality is enough.
    encoders : str
        Modalities to recognise emotions from, separated by commas; empty = all.
    dashboard : str
        ``true`` serves the pages by which people watch and steer; ``open`` also opens them in the
        browser where there is a display.
    talking : str
        ``true`` understands what people ask for aloud, and answers.

    Raises
    ------
    InputError
        If an argument is none of its choices or the recording does not exist.
    """
    if input not in INPUTS or scenario not in SCENARIOS:
        raise InputError(
            f"input '{input}' with scenario '{scenario}' is not possible",
            f"Input is one of {', '.join(INPUTS)}; scenario one of {', '.join(SCENARIOS)}",
        )
    if not (math.isfinite(duration) and duration >= 0):
        raise InputError(f"duration {duration} is not possible", "Give seconds, 0 = until stopped")
    if dashboard not in DASHBOARDS:
        raise InputError(f"dashboard '{dashboard}' is not possible", "Give true, false or open")
    if talking not in TALKING:
        raise InputError(f"talking '{talking}' is not possible", "Give true or false")
    if input == "auto":
        input = "devices" if has_devices() else "demo"  # noqa: A001
    shown = {"open": True} if dashboard == "open" else {}
    pages = [NodeSpec("dashboard", "dashboard", shown)] if dashboard != "false" else []
    talks = [NodeSpec("talking", "talking")] if talking == "true" else []
    calls = [NodeSpec("notifying", "notifying")] if pages or talks else []
    nodes = of_whom(
        [
            *_sensors(input, replay),
            *recognising(encoders=encoders),
            *_humans(live=input == "devices"),
            *music(library, scenario),
            NodeSpec("session", "session", _session(scenario, duration, summary)),
            *calls,
            *pages,
            *talks,
        ],
        live=input == "devices",
        consent=consent,
    )
    left_out = _named(without, [*(spec.name for spec in nodes), *ENCODERS], "without")
    return [spec for spec in nodes if spec.name not in left_out]


def of_whom(nodes: list[NodeSpec], *, live: bool, consent: str) -> list[NodeSpec]:
    """Return nodes that sense people only with consent, or the demonstration person."""
    if consent not in CONSENTS:
        raise InputError(f"consent '{consent}' is not possible", "Give yes or nothing")
    found = []
    for spec in nodes:
        chosen: dict[str, Any] = {}
        if not live:
            chosen["person_id"] = DEMONSTRATION
        elif spec.executable not in NO_CONSENT:
            chosen["require_consent"] = True
        if spec.executable == "interaction":
            chosen["consent"] = consent == "yes" or not live
        found.append(replace(spec, parameters={**spec.parameters, **chosen}))
    return found


def sensors(
    input: str = "auto",  # noqa: A002
    replay: str = "",
    consent: str = "",
) -> list[NodeSpec]:
    """Return the nodes that sense."""
    if input == "auto":
        input = "devices" if has_devices() else "demo"  # noqa: A001
    return of_whom(_sensors(input, replay), live=input == "devices", consent=consent)


def _sensors(input: str, replay: str) -> list[NodeSpec]:  # noqa: A002
    nodes = [NodeSpec("biosignals", "biosignals"), NodeSpec("interaction", "interaction")]
    if input == "devices":
        names = ("camera", "microphone", "conversation")
        return [*(NodeSpec(name, name) for name in names), *nodes]
    if input == "demo":
        return [*nodes, NodeSpec("replay", "replay", {"plugin": "demo"})]
    path = expand(replay, "recording") if replay else Path()
    if not replay or not path.exists():
        raise InputError(f"there is no recording '{replay}'", "Name a folder or an MCAP file")
    # a folder that `ros2 bag record` made is an MCAP recording too
    bag = path.is_file() or any(path.glob("*.mcap*")) or any(path.glob("*.db3"))
    plugin = "mcap" if bag else "folder"
    parameters = {"plugin": plugin, f"{plugin}.path": str(path.resolve())}
    return [*nodes, NodeSpec("replay", "replay", parameters)]


def recognising(encoders: str = "", without: str = "") -> list[NodeSpec]:
    """Return the nodes that recognise: all, only some encoders, or all but some."""
    names = _named(encoders, list(ENCODERS), "encoders") or set(ENCODERS)
    names -= _named(without, list(ENCODERS), "without")
    return [NodeSpec(name, name) for name in (*ENCODERS, "fusion") if name in {*names, "fusion"}]


def _humans(live: bool) -> list[NodeSpec]:
    """Return the node that tells a ROS4HRI robot what is recognised, where there may be one."""
    there = live and importlib.util.find_spec("hri_msgs") is not None
    return [NodeSpec("hri", "hri")] if there else []


def _named(text: str, known: list[str], argument: str) -> set[str]:
    """Return the nodes that a list separated by commas names.

    Raises
    ------
    InputError
        If there is no node of a name.
    """
    found = set()
    for name in filter(None, (part.strip() for part in text.split(","))):
        nodes = [each for each in (name, f"{name}_encoder") if each in known]
        if not nodes:
            raise InputError(f"{argument}: there is no node '{name}'", nearest(name, known))
        found.add(nodes[0])
    return found


def music(library: str = "", scenario: str = "home") -> list[NodeSpec]:
    """Return the nodes that recommend and play."""
    # only where there is no choice, so that a parameter file can choose
    player = {} if importlib.util.find_spec("pyaudio") else {"plugin": "null"}
    chosen: dict[str, Any] = {"therapeutic.scenario": scenario}
    folder: dict[str, Any] = {}
    if library:
        folder["folder.path"] = str(expand(library, "library").resolve())
    return [
        NodeSpec("recommender", "recommender", {**chosen, **folder}),
        NodeSpec("player", "player", {**player, **folder}),  # plays what the library knows
    ]


def has_devices() -> bool:
    """Tell whether there is a camera or a sound input."""
    return bool(glob.glob("/dev/video*") or glob.glob("/dev/snd/pcmC*c"))


def _session(scenario: str, duration: float, summary: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"scenario": scenario, "duration": float(duration)}
    if summary:
        parameters["summary"] = str(expand(summary, "summary").resolve())
    return parameters
