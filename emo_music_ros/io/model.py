# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Load the trained networks that come with the package, checked by hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError
from emo_music_ros.resources import share

#: Networks of others, which this project does not train.
FOREIGN = ("face_detection", "face_detection_far", "face_landmarks")
#: What trains a model that is not called after it.
_TRAINED_AS = {"response": "recommender"}


def how_to_have(name: str, folder: Path) -> str:
    """Return what to do where a model is missing or damaged: restore it, or train it again."""
    restore = "Restore it from the release"
    if name in FOREIGN:
        return restore
    modality = _TRAINED_AS.get(name, name.partition("_")[0])
    return (
        f"{restore} (a build with RESEARCH_WEIGHTS=OFF leaves it out), or train it again: "
        f"emo-music train {modality} --data CORPUS --out {folder}; {name}.md there names the corpus"
    )


def session_options() -> Any:
    """Return how every network is run: on one thread, silent about warnings, keeping no memory.

    onnxruntime would keep a plan of its memory for every length of input it ever saw, and never
    give back what the longest one took: an hour of speech has hundreds of lengths.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return options


def open_network(network: bytes | str, name: str, remedy: str, options: Any = None) -> Any:
    """Return an inference session of a network.

    Parameters
    ----------
    network : bytes or str
        Its content, or the path of its file.
    name, remedy : str
        For the error message.
    options : onnxruntime.SessionOptions, optional
        How to run it; :func:`session_options` if not given.

    Raises
    ------
    ModelError
        If it is no usable network.
    """
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(
            network, options or session_options(), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises its own kinds
        raise ModelError(f"{name} is no usable network: {error}", remedy) from error


class Model:
    """One ONNX network with its description, run on one thread.

    ``<name>.json`` beside ``<name>.onnx`` holds at least ``version`` (str), ``sha256`` of the
    network, ``labels`` (list of str) and whatever constants the encoder needs.

    Parameters
    ----------
    name : str
        File name without ending.
    folder : pathlib.Path, optional
        Where to look; default is the ``models`` folder of the package.

    Attributes
    ----------
    description : dict
        Content of the JSON file.
    labels : tuple of str
        Class names.
    version : str
        Version of the model.
    conformal : float
        Probability from which a label is credible (``conformal``); NaN if the description has none.

    Raises
    ------
    ModelError
        If a file is missing, unreadable, does not match its hash or is no network.
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:

        self.name = name
        folder = share("models") if folder is None else Path(folder)
        network, description = folder / f"{name}.onnx", folder / f"{name}.json"
        remedy = how_to_have(name, folder)
        for path in (network, description):
            if not path.is_file():
                raise ModelError(f"model file {path} is missing", remedy)
        try:
            self.description: dict[str, Any] = json.loads(description.read_text("utf-8"))
            expected = self.description["sha256"]
            self.version = str(self.description["version"])
            self.labels = tuple(str(label) for label in self.description["labels"])
            self.conformal = float(self.description.get("conformal", "nan"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"model description {description} is unreadable: {error!r}", remedy
            ) from error
        content = network.read_bytes()
        if hashlib.sha256(content).hexdigest() != expected:
            raise ModelError(f"model file {network} is corrupt: its hash does not match", remedy)
        self._session = open_network(content, f"model file {network}", remedy)
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def __call__(self, *inputs: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the network on its inputs in their order and return all outputs."""
        return self._session.run(None, dict(zip(self._inputs, inputs, strict=True)))  # type: ignore[no-any-return]


def describe(network: Path, **description: Any) -> None:
    """Write the description of a freshly exported network beside it, hash included."""
    digest = hashlib.sha256(network.read_bytes()).hexdigest()
    text = json.dumps(
        {**description, "sha256": digest}, indent=1, ensure_ascii=False, sort_keys=True
    )
    network.with_suffix(".json").write_text(text + "\n", "utf-8")
