# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Parameters of the nodes for a loop without ROS: ``recommender.patience=20``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import emo_music_ros
from emo_music_ros import plugins
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.base import DEFAULT
from emo_music_ros.fusion.timeline import FusionOptions
from emo_music_ros.options import build, nearest
from emo_music_ros.playback.player import Player
from emo_music_ros.recommendation.session.options import RecommenderOptions

#: Node -> (its options, plugin parameter -> (stage, default)).
NODES: dict[str, tuple[type[Any], dict[str, tuple[str, str]]]] = {
    "fusion": (FusionOptions, {"plugin": ("fusion", DEFAULT)}),
    "recommender": (RecommenderOptions, {"plugin": ("recommender", "therapeutic")}),
    "player": (Player.Options, {}),
}


@dataclass
class Settings:
    """What the nodes of the loop are set to.

    Attributes
    ----------
    ignored : list of str
        Parameters of nodes that have no part in a loop without ROS.
    """

    values: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in NODES})
    ignored: list[str] = field(default_factory=list)

    def options(self, node: str) -> Any:
        """Return the options of a node.

        Raises
        ------
        OptionError
            If a parameter does not exist or a value is refused.
        """
        kind, stages = NODES[node]
        own = {entry.name for entry in fields(kind)}
        plugin = f"{self.plugin_name(node)}." if stages else "."
        values = {}
        for name, value in self.values[node].items():
            if name in stages or (name.startswith(plugin) and name not in own):
                continue
            if "." in name:
                chosen = plugin[:-1] or "none"
                raise OptionError(
                    f"parameter '{node}.{name}' does not exist",
                    f"The plugin of {node} is '{chosen}'; its parameters begin with that",
                )
            values[name] = value
        return build(kind, values, f"{node}.")

    def plugin_name(self, node: str) -> str:
        """Return which plugin a node runs."""
        return str(self.values[node].get("plugin", NODES[node][1]["plugin"][1]))

    def plugin(self, node: str, **more: Any) -> Any:
        """Make the plugin of a node; `more` are values that were not set otherwise.

        Raises
        ------
        CompanionError
            If there is none of that name or a value is refused.
        """
        name = self.plugin_name(node)
        prefix = f"{name}."
        values = {
            parameter.removeprefix(prefix): value
            for parameter, value in self.values[node].items()
            if parameter.startswith(prefix)
        }
        stage = NODES[node][1]["plugin"][0]
        known = {entry.name for entry in fields(plugins.options_of(plugins.find(stage, name)))}
        extra = {key: value for key, value in more.items() if key in known}
        return plugins.create(stage, name, {**extra, **values})


def parse(pairs: Sequence[str]) -> Settings:
    """Read ``node.parameter=value`` as given on the command line.

    Raises
    ------
    OptionError
        If it is not of that form or there is no such node.
    """
    settings = Settings()
    folder = Path(emo_music_ros.__file__).parent / "nodes"
    others = {path.stem for path in folder.glob("*.py")}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        node, dot, parameter = name.partition(".")
        if not equals or not dot or not parameter:
            raise OptionError(
                f"'{pair}' sets nothing", "Write node.parameter=value: recommender.patience=20"
            )
        if node not in NODES:
            if node not in others:
                raise OptionError(f"there is no node '{node}'", nearest(node, sorted(NODES)))
            settings.ignored.append(name)
            continue
        settings.values[node][parameter] = _value(text)
    return settings


def _value(text: str) -> Any:
    """Return a value as JSON says it, a text as it is; True and False as Python says them."""
    lowered = text.strip().lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, Mapping) or value is None else value
