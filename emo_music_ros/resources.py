"""Where the files that come with the package are: source tree, virtual environment or workspace."""

from __future__ import annotations

import os
from pathlib import Path

from emo_music_ros.errors import InputError

PACKAGE = "emo_music_ros"


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


def cache(*parts: str) -> Path:
    """Return a path in the cache folder, made on demand.

    ``EMO_MUSIC_CACHE`` names the folder; the default is ``$XDG_CACHE_HOME/emo_music_ros`` or
    ``~/.cache/emo_music_ros``.
    """
    root = os.environ.get("EMO_MUSIC_CACHE")
    if not root:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        root = os.path.join(base, PACKAGE)
    path = Path(root).joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
