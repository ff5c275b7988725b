# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pictures of a camera, file, stream or folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sensor_msgs.msg import CameraInfo

from emo_music_ros import streams
from emo_music_ros.options import option
from emo_music_ros.ros.calibration import read_calibration, scaled
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import FRAME_OUT
from emo_music_ros.ros.source_node import IMAGE, PictureOptions, SourceNode


class CameraNode(SourceNode):
    """Pictures of a camera, file, stream or folder, and its calibration where there is one."""

    node_name = "camera"
    purposes = ("face",)
    stages = {"plugin": ("source", "camera")}
    publishes = (streams.ImageFrame,)
    modality = "face"

    @dataclass(frozen=True)
    class Options(PictureOptions):
        """Who is being sensed, from where, and by what lens."""

        camera_info: str = option(
            "",
            "calibration of the camera, a YAML file, published beside its pictures; empty = none",
        )

    def configure(self) -> None:
        """Read the calibration."""
        name = self.options.camera_info
        self._calibration = read_calibration(name) if name else None

    def activate(self) -> None:
        """Advertise the topics and start the source."""
        if self._calibration is not None:
            self._lens = self.advertise(CameraInfo, "camera/camera_info", FRAME_OUT)
        super().activate()

    def sent(self, topic: str, message: Any) -> None:
        """Send the calibration with the header of the picture."""
        if topic == IMAGE and self._calibration is not None:
            info = scaled(self._calibration, message.width, message.height)
            info.header = message.header
            self._lens.publish(info)


def main() -> int:
    """Run the node."""
    return run_node(CameraNode)
