# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Parameter files of a command line: read once for their errors, and for whom they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from emo_music_ros.errors import InputError

#: Key under which the parameters of a node stand.
PARAMETERS = "ros__parameters"


def read_files(arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Return the content of every ``--params-file``, because rcl's own message names no line.

    Raises
    ------
    InputError
        If a file is missing or is not YAML.
    """
    found = []
    for flag, name in zip(arguments, arguments[1:]):
        if flag != "--params-file":
            continue
        try:
            content = yaml.safe_load(Path(name).read_text("utf-8"))
        except OSError as error:
            raise InputError(
                f"parameter file {name} cannot be read: {error.strerror}", "Check the path"
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputError(
                f"parameter file {name} is not YAML: {error}", "Correct that line"
            ) from error
        if content is not None and not isinstance(content, dict):
            raise InputError(
                f"parameter file {name} holds no parameters", "Start it with '<node>:'"
            )
        found.append(content or {})
    return found


def meant_for_all(files: Sequence[Mapping[str, Any]], node: str) -> set[str]:
    """Return the parameters that files give to every node, and not by name to this one.

    Some of them are meant for others: one file often serves a whole robot.

    Parameters
    ----------
    files : sequence of dict
        What the files hold.
    node : str
        Name of the node.
    """
    everybody: set[str] = set()
    own: set[str] = set()
    for content in files:
        for path, parameters in _sections(content):
            names = set(_names(parameters))
            if "*" in path:
                everybody |= names
            elif path.rsplit("/", 1)[-1] == node:
                own |= names
    return everybody - own


def _sections(content: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if key == PARAMETERS:
            yield path, value
        elif isinstance(value, Mapping):
            yield from _sections(value, f"{path}/{str(key).strip('/')}")


def _names(parameters: Any, prefix: str = "") -> Iterator[str]:
    if not isinstance(parameters, Mapping):
        return
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
