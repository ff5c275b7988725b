"""Files that name a person: where they are, and how they are removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from emo_music_ros.errors import StorageError
from emo_music_ros.resources import data_of


def summary_folder(namespace: str, person_id: str) -> Path:
    """Return the folder of the summaries of a person's sessions; it need not be there."""
    # No namespace has a hyphen in its name: this folder is none of another namespace.
    return data_of(namespace, "session-summaries", quote(person_id, safe=" ").replace(".", "%2E"))


def log_folder() -> Path:
    """Return the folder ROS writes its logs into."""
    home = os.environ.get("ROS_HOME") or os.path.join("~", ".ros")
    return Path(os.environ.get("ROS_LOG_DIR") or os.path.join(home, "log")).expanduser()


def remove_summaries(namespace: str, person_id: str) -> list[str]:
    """Remove the summaries of a person and return their paths.

    Raises
    ------
    StorageError
        If one cannot be removed.
    """
    folder = summary_folder(namespace, person_id)
    try:
        found = sorted(map(str, folder.iterdir())) if folder.is_dir() else []
        if found:
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(
            f"the summaries in '{folder}' cannot be removed ({error.strerror})",
            "Check the rights of that folder, or delete it",
        ) from error
    return found
