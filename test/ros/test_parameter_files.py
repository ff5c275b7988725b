# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.ros.parameter_files import meant_for_all, read_files

FILE = """
/**:
  ros__parameters:
    robot: tiago
    camera: {device: "2", deep: {er: 1}}
    shared: 1
/**/camera:
  ros__parameters: {near: 1}
camera:
  ros__parameters: {shared: 2, devize: "3"}
home:
  camera:
    ros__parameters: {own: 1}
/fusion:
  ros__parameters: {step: 0.5}
"""


def test_what_a_file_gives_to_all_is_told_from_what_it_gives_by_name(tmp_path):
    path = tmp_path / "robot.yaml"
    path.write_text(FILE)
    files = read_files(["node", "--ros-args", "--params-file", str(path)])
    everybody = {"robot", "camera.device", "camera.deep.er", "near"}
    assert meant_for_all(files, "camera") == everybody
    assert meant_for_all(files, "fusion") == everybody | {"shared"}


@pytest.mark.parametrize("content", [b"a: [1", b"- 1\n", b"\xff\xfe\xfa"])
def test_what_is_no_parameter_file_is_named(tmp_path, content):
    path = tmp_path / "robot.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"robot\.yaml"):
        read_files(["--params-file", str(path)])
    with pytest.raises(InputError, match="absent"):
        read_files(["--params-file", "absent.yaml"])
