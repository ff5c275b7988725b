# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music reference``: the tables of the documentation, made from the code they describe."""

from __future__ import annotations

import argparse
import pkgutil
from dataclasses import fields
from typing import Any

from emo_music_ros import nodes, plugins
from emo_music_ros.commands.companion import node_class
from emo_music_ros.errors import CompanionError
from emo_music_ros.options import Rule, default_of, rule_of


def executables() -> list[str]:
    """Return the names of all node executables."""
    return [module.name for module in pkgutil.iter_modules(nodes.__path__)]


def markdown() -> str:
    """Return the parameters of every node and plugin as Markdown."""
    parts = [
        "# Parameters",
        "Made by `emo-music reference`. Every node also has `autostart` (bool, default true: it "
        "configures and activates itself); those that work with people have `require_consent` "
        "(bool, default false; true: nothing is done with a person who has not consented); where a "
        "plugin is named, `plugin`. The parameters of a plugin carry its name in front: "
        "`weighted.half_life`.",
        "## Nodes",
    ]
    for name in executables():
        node = node_class(name)
        stages = ", ".join(
            f"`{parameter}`: {stage}, default `{default}`"
            for parameter, (stage, default) in node.stages.items()
        )
        parts += [f"### {name}", (node.__doc__ or "").strip().splitlines()[0]]
        if stages:
            parts.append(f"Plugins: {stages}.")
        parts += _table(node.Options)
    parts.append("## Plugins")
    for stage in plugins.GROUPS:
        for name, point in sorted(plugins.available(stage).items()):
            if not point.value.startswith("emo_music_ros."):
                continue
            try:
                plugin = plugins.find(stage, name)
            except CompanionError as error:
                parts += [f"### {stage}: {name}", str(error)]
                continue
            parts += [f"### {stage}: {name}", (plugin.__doc__ or "").strip().splitlines()[0]]
            parts += _table(plugins.options_of(plugin))
    return "\n\n".join(parts) + "\n"


def _table(options: type[Any]) -> list[str]:
    rows = [
        f"| `{entry.name}` | {type(default_of(entry)).__name__} | `{default_of(entry)!r}` | "
        f"{_range(rule_of(entry))} | {'yes' if rule_of(entry).dynamic else 'no'} | "
        f"{rule_of(entry).description} |"
        for entry in fields(options)
    ]
    if not rows:
        return []
    head = [
        "| parameter | type | default | allowed | at run time | meaning |",
        "|---|---|---|---|---|---|",
    ]
    return ["\n".join(head + rows)]


def _range(rule: Rule) -> str:
    if rule.choices:
        return ", ".join(f"`{choice}`" for choice in rule.choices)
    if rule.low is None and rule.high is None:
        return "any"
    low = "" if rule.low is None else f"{rule.low:g}"
    high = "" if rule.high is None else f"{rule.high:g}"
    return f"{low} .. {high}".strip()


def reference(arguments: argparse.Namespace) -> int:
    """Print the parameters of every node and plugin as Markdown."""
    print(markdown(), end="")
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("reference", help="print all parameters as Markdown")
    one.set_defaults(run=reference)
