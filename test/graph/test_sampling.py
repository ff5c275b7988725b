# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Processes: a still face is looked at seldom, and only while the fusion asks for it."""

import cv2
import pytest
from diagnostic_msgs.msg import DiagnosticArray

from emo_music_ros import msg

PORTRAIT = "test/encoding/face/portrait.jpg"


@pytest.fixture
def rate_of(probe):
    found = probe.listen(DiagnosticArray, "/diagnostics")

    def rate(node):
        for array in reversed(found):
            for status in array.status:
                if status.name == f"/{node}":
                    values = {entry.key: entry.value for entry in status.values}
                    return float(values["rate"]) if "rate" in values else None
        return None

    return rate


def test_a_still_face_is_looked_at_at_the_floor_until_the_fusion_dies(
    probe, start, until, rate_of, tmp_path, request
):
    portrait = cv2.imread(str(request.config.rootpath / PORTRAIT))
    for number in range(2):  # played again and again
        cv2.imwrite(str(tmp_path / f"{number}.png"), portrait)
    asked = probe.listen(msg.SamplingRequest, "sampling/face")
    seen = probe.listen(msg.ModalityEncoding, "encoding/face")
    start("camera", camera__device=tmp_path)
    start("face_encoder")
    until(lambda: rate_of("camera") == rate_of("face_encoder") == 15.0, "their own rates")
    fusion = start("fusion", sampling="face=3-15")
    until(lambda: seen, "the face")
    until(lambda: asked and asked[-1].rate == 3.0, "a request for the floor")
    until(lambda: rate_of("camera") == rate_of("face_encoder") == 3.0, "the floor")
    assert {one.modality for one in asked} == {"face"}
    assert all(one.floor <= one.rate <= one.ceiling for one in asked)
    fusion.kill()
    until(lambda: rate_of("camera") == rate_of("face_encoder") == 15.0, "their own rates again")
