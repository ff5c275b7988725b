# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fusion asks on typed topics, and whoever obeys says so; nodes of this process."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header

import emo_music_ros.msg as msg
from emo_music_ros.fusion.sampling import Range, ranges
from emo_music_ros.fusion.timeline import STALE_AFTER, FusionOptions
from emo_music_ros.nodes.camera import CameraNode
from emo_music_ros.nodes.eeg_encoder import EegEncoderNode
from emo_music_ros.nodes.face_encoder import FaceEncoderNode
from emo_music_ros.nodes.fusion import FusionNode
from emo_music_ros.nodes.microphone import MicrophoneNode
from emo_music_ros.nodes.physiology_encoder import PhysiologyEncoderNode
from emo_music_ros.pacing import HOLD
from emo_music_ros.ros import conversions as convert
from emo_music_ros.streams import SamplingRequest

MAKERS = {
    "camera": (CameraNode, "face", 3.0, 15.0),
    "face_encoder": (FaceEncoderNode, "face", 3.0, 15.0),
    "physiology_encoder": (PhysiologyEncoderNode, "physiology", 1 / 6, 0.5),
    "eeg_encoder": (EegEncoderNode, "eeg", 1 / 3, 1.0),
}


#: Whatever is connected to this machine.
NO_CAMERA = {"camera.device": "/no/such/camera"}


def request(graph, modality, rate, age=0.0, **changes):
    values = {"floor": rate, "ceiling": rate, **changes}
    time = graph.probe.get_clock().now().nanoseconds * 1e-9 - age
    return convert.sampling_message(SamplingRequest(time, modality, rate, **values))


def worst(node):
    return node._health.worst(node.steady())


@pytest.mark.parametrize("name", MAKERS)
def test_a_request_is_obeyed_said_and_never_below_the_floor(graph, name):
    kind, modality, floor, own = MAKERS[name]
    node = graph.active(kind, **NO_CAMERA if kind is CameraNode else {})
    pace = node.plugin.pace
    assert node.details()["rate"] == pytest.approx(own)
    publisher = graph.probe.create_publisher(msg.SamplingRequest, f"sampling/{modality}", 20)
    graph.until(publisher.get_subscription_count)
    publisher.publish(request(graph, modality, 0.01))
    graph.until(lambda: node.details()["requests"])
    assert pace.rate == node.details()["rate"] == pytest.approx(floor)
    level, text = worst(node)
    assert level == "ok"
    assert "pace: asked to work at" in text
    publisher.publish(request(graph, modality, 1000.0))
    graph.until(lambda: node.details()["requests"] == 2)
    assert pace.rate == pytest.approx(own)
    assert "pace" not in worst(node)[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": math.nan}, "its rates are"),
        ({"rate": -2.0}, "its rates are"),
        ({"rate": 5.0, "floor": 6.0}, "is not from"),
        ({"rate": 5.0, "modality": "eeg"}, "it is for 'eeg'"),
        ({"rate": 5.0, "age": 3600.0}, "s old"),
        ({"rate": 5.0, "age": -60.0}, "in the future"),
    ],
)
def test_an_absurd_request_is_refused_counted_and_shown(graph, changes, said):
    node = graph.active(CameraNode, **NO_CAMERA)
    publisher = graph.probe.create_publisher(msg.SamplingRequest, "sampling/face", 20)
    graph.until(publisher.get_subscription_count)
    publisher.publish(request(graph, **{"modality": "face", **changes}))
    graph.until(lambda: node.details()["requests refused"])
    assert node.plugin.pace.rate == 15.0
    level, text = worst(node)
    assert level == "warn"
    assert said in text
    assert "Ask for face with" in text
    assert node.unused == {"sampling/face": 1}


def test_without_requests_a_source_goes_back_to_its_own_rate(graph, monkeypatch):
    node = graph.active(CameraNode, **NO_CAMERA)
    publisher = graph.probe.create_publisher(msg.SamplingRequest, "sampling/face", 20)
    graph.until(publisher.get_subscription_count)
    publisher.publish(request(graph, "face", 3.0))
    graph.until(lambda: node.plugin.pace.rate == 3.0)
    began = node.steady()
    monkeypatch.setattr(node, "steady", lambda: began + HOLD + 1.0)  # the fusion has died
    node._obedience._watch_requests()
    assert node.plugin.pace.rate == 15.0
    assert "pace" not in worst(node)[1]


def test_a_node_that_begins_again_is_bound_by_nothing_asked_before(graph):
    node = graph.active(FaceEncoderNode)
    node.plugin.pace.ask(3.0)
    node.trigger_deactivate()
    node.trigger_activate()
    assert node.plugin.pace.rate == 15.0


def test_who_has_no_pace_takes_no_requests(graph):
    node = graph.active(MicrophoneNode, plugin="none")
    assert "requests" not in node.details()
    node = graph.active(CameraNode, plugin="none")
    assert "requests" not in node.details()


def encoding(graph, labels, values):
    stamp = graph.probe.get_clock().now().to_msg()
    return msg.ModalityEncoding(
        header=Header(stamp=stamp),
        person_id="resident",
        modality="face",
        estimate=msg.EmotionEstimate(
            labels=labels, probabilities=np.array(values, np.float32), valence=0.1, arousal=0.1,
            dominance=math.nan, confidence=0.9, quality=1.0,
        ),
    )  # fmt: skip


def test_fusion_asks_for_the_ceiling_when_the_face_changes_and_for_the_floor_of_a_still_one(graph):
    # A window of a fifth of a second, so that nobody has to wait.
    node = graph.active(FusionNode, sampling="face=40-60", step=0.02)
    asked = graph.listen(msg.SamplingRequest, "sampling/face")
    publisher = graph.probe.create_publisher(msg.ModalityEncoding, "encoding/face", 20)
    graph.until(publisher.get_subscription_count)
    graph.until(lambda: asked)
    assert asked[0].modality == "face"
    assert (asked[0].floor, asked[0].ceiling) == (40.0, 60.0)

    def shows(values, rate):
        publisher.publish(encoding(graph, ["happy", "sad"], values))
        return asked[-1].rate == rate

    graph.until(lambda: shows([0.95, 0.05], 40.0))
    assert asked[-1].reason == "all is still"
    graph.until(lambda: shows([0.05, 0.95], 60.0))
    assert asked[-1].person_id == "resident"
    # On a busy machine the face may have changed unseen, between two steps.
    assert asked[-1].reason in ("what it says varies", "the state turned to depression")
    graph.until(lambda: shows([0.05, 0.95], 40.0))
    sent = convert.seconds(asked[-1].header.stamp)
    assert sent == pytest.approx(node.now(), abs=30)


@pytest.mark.parametrize("kind", [CameraNode, FaceEncoderNode])
def test_what_is_asked_for_by_default_is_what_can_be_done(graph, kind):
    pace = graph.active(kind, **NO_CAMERA if kind is CameraNode else {}).plugin.pace
    assert ranges(FusionOptions().sampling, STALE_AFTER) == {"face": Range(pace.floor, pace.own)}


def test_without_rates_nothing_is_asked_for(graph):
    node = graph.active(FusionNode, sampling="")
    published = node.get_publisher_names_and_types_by_node("fusion", "/")
    assert not [name for name, _ in published if name.startswith("/sampling")]


def test_rates_that_are_none_are_refused_before_anything_begins(graph):
    overrides = [Parameter("autostart", value=False), Parameter("sampling", value="smell=1-2")]
    node = FusionNode(context=graph.context, parameter_overrides=overrides)
    graph.nodes.append(node)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert "sampling 'smell=1-2' is refused" in worst(node)[1]


def test_somebody_without_consent_leads_to_no_request(graph):
    node = graph.active(FusionNode, sampling="face=3-15")
    message = encoding(graph, ["happy", "sad"], [0.9, 0.1])
    node.subject.consents.required = True
    node._on_encoding(message)
    assert not node._sampling._people
