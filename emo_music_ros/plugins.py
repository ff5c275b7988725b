# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Find plugins by entry point: one group per stage, one class per plugin.

A plugin is a class with a nested or inherited ``Options`` dataclass (see
:mod:`emo_music_ros.options`) whose constructor takes one instance of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from emo_music_ros.errors import CompanionError, PluginError
from emo_music_ros.options import build, nearest

#: Stage -> entry point group.
GROUPS = {
    stage: f"emo_music_ros.{stage}"
    for stage in (
        *("source", "encoder", "fusion", "recommender", "catalogue", "player"),
        *("recogniser", "voice", "notifier"),
    )
}


@dataclass(frozen=True)
class NoOptions:
    """For plugins and nodes that have nothing to set."""


def available(stage: str) -> dict[str, EntryPoint]:
    """Return the entry points of one stage by plugin name.

    Raises
    ------
    PluginError
        If the stage does not exist.
    """
    if stage not in GROUPS:
        raise PluginError(f"there is no plugin stage '{stage}'", nearest(stage, list(GROUPS)))
    return {point.name: point for point in entry_points(group=GROUPS[stage])}


def find(stage: str, name: str) -> type:
    """Import and return the class of one plugin.

    Raises
    ------
    PluginError
        If no such plugin is installed or it cannot be imported.
    """
    points = available(stage)
    if name not in points:
        raise PluginError(f"there is no {stage} plugin '{name}'", nearest(name, list(points)))
    point = points[name]
    try:
        loaded = point.load()
    except Exception as error:  # a third party's import may fail in any way
        raise PluginError(
            f"{stage} plugin '{name}' ({point.value}) cannot be imported: {error!r}",
            "Install what it needs, or choose another plugin",
        ) from error
    if not isinstance(loaded, type):
        raise PluginError(
            f"{stage} plugin '{name}' ({point.value}) is not a class",
            "Its entry point must name a class that takes one Options instance",
        )
    return loaded


def options_of(plugin: type) -> type[Any]:
    """Return the options dataclass of a plugin class."""
    options: type[Any] = getattr(plugin, "Options", NoOptions)
    return options


def create(stage: str, name: str, values: Mapping[str, Any] | None = None) -> Any:
    """Make a plugin from loose option values.

    Raises
    ------
    PluginError
        If it is unknown, cannot be imported, or its constructor fails.
    OptionError
        If an option is unknown or out of range.
    """
    plugin = find(stage, name)
    options = build(options_of(plugin), values or {}, prefix=f"{name}.")
    try:
        return plugin(options)
    except CompanionError:
        raise
    except Exception as error:  # a third party's constructor may fail in any way
        raise PluginError(
            f"{stage} plugin '{name}' could not start: {error!r}",
            "Check its options and what it needs, or choose another plugin",
        ) from error
