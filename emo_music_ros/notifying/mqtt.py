# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notices by MQTT, found by Home Assistant by itself as a sensor that is on while somebody calls.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

from emo_music_ros.errors import InputError, PluginError
from emo_music_ros.notifying.base import OVER, Notice
from emo_music_ros.notifying.secrets import guard, secret
from emo_music_ros.options import option

PASSWORD = "EMO_MUSIC_MQTT_PASSWORD"


class Mqtt:
    """Sets a binary sensor; why it is on is in its attributes. Everything stays on the broker."""

    tells_end: ClassVar[bool] = True

    @dataclass(frozen=True)
    class Options:
        """Which broker, and what the sensor is called there."""

        host: str = option("", "broker")
        port: int = option(1883, "its port, with TLS usually 8883", low=1, high=65535)
        tls: bool = option(False, "encrypt the connection")
        user: str = option("", "name to sign in with; empty = without")
        password_file: str = option(
            "", f"file, mode 600, with the password; empty = the variable {PASSWORD}"
        )
        identity: str = option("emo_music", "name of the sensor on the broker: a-z, 0-9 and _")
        name: str = option("Music companion: call", "what people read in Home Assistant")
        prefix: str = option("homeassistant", "topic below which Home Assistant looks for sensors")
        timeout: float = option(10.0, "longest wait for the broker [s]", low=0.1, high=60.0)

    def __init__(self, options: Options) -> None:
        if not options.identity.isidentifier() or not options.identity.isascii():
            raise InputError("mqtt.identity cannot be", "Give letters, digits and _")
        self.options = options

    def messages(self, notice: Notice) -> list[tuple[str, str]]:
        """Return topics and what is left there: first what the sensor is, then how it is."""
        options = self.options
        sensor = f"{options.prefix}/binary_sensor/{options.identity}"
        about = {
            "name": options.name,
            "unique_id": options.identity,
            "device_class": "problem",
            "state_topic": f"{sensor}/state",
            "json_attributes_topic": f"{sensor}/attributes",
            "device": {"identifiers": [options.identity], "name": options.name},
        }
        told = {"id": notice.call, "what": notice.what, "text": notice.text}
        return [
            (f"{sensor}/config", json.dumps(about, ensure_ascii=False)),
            (f"{sensor}/attributes", json.dumps(told, ensure_ascii=False)),
            (f"{sensor}/state", "OFF" if notice.what == OVER else "ON"),
        ]

    def send(self, notice: Notice) -> None:
        """Publish a notice; see `Notifier`."""
        options = self.options
        if not options.host:
            raise InputError("no broker is named", "Give mqtt.host")
        try:
            from paho.mqtt import client as paho
        except ImportError:
            raise PluginError("paho-mqtt is not installed", "pip install paho-mqtt") from None
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if options.tls:
            client.tls_set()
        if options.user:
            password = secret(PASSWORD, options.password_file)
            if password:
                guard(options.host, options.tls, "Set mqtt.tls and the port of TLS")
            client.username_pw_set(options.user, password or None)
        answered = threading.Event()
        answers: list[Any] = []

        def connected(_: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
            answers.append(reason)
            answered.set()

        client.on_connect = connected
        client.connect_timeout = options.timeout
        try:
            client.connect(options.host, options.port)
            client.loop_start()
            if not answered.wait(options.timeout):
                raise TimeoutError
            if answers[0].is_failure:
                raise InputError(
                    f"{options.host} refuses us ({answers[0]})", "Correct mqtt.user and password"
                )
            for topic, payload in self.messages(notice):
                sent = client.publish(topic, payload, qos=1, retain=True)
                sent.wait_for_publish(options.timeout)
                if not sent.is_published():
                    raise TimeoutError
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(
                f"the broker {options.host} does not answer ({type(error).__name__})",
                "Start it, or correct mqtt.host and mqtt.port; it is tried again by itself",
            ) from None
        finally:
            client.disconnect()
            client.loop_stop()
