# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Passwords and tokens: never a parameter, which others can read, and never in a text."""

from __future__ import annotations

import ipaddress
import os
import stat

from emo_music_ros.errors import InputError
from emo_music_ros.paths import expand

#: Most bytes of a file with a secret.
_LARGEST = 4096


def secret(variable: str, file: str) -> str:
    """Return a secret from a file or, where none is named, from the environment; empty = none.

    Parameters
    ----------
    variable : str
        Of the environment.
    file : str
        Which only its owner may read; empty = the variable counts.

    Raises
    ------
    InputError
        If the file cannot be read, others may read it, or it is too long.
    """
    if not file:
        return os.environ.get(variable, "").strip()
    path = expand(file, variable)
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as f:
            about = os.fstat(f.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o077:
                raise InputError(
                    f"'{path}' holds a secret and others may read it, or it is no file",
                    f"chmod 600 '{path}'",
                )
            content = f.read(_LARGEST + 1)
        found = content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(
            f"the secret in '{path}' cannot be read ({reason})",
            f"Write it into that file, mode 600, or set {variable}",
        ) from None
    if len(content) > _LARGEST or not found.isprintable():
        raise InputError(f"what is in '{path}' is no secret", "Write one line into it")
    return found


def guard(host: str, encrypted: bool, remedy: str) -> None:
    """Refuse to send a secret to another machine in the clear.

    Raises
    ------
    InputError
        If it would be.
    """
    if not encrypted and not _here(host):
        raise InputError(f"a secret would go to '{host}' in the clear", remedy)


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
