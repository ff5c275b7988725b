# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The base of nodes that publish what a source plugin delivers."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sensor_msgs.msg import Image
from std_msgs.msg import String

import emo_music_ros.msg as msg
from emo_music_ros import streams
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.options import option
from emo_music_ros.ros import signals
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.obedience import Obedience
from emo_music_ros.ros.qos import EVENT, FRAME_OUT, LATCHED, SIGNAL
from emo_music_ros.sensing.base import DeviceState, Source

IMAGE = "camera/image_raw"
#: Where the pictures come from, said when that changes.
IMAGE_SOURCE = "camera/source"
AUDIO = "microphone/audio"
UTTERANCE = "conversation/utterance"
#: Kinds of biosignals, each published on ``biosignals/<kind>``.
BIOSIGNALS = ("eeg", "ecg", "ppg", "eda", "respiration", "temperature", "acceleration")

_MODALITIES = {
    streams.ImageFrame: "face",
    streams.AudioBlock: "speech",
    streams.Utterance: "text",
}
_LEVELS = {
    DeviceState.STREAMING: "ok",
    DeviceState.FINISHED: "ok",
    DeviceState.CLOSED: "ok",
    DeviceState.OPENING: "warn",
    DeviceState.LOST: "error",
}


class SourceNode(CompanionNode):
    """Publishes samples of the given types from one source plugin.

    The device is open only while the person consents to being sensed. A node of one modality whose
    plugin has a `pace` obeys requests to deliver less often.
    """

    purposes = (SENSING,)
    publishes: ClassVar[tuple[type, ...]] = ()
    modality: ClassVar[str] = ""

    @dataclass(frozen=True)
    class Options:
        """Who is being sensed."""

        person_id: str = option("resident", "person the signals belong to")

    def activate(self) -> None:
        """Advertise the topics and start the source."""
        self._outputs: dict[str, Any] = {}
        if streams.ImageFrame in self.publishes:
            self._outputs[IMAGE_SOURCE] = self.advertise(String, IMAGE_SOURCE, LATCHED)
            self._outputs[IMAGE] = self.advertise(Image, IMAGE, FRAME_OUT)
            self._image_source = ""
        if streams.AudioBlock in self.publishes:
            self._outputs[AUDIO] = self.advertise(msg.AudioChunk, AUDIO, SIGNAL)
        if streams.BiosignalBlock in self.publishes:
            for kind in BIOSIGNALS:
                topic = f"biosignals/{kind}"
                self._outputs[topic] = self.advertise(msg.BiosignalChunk, topic, SIGNAL)
        if streams.Utterance in self.publishes:
            self._outputs[UTTERANCE] = self.advertise(msg.Utterance, UTTERANCE, EVENT)
        self._open = False
        pace = getattr(self.plugin, "pace", None) if self.modality else None
        self._obedience = Obedience(self, self.modality, pace) if pace is not None else None
        self.consent_changed()
        self.every(0.5, self._watch)

    def deactivate(self) -> None:
        """Stop the source."""
        self._open = False
        if self.plugin is not None:
            self.plugin.stop()

    def consent_changed(self) -> None:
        """Open the device, or close it."""
        source: Source | None = self.plugin
        if source is None or self.allows() == self._open:
            return
        self._open = self.allows()
        if self._open:
            source.start(self.deliver)
        else:
            source.stop()

    def deliver(self, sample: streams.Sample) -> None:
        """Publish one sample; called from the thread of the source."""
        if not self._open or not self.allows(_modality(sample)):
            return
        # Sources stamp with the clock of the system, topics with that of ROS.
        sample = replace(sample, time=self.now() - (time.time() - sample.time))
        if isinstance(sample, streams.ImageFrame):
            if IMAGE not in self._outputs:
                return
            self._say_source(sample.source)
            topic, message = IMAGE, signals.image_message(sample, self.options.frame_id)
        elif isinstance(sample, streams.AudioBlock):
            topic, message = AUDIO, signals.audio_message(sample)
        elif isinstance(sample, streams.BiosignalBlock):
            topic, message = f"biosignals/{sample.kind}", signals.biosignal_message(sample)
        elif isinstance(sample, streams.Utterance):
            topic, message = UTTERANCE, signals.utterance_message(sample)
            message.person_id = message.person_id or self.person_id
        else:
            return
        if topic in self._outputs:
            self._outputs[topic].publish(message)
            self.sent(topic, message)

    def sent(self, topic: str, message: Any) -> None:
        """Do what goes with a message that was just published."""

    def details(self) -> dict[str, Any]:
        """Return the counters of the source."""
        if self.plugin is None:
            return {}
        status = self.plugin.status()
        obedience = getattr(self, "_obedience", None)
        return {
            "device": status.detail,
            "device_state": status.state.value,
            "delivered": status.delivered,
            "lost_samples": status.dropped,
            **(obedience.details() if obedience is not None else {}),
        }

    def _say_source(self, source: str) -> None:
        if source != self._image_source:
            self._image_source = source
            self._outputs[IMAGE_SOURCE].publish(String(data=source))

    def _watch(self) -> None:
        if not self._open:
            self.health("ok", "closed")
            return
        status = self.plugin.status()
        self.health(_LEVELS[status.state], f"{status.state.value}: {status.detail}")


@dataclass(frozen=True)
class PictureOptions(SourceNode.Options):
    """Who is being sensed, and from where."""

    frame_id: str = option("camera", "frame of the camera, in the header of its pictures")


def _modality(sample: streams.Sample) -> str:
    """Return what a sample tells of a person, as consent is given by."""
    if isinstance(sample, streams.BiosignalBlock):
        return "eeg" if sample.kind == "eeg" else "physiology"
    return _MODALITIES.get(type(sample), SENSING)
