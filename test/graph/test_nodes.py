# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Single nodes as processes: lifecycle, parameters, diagnostics, bad input."""

import os
import signal

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from sensor_msgs.msg import CameraInfo, Image

from emo_music_ros import msg
from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.ros import conversions


def diagnostics_of(probe, until, node, condition):
    found = probe.received.get("/diagnostics")
    if found is None:
        found = probe.listen(DiagnosticArray, "/diagnostics")

    def search():
        for array in reversed(found):
            for status in array.status:
                if status.name == node and condition(status):
                    return status
        return None

    return until(search, f"diagnostics of {node}")


def state_of(probe, node):
    return probe.call(GetState, f"{node}/get_state", GetState.Request()).current_state.label


def set_parameter(probe, node, name, value):
    if isinstance(value, float):
        sent = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    else:
        sent = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
    parameter = Parameter(name=name, value=sent)
    request = SetParameters.Request(parameters=[parameter])
    return probe.call(SetParameters, f"{node}/set_parameters", request).results[0]


def say(probe, text, until, found):
    publisher = probe.publisher(msg.Utterance, "conversation/utterance")
    publisher.publish(msg.Utterance(header=_header(probe), text=text, source="simulated:test"))
    return until(lambda: found and found[-1], "an encoding")


def _header(probe):
    from std_msgs.msg import Header

    return Header(stamp=probe.stamp())


def test_encoder_node_encodes_and_keeps_stamp_source_and_person(probe, start, until):
    start("text_encoder", person_id="ada")
    found = probe.listen(msg.ModalityEncoding, "encoding/text")
    encoding = say(probe, "I am so happy today, thank you!", until, found)
    assert encoding.modality == "text"
    assert encoding.person_id == "ada"
    assert encoding.source == "simulated:test"
    assert encoding.header.stamp.sec > 0
    assert encoding.version
    assert sum(encoding.estimate.probabilities) == pytest.approx(1, abs=1e-4)
    assert encoding.estimate.valence > 0
    assert len(encoding.embedding) > 0


def test_two_people_are_a_group_and_one_is_none(probe, start, until):
    start("fusion", require_consent=False)
    groups = probe.listen(msg.GroupState, "emotion/group")
    publisher = probe.publisher(msg.ModalityEncoding, "encoding/face")
    emotions = probe.listen(msg.EmotionState, "emotion")

    def see(*people):
        for person in people:
            estimate = conversions.estimate_message(
                from_labels(STATES, np.array([0.9, 0.1, 0.0, 0.0]), 1.0, 0.2)
            )
            publisher.publish(
                msg.ModalityEncoding(
                    header=_header(probe), modality="face", person_id=person, estimate=estimate
                )
            )

    until(lambda: see("resident") or any(one.present for one in emotions), "one person")
    assert not any(group.present > 1 for group in groups)
    until(lambda: see("resident", "guest") or any(g.known == 2 for g in groups), "a group")
    group = next(group for group in groups if group.known == 2)
    assert group.state == msg.EmotionState.POSITIVE
    assert group.valence > 0
    assert not group.deviating


def test_malformed_messages_are_counted_and_the_node_goes_on(probe, start, until):
    start("music_encoder")
    publisher = probe.publisher(msg.AudioChunk, "player/audio")
    publisher.publish(msg.AudioChunk(sample_rate=0, channels=1, data=[0.0, 0.1]))
    publisher.publish(msg.AudioChunk(sample_rate=16000, channels=0, data=[0.0]))
    status = diagnostics_of(
        probe, until, "/music_encoder",
        lambda status: any(pair.key == "malformed" and pair.value == "2" for pair in status.values),
    )  # fmt: skip
    assert status.level == DiagnosticStatus.WARN
    assert "messages of player/audio: sound of 16000 Hz with 0 channels" in status.message


def test_lifecycle_and_parameters(probe, start, until):
    process = start("fusion")
    until(lambda: state_of(probe, "/fusion") == "active", "fusion to be active")

    refused = set_parameter(probe, "/fusion", "logpool.half_life", 1e9)
    assert not refused.successful
    assert "half_life" in refused.reason
    assert "600" in refused.reason
    refused = set_parameter(probe, "/fusion", "step", 1.0)
    assert not refused.successful
    assert "cannot change while" in refused.reason
    assert set_parameter(probe, "/fusion", "logpool.half_life", 9.0).successful

    def change(transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return probe.call(ChangeState, "/fusion/change_state", request).success

    assert change(Transition.TRANSITION_DEACTIVATE)
    assert change(Transition.TRANSITION_CLEANUP)
    assert state_of(probe, "/fusion") == "unconfigured"
    assert set_parameter(probe, "/fusion", "plugin", "average").successful
    assert change(Transition.TRANSITION_CONFIGURE)
    assert change(Transition.TRANSITION_ACTIVATE)
    found = probe.listen(msg.EmotionState, "emotion")
    until(lambda: found and found[-1].strategy == "average", "a state from the other strategy")

    names = ["step", "plugin"]
    answer = probe.call(
        DescribeParameters, "/fusion/describe_parameters", DescribeParameters.Request(names=names)
    )
    assert all(descriptor.description for descriptor in answer.descriptors)
    assert process.interrupt() == 0


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"plugin": "lerned"}, "Did you mean 'learned'"),
        ({"step": 99.0}, "0.02 to 10"),
        ({"step": "fast"}, "Give a float"),
        ({"logpool__half_life": -1.0}, "0.1 to 600"),
    ],
)
def test_refused_start_values_leave_a_live_unconfigured_node(
    probe, start, until, parameters, words
):
    process = start("fusion", **parameters)
    status = diagnostics_of(
        probe, until, "/fusion", lambda status: status.level == DiagnosticStatus.ERROR
    )
    assert words in status.message
    assert state_of(probe, "/fusion") == "unconfigured"
    assert process.popen.poll() is None
    # and it can be mended without a restart
    name = next(iter(parameters)).replace("__", ".")
    right = {"plugin": "logpool", "step": 0.5, "logpool.half_life": 5.0}[name]
    assert set_parameter(probe, "/fusion", name, right).successful
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
    assert probe.call(ChangeState, "/fusion/change_state", request).success


def test_mistyped_parameter_is_named_and_the_node_works(probe, start, until):
    start("fusion", smothing=3.0)
    status = diagnostics_of(
        probe, until, "/fusion", lambda status: status.level == DiagnosticStatus.WARN
    )
    assert "Did you mean 'smoothing'" in status.message
    assert state_of(probe, "/fusion") == "active"


def test_broken_parameter_file_ends_with_its_line(start, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("fusion:\n  ros__parameters:\n    step: [0.5\n")
    process = start("fusion", "--ros-args", "--params-file", str(path))
    assert process.join() == 2
    assert "broken.yaml is not YAML" in process.output
    assert "line 4" in process.output


def test_missing_model_is_named_and_leaves_the_node_alive(probe, start, until, tmp_path):
    start("face_encoder", face__models=str(tmp_path))
    status = diagnostics_of(
        probe, until, "/face_encoder", lambda status: status.level == DiagnosticStatus.ERROR
    )
    assert "face.onnx is missing" in status.message


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_node_cleanly(probe, start, until, number):
    process = start("recommender")
    until(lambda: state_of(probe, "/recommender") == "active", "recommender to be active")
    process.popen.send_signal(number)
    assert process.join() == 0
    assert "Traceback" not in process.output


def test_absent_camera_is_a_state_not_the_end(probe, start, until, tmp_path):
    process = start("camera", camera__device=str(tmp_path / "no.mp4"))
    status = diagnostics_of(
        probe, until, "/camera", lambda status: status.level != DiagnosticStatus.OK
    )
    assert "no.mp4" in status.message
    assert process.popen.poll() is None
    os.kill(process.popen.pid, 0)


def test_the_calibration_of_a_camera_goes_with_its_pictures(probe, start, until, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    (tmp_path / "lens.yaml").write_text(
        "image_width: 64\nimage_height: 48\ndistortion_model: plumb_bob\n"
        "camera_matrix: {data: [60, 0, 32, 0, 60, 24, 0, 0, 1]}\n"
        "distortion_coefficients: {data: [0, 0, 0, 0, 0]}\n"
        "rectification_matrix: {data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}\n"
        "projection_matrix: {data: [60, 0, 32, 0, 0, 60, 24, 0, 0, 0, 1, 0]}\n"
    )
    pictures = probe.listen(Image, "camera/image_raw")
    lenses = probe.listen(CameraInfo, "camera/camera_info")
    start(
        "camera",
        camera__device=str(tmp_path / "a.png"),
        camera_info=str(tmp_path / "lens.yaml"),
        frame_id="head_optical",
    )

    def together():
        stamps = {(each.header.stamp.sec, each.header.stamp.nanosec) for each in pictures}
        return any(
            (each.header.stamp.sec, each.header.stamp.nanosec) in stamps
            and each.header.frame_id == "head_optical"
            and each.width == 64
            for each in lenses
        )

    until(together, "a picture and its calibration with one stamp")
