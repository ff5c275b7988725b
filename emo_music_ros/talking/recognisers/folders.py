# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Folders of models that users bring."""

from __future__ import annotations

from pathlib import Path

from emo_music_ros.errors import ModelError
from emo_music_ros.paths import expand


def model_folder(named: str, part: str, kind: str, remedy: str) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    named : str
        As the user gave it.
    part : str
        File or folder that such a model has.
    kind : str
        What it is called in messages.
    remedy : str
        What to do where there is none.

    Raises
    ------
    ModelError
        If there is no such model in it.
    """
    folder = expand(named, "model") if named else Path()
    if not named or not (folder / part).exists():
        raise ModelError(f"there is no {kind} model in '{named}'", remedy)
    return folder
