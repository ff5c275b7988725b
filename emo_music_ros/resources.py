# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Where files are: those that come with the package, the cache, what the program keeps."""

from __future__ import annotations

import atexit
import contextlib
import errno
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

from emo_music_ros.encryption import encrypted_by
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.paths import expand

log = logging.getLogger(__name__)

PACKAGE = "emo_music_ros"
#: Temporary folders by the one they stand for and the variable that would name it.
_made: dict[tuple[str, str], Path] = {}


def share(*parts: str) -> Path:
    """Return the path of an installed data file or folder, such as ``share("models")``.

    Looks into the source tree first and then into ``share/emo_music_ros`` of the prefix the
    package is installed in.

    Raises
    ------
    InputError
        If it is in neither place.
    """
    here = Path(__file__).resolve()
    tree = here.parents[1]
    places = [tree] if (tree / "package.xml").is_file() else []
    places += [parent / "share" / PACKAGE for parent in here.parents]
    for place in places:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    raise InputError(
        f"'{'/'.join(parts)}' is not part of this installation",
        "Build and install the package again",
    )


def own_command(*arguments: str) -> list[str]:
    """Return how ``emo-music`` is started as a process of its own, wherever it is installed."""
    code = "import sys; from emo_music_ros.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, *arguments]


def cache(*parts: str) -> Path:
    """Return a path in the cache folder, for what can be made again; its folder is made.

    ``EMO_MUSIC_CACHE`` names the folder; the default is ``$XDG_CACHE_HOME/emo_music_ros`` or
    ``~/.cache/emo_music_ros``. Where nothing can be written and there is nothing at the path
    yet, it is in a private folder that is gone when the program ends; that is told once.
    """
    return _place("EMO_MUSIC_CACHE", ("EMO_MUSIC_CACHE",), "XDG_CACHE_HOME", ".cache", parts)


def data(*parts: str) -> Path:
    """Return a path in the folder of what cannot be made again, such as what was learned.

    ``EMO_MUSIC_DATA`` names the folder, or else ``EMO_MUSIC_CACHE``; the default is
    ``$XDG_DATA_HOME/emo_music_ros`` or ``~/.local/share/emo_music_ros``. What cannot be written
    is handled as by :func:`cache`.

    Raises
    ------
    StorageError
        If ``EMO_MUSIC_ENCRYPTED`` is ``yes`` and the folder lies on storage that is not encrypted.
    """
    named = ("EMO_MUSIC_DATA", "EMO_MUSIC_CACHE")
    path = _place("EMO_MUSIC_DATA", named, "XDG_DATA_HOME", ".local/share", parts)
    wanted = os.environ.get("EMO_MUSIC_ENCRYPTED", "")
    if wanted not in ("", "no") and not encrypted_by(path.parent):
        raise StorageError(
            f"'{path.parent}' is not on encrypted storage, and EMO_MUSIC_ENCRYPTED asks for it:"
            " nothing is kept there",
            "Name an encrypted folder by EMO_MUSIC_DATA (see docs/privacy.md)",
        )
    return path


def data_of(namespace: str, *parts: str) -> Path:
    """Return a path in :func:`data` for a namespace: each robot or resident has its own."""
    return data(*namespace.strip("/").split("/"), *parts)


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it, for its owner only, whatever the umask; return it.

    What is there already stays as it is.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    if not path.is_dir():
        private_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            path.chmod(0o700)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return path


def writable(folder: Path) -> bool:
    """Return whether files can be made in a folder: rights and file system let it."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=True)


def _place(
    variable: str, named: tuple[str, ...], base: str, default: str, parts: tuple[str, ...]
) -> Path:
    """Return a path below the folder that the environment names; `variable` is told of."""
    chosen = next((os.environ[name] for name in named if os.environ.get(name)), "")
    try:
        if not chosen:
            chosen = os.path.join(os.environ.get(base) or os.path.join("~", default), PACKAGE)
        path = expand(chosen, variable).joinpath(*parts)
        if path.exists() or writable(private_folder(path.parent)):
            return path
        reason = "it is read-only"
    except OSError as error:
        reason = error.strerror or str(error)
    except InputError as error:
        reason = error.cause
    path = _temporary(variable, chosen, reason).joinpath(*parts)
    private_folder(path.parent)
    return path


def _temporary(variable: str, chosen: str, reason: str) -> Path:
    """Return a folder for this process; where there is none yet it is made, and that is told."""
    if (chosen, variable) in _made:
        return _made[chosen, variable]
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{PACKAGE}-"))
    except OSError as error:
        raise StorageError(
            f"neither '{chosen}' ({reason}) nor a temporary folder ({error}) can be written",
            f"Free disk space or set {variable} to a folder that can be written",
        ) from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    log.warning(
        "'%s' cannot be written (%s); '%s' is used until the program ends, and what is in it is "
        "lost then. Set %s to a folder that can be written",
        chosen,
        reason,
        folder,
        variable,
    )
    _made[chosen, variable] = folder
    return folder
