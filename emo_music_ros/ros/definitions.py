# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The text of message types, as recordings carry it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from emo_music_ros.errors import InputError

#: Types that are no messages.
_PLAIN = re.compile(r"(bool|byte|char|w?string|float(32|64)|u?int(8|16|32|64))$")
_RULE = "=" * 80


def definition(kind: str) -> str:
    """Return the definition of a message and, below it, of everything it is made of.

    Parameters
    ----------
    kind : str
        As ``package/msg/Name``.

    Raises
    ------
    InputError
        If a definition is not installed.
    """
    texts: dict[str, str] = {}
    waiting = [kind]
    while waiting:
        name = waiting.pop(0)
        if name not in texts:
            texts[name] = _file(name).read_text("utf-8")
            waiting += _parts(texts[name], name.split("/")[0])
    first = texts.pop(kind)
    others = (f"{_RULE}\nMSG: {_short(name)}\n{text}" for name, text in texts.items())
    return "\n".join([first, *others])


def _short(kind: str) -> str:
    package, _, name = kind.split("/")
    return f"{package}/{name}"


def _file(kind: str) -> Path:
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        path = Path(prefix, "share", f"{kind}.msg")
        if path.is_file():
            return path
    raise InputError(
        f"the definition of {kind} is not installed", "Source the workspace that has it"
    )


def _parts(text: str, package: str) -> Iterator[str]:
    """Yield the messages that a definition is made of."""
    for line in text.splitlines():
        words = line.split("#")[0].split()
        kind = re.split(r"[\[<]", words[0])[0] if len(words) > 1 else ""
        if not kind or _PLAIN.match(kind):
            continue
        parts = kind.split("/")
        yield f"{parts[0] if len(parts) > 1 else package}/msg/{parts[-1]}"
