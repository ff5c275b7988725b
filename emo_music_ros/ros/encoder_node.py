# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The base of the encoder nodes: samples in, encodings out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from rclpy.qos import QoSProfile

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.listening import Listener
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.obedience import Obedience
from emo_music_ros.ros.qos import EVENT
from emo_music_ros.streams import Encoding, Sample


class _Item(NamedTuple):
    """A sample in the mailbox, and which person and consent it came under."""

    era: int
    sample: Sample


#: Message -> plain data, None if there is nothing in it; raises InputError if it cannot be used.
Conversion = Callable[[Any], Sample | None]


class Input(NamedTuple):
    """A topic with the conversion of every message type it may carry, the usual one first."""

    topic: str
    takes: Mapping[type, Conversion]
    qos: QoSProfile


class EncoderNode(CompanionNode):
    """Feeds one encoder plugin and publishes ``encoding/<modality>``.

    Encoders work in steady time, so that setting a clock moves nothing in their windows.
    Subclasses say in `inputs` which topics they take. One whose plugin has a `pace` obeys requests
    to work less often.
    """

    purposes: ClassVar[tuple[str, ...]] = (SENSING,)

    @dataclass(frozen=True)
    class Options:
        """Who is being observed."""

        person_id: str = option("resident", "person the signals belong to")

    def inputs(self) -> list[Input]:
        """Return what this encoder takes."""
        return []

    def prepared(self, sample: Sample) -> Iterable[Sample]:
        """Return what the encoder gets of a sample; called by the worker."""
        return (sample,)

    #: Blocks that may wait; images keep only the newest.
    slots = 200

    def activate(self) -> None:
        """Subscribe to the inputs; one worker keeps their order."""
        encoder: Encoder = self.plugin
        encoder.reset()
        self.encoded = 0
        self._era = self._encoded_era = 0
        self._publisher = self.advertise(
            msg.ModalityEncoding, f"encoding/{encoder.modality}", EVENT
        )
        inputs = self.inputs()
        self._worker = self.work(self._encode, self.slots, self.mailbox(inputs))
        for entry in inputs:
            self.attach(entry)
        pace = getattr(encoder, "pace", None)
        self._obedience = Obedience(self, encoder.modality, pace) if pace is not None else None

    def mailbox(self, inputs: list[Input]) -> str:
        """Return what the one mailbox of all inputs is called where it is counted."""
        topic = inputs[0].topic
        return topic if len(inputs) == 1 else topic.rsplit("/", 1)[0] + "/*"

    def attach(self, entry: Input, *, lasting: bool = True) -> Listener:
        """Take what comes on a topic, from now on."""
        (kind, conversion), *others = entry.takes.items()
        return self.listen(
            kind,
            entry.topic,
            self._take(entry.topic, conversion),
            entry.qos,
            lasting=lasting,
            others={other: self._take(entry.topic, convert) for other, convert in others},
        )

    def _take(self, topic: str, conversion: Conversion) -> Callable[[Any], None]:
        def callback(message: Any) -> None:
            if self.purposes and not self.allows():
                return  # before anything is looked at
            try:
                sample = conversion(message)
            except InputError as error:
                self.unusable(topic, error)
                return
            self.usable(topic)
            if sample is None:
                return
            speaker = getattr(sample, "person_id", "")
            if self.purposes and not self.allows(person_id=speaker):
                return
            arrival = self.arrival(sample.time, getattr(sample, "duration", 0.0), topic)
            if not math.isnan(arrival):
                self._worker.put(_Item(self._era, replace(sample, time=arrival)))

        return callback

    def person_changed(self, before: str) -> None:
        """Begin anew: what was heard so far is of somebody else."""
        self._begin_anew()

    def consent_changed(self) -> None:
        """Drop what was heard before."""
        self._begin_anew()

    def person_forgotten(self, person_id: str) -> None:
        """Drop what was heard of the person."""
        if person_id == self.person_id:
            self._begin_anew()

    def details(self) -> dict[str, Any]:
        """Return the counters."""
        obedience = getattr(self, "_obedience", None)
        return {
            "encoded": getattr(self, "encoded", 0),
            "malformed": sum(self.unused.values()),
            **(obedience.details() if obedience is not None else {}),
        }

    def _begin_anew(self) -> None:
        # The encoder belongs to the worker, which sees the new era with its next item.
        self._era += 1

    def _encode(self, item: _Item) -> None:
        if item.era != self._era:
            return
        encoder: Encoder = self.plugin
        if item.era != self._encoded_era:
            encoder.reset()
            self._encoded_era = item.era
        person_id = getattr(item.sample, "person_id", "")
        prepared = self.prepared(item.sample)
        for encoding in (each for sample in prepared for each in encoder.push(sample)):
            if item.era != self._era:  # consent or person changed meanwhile
                return
            if self.purposes and not self.allows(person_id=person_id):
                return
            self._publisher.publish(self._message(encoding, person_id))
            self.encoded += 1

    def _message(self, encoding: Encoding, person_id: str) -> msg.ModalityEncoding:
        ahead = self.wall(0.0)
        return convert.encoding_message(
            replace(
                encoding,
                time=ahead + encoding.time,
                window_start=ahead + encoding.window_start,
            ),
            self.get_parameter("plugin").value,
            str(self.plugin.version),
            person_id or self.person_id,
        )
