# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Paths that come from outside: parameters, requests, command lines, environment."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from emo_music_ros.errors import InputError

#: Longest name of a file and longest path that Linux takes [bytes].
LONGEST_NAME, LONGEST_PATH = 255, 4095

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


def expand(text: str | Path, what: str) -> Path:
    """Return a path as the system can take it, with ``~`` replaced; nothing need be there.

    Parameters
    ----------
    text : str or Path
        As somebody wrote it.
    what : str
        What it is for, such as ``track``; begins the cause.

    Raises
    ------
    InputError
        If it is empty, too long, holds a character that no file name has, or names the home
        folder of a user there is none of.
    """
    written = str(text)
    if not written:
        raise InputError(f"{what}: the path is empty", "Name a file or folder")
    shown = repr(written if len(written) <= 80 else f"{written[:40]}...{written[-20:]}")
    if "\0" in written:
        raise InputError(f"{what}: {shown} holds a NUL character", "Remove it from the path")
    try:
        path = Path(written).expanduser()
        size = len(os.fsencode(path))
        longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
    except RuntimeError as error:
        raise InputError(
            f"{what}: {shown} names the home folder of a user who is not known here",
            "Write the path out in full",
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"{what}: {shown} holds a character that no file name has", "Correct the path"
        ) from error
    if size > LONGEST_PATH or longest > LONGEST_NAME:
        raise InputError(
            f"{what}: {shown} is too long",
            f"Use at most {LONGEST_NAME} bytes a name and {LONGEST_PATH} in all",
        )
    return path


def kind(path: Path) -> str:
    """Return what is at a path, links followed: file, folder, device, pipe, socket, or ``""``.

    Raises
    ------
    OSError
        If it cannot be told: a folder on the way is not readable, links go in a circle.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ""
    return _KINDS.get(stat.S_IFMT(mode), "special file")


def regular_file(text: str | Path, what: str) -> Path:
    """Return the path of a file that exists. Nothing is opened, so a pipe cannot hold it up.

    Parameters
    ----------
    text : str or Path
        As somebody wrote it.
    what : str
        What it is for, such as ``track``; begins the cause.

    Raises
    ------
    InputError
        If there is no such path (see :func:`expand`), nothing there, or something else than a
        file.
    """
    path = expand(text, what)
    try:
        found = kind(path)
    except OSError as error:
        raise InputError(
            f"{what}: '{path}' cannot be read: {error.strerror}",
            "Check the path and the rights of its folders",
        ) from error
    if not found:
        raise InputError(f"{what}: '{path}' does not exist", "Check the path")
    if found != "file":
        raise InputError(f"{what}: '{path}' is a {found}, not a file", "Name a file")
    return path


def inside(folder: str | Path, name: str | Path, what: str) -> Path:
    """Return the path of a name below a folder, links resolved; nothing need be there yet.

    Parameters
    ----------
    folder : str or Path
        What must not be left.
    name : str or Path
        Relative to it.
    what : str
        What it is for, such as ``replay``; begins the cause.

    Raises
    ------
    InputError
        If there is no such path (see :func:`expand`), or it is outside of the folder: absolute,
        by way of ``..`` or of a link. The folder itself is not inside.
    """
    root = os.path.realpath(expand(folder, what))
    # Joined first: a name is no place to write a home folder.
    path = Path(os.path.realpath(expand(Path(root, str(name)), what)))
    if not name or os.path.isabs(name) or path == Path(root) or not path.is_relative_to(root):
        raise InputError(
            f"{what}: {str(name)!r} is not inside '{root}'",
            "Name something in that folder, without '..' or a link that leads out of it",
        )
    return path
