"""The base of the encoder nodes: samples in, encodings out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.qos import QoSProfile

import emo_music_ros.msg as msg
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.options import option
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.qos import EVENT
from emo_music_ros.streams import Sample


class EncoderNode(CompanionNode):
    """Feeds one encoder plugin and publishes ``encoding/<modality>``.

    Subclasses say in `inputs` which topics they take.
    """

    @dataclass(frozen=True)
    class Options:
        """Who is being observed."""

        person_id: str = option("resident", "person the signals belong to")

    def inputs(self) -> list[tuple[type, str, Callable[[Any], Sample | None], QoSProfile]]:
        """Return message type, topic, conversion and QoS of each input."""
        return []

    #: Blocks that may wait; images keep only the newest.
    slots = 200

    def activate(self) -> None:
        """Subscribe to the inputs; one worker keeps their order."""
        encoder: Encoder = self.plugin
        encoder.reset()
        self.encoded = 0
        self._malformed = 0
        publisher = self.advertise(msg.ModalityEncoding, f"encoding/{encoder.modality}", EVENT)
        name = self.get_parameter("plugin").value

        def encode(sample: Sample) -> None:
            for encoding in encoder.push(sample):
                publisher.publish(
                    convert.encoding_message(
                        encoding, name, str(encoder.version), self.options.person_id
                    )
                )
                self.encoded += 1

        inputs = self.inputs()
        topic = inputs[0][1]
        if len(inputs) > 1:  # one mailbox for all kinds
            topic = topic.rsplit("/", 1)[0] + "/*"
        worker = self.work(encode, self.slots, topic)

        def take(conversion: Callable[[Any], Sample | None]) -> Callable[[Any], None]:
            def callback(message: Any) -> None:
                sample = conversion(message)
                if sample is None:
                    self._malformed += 1
                else:
                    worker.put(sample)

            return callback

        for kind, topic, conversion, qos in inputs:
            self.listen(kind, topic, take(conversion), qos)

    def details(self) -> dict[str, Any]:
        """Return the counters."""
        return {"encoded": getattr(self, "encoded", 0), "malformed": getattr(self, "_malformed", 0)}
