# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Finished steps of training and evaluation, kept so that an interrupted run goes on."""

from __future__ import annotations

import hashlib
import inspect
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError


def default_folder() -> Path:
    """Return the folder for finished steps below the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "emo_music_ros" / "training"


def fingerprint(parts: object) -> str:
    """Return a hash of settings, arrays, functions and classes; code counts by its source text."""
    digest = hashlib.sha256()

    def add(part: object) -> None:
        if isinstance(part, np.ndarray):
            digest.update(f"array {part.dtype} {part.shape}".encode())
            plain = part.dtype.hasobject
            digest.update(repr(part.tolist()).encode() if plain else part.tobytes())
        elif isinstance(part, Mapping):
            for name in sorted(part, key=str):
                digest.update(f"key {name}".encode())
                add(part[name])
        elif isinstance(part, Sequence) and not isinstance(part, (str, bytes)):
            digest.update(f"sequence {len(part)}".encode())
            for item in part:
                add(item)
        elif inspect.isclass(part) or inspect.isroutine(part):
            try:
                digest.update(inspect.getsource(part).encode())
            except (OSError, TypeError):  # built in, or typed at a prompt
                code = getattr(part, "__code__", None)
                digest.update(f"{part!r}".encode() if code is None else code.co_code)
        else:
            digest.update(f"{type(part).__name__} {part!r}".encode())

    add(parts)
    return digest.hexdigest()


class Work:
    """A folder of finished steps.

    Parameters
    ----------
    folder : pathlib.Path
        Made when the first step is kept.
    frozen : bool
        Only recall; a step that is not there is an error.
    """

    def __init__(self, folder: Path, frozen: bool = False) -> None:
        self.folder = folder
        self.frozen = frozen

    def recall(
        self,
        name: str,
        key: Sequence[object],
        compute: Callable[[], Mapping[str, NDArray[Any]]],
    ) -> dict[str, NDArray[Any]]:
        """Return what a step gave before, or take it and keep the result.

        Parameters
        ----------
        name : str
            For the file name.
        key : sequence
            All the step depends on; see :func:`fingerprint`.
        compute : callable
            The step. Returns arrays by name.

        Raises
        ------
        InputError
            If the folder is frozen and the step was never taken, or cannot be written.
        """
        path = self._path(name, key, ".npz")
        if path.is_file():
            try:
                with np.load(path, allow_pickle=False) as content:
                    return {entry: content[entry] for entry in content.files}
            except (OSError, ValueError, KeyError, zipfile.BadZipFile):
                path.unlink()  # cut off by a full disk or a crash: take the step again
        if self.frozen:
            raise InputError(
                f"{name} was not trained with these settings (no {path})",
                "Run emo-music train first",
            )
        arrays = {entry: np.asarray(value) for entry, value in compute().items()}
        partial = path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            partial.replace(path)
        except OSError as error:
            if partial.is_file():
                partial.unlink()
            raise InputError(
                f"{path} cannot be written: {error}", "Free space or name another --work folder"
            ) from error
        return arrays

    def unfinished(self, name: str, key: Sequence[object]) -> Path:
        """Return the file where a long step may keep how far it got."""
        return self._path(name, key, ".unfinished")

    def _path(self, name: str, key: Sequence[object], ending: str) -> Path:
        return self.folder / f"{_file_name(name)}-{fingerprint(key)[:16]}{ending}"


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name).strip("_")
