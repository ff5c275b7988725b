# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Files that name a person: where they are, and how they are removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from emo_music_ros.errors import StorageError
from emo_music_ros.resources import data_of

#: Endings of what is kept of a session.
SESSION_FILES = (".mcap", ".csv")
#: Endings of summaries.
SUMMARY_FILES = (".json",)


def summary_folder(namespace: str, person_id: str) -> Path:
    """Return the folder of the summaries of a person's sessions; it need not be there."""
    # No namespace has a hyphen in its name: this folder is none of another namespace.
    return folder_of(data_of(namespace, "session-summaries"), person_id)


def recordings_folder(namespace: str) -> Path:
    """Return the folder in which everybody has one for recordings of sessions."""
    return data_of(namespace, "session-recordings")


def voices_folder(namespace: str) -> Path:
    """Return the folder in which everybody has one for the print of their voice."""
    return data_of(namespace, "voice-prints")


def folder_of(folder: Path, person_id: str) -> Path:
    """Return the folder of a person in another; it need not be there."""
    return folder / quote(person_id, safe=" ").replace(".", "%2E")


def log_folder() -> Path:
    """Return the folder ROS writes its logs into."""
    home = os.environ.get("ROS_HOME") or os.path.join("~", ".ros")
    return Path(os.environ.get("ROS_LOG_DIR") or os.path.join(home, "log")).expanduser()


def remove_traces(namespace: str, person_id: str) -> list[str]:
    """Remove summaries and recordings of a person's sessions and their voice; return the paths.

    Raises
    ------
    StorageError
        If one cannot be removed.
    """
    others = (
        folder_of(place(namespace), person_id) for place in (recordings_folder, voices_folder)
    )
    folders = (summary_folder(namespace, person_id), *others)
    return [path for folder in folders for path in remove_folder(folder)]


def remove_folder(folder: Path) -> list[str]:
    """Remove a folder with what is in it and return what that was.

    Raises
    ------
    StorageError
        If it cannot be removed.
    """
    try:
        found = sorted(map(str, folder.iterdir())) if folder.is_dir() else []
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(
            f"what is in '{folder}' cannot be removed ({error.strerror})",
            "Check the rights of that folder, or delete it",
        ) from error
    return found


def remove_old(
    folder: Path, days: float, now: float, endings: tuple[str, ...] = SESSION_FILES
) -> list[Path]:
    """Remove recordings or summaries of sessions written more than `days` ago; return them.

    Parameters
    ----------
    folder : pathlib.Path
        In which everybody has a folder; it need not be there. Other files are left alone.
    days : float
        How long they are kept.
    now : float
        Unix time [s].
    endings : tuple of str
        Of the files meant.

    Raises
    ------
    StorageError
        If one cannot be removed.
    """
    removed = []
    for path in sorted(folder.glob("*/*")):
        try:
            old = now - path.lstat().st_mtime > days * 86400
            if path.suffix in endings and old and not path.is_dir():
                path.unlink()
                removed.append(path)
        except FileNotFoundError:  # somebody else was faster
            continue
        except OSError as error:
            raise StorageError(
                f"'{path}' is older than {days:g} days and cannot be removed ({error.strerror})",
                "Check the rights of that folder, or delete it",
            ) from error
    return removed
