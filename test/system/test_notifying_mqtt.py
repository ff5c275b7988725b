# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notices to a real MQTT broker on this machine, as Home Assistant finds them."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.notifying.base import CALL, OVER, Notice
from emo_music_ros.notifying.mqtt import PASSWORD, Mqtt

broker = pytest.importorskip("amqtt.broker", reason="amqtt is not installed: pip install amqtt")
paho = pytest.importorskip(
    "paho.mqtt.client", reason="paho-mqtt is not installed: pip install paho-mqtt"
)
TOPIC = "homeassistant/binary_sensor/emo_music"


@pytest.fixture
def port():
    """Run a broker; return its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    loop = asyncio.new_event_loop()
    configuration = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{number}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }

    async def start():
        made = broker.Broker(configuration)
        await made.start()
        return made

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    yield number
    asyncio.run_coroutine_threadsafe(running.shutdown(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def left(port):
    """Return what the broker keeps of the sensor, by the end of its topic."""
    found: dict[str, str] = {}
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(f"{TOPIC}/#", 1)
    client.on_message = lambda _, __, message: found.update(
        {message.topic.rpartition("/")[2]: message.payload.decode()}
    )
    client.connect("127.0.0.1", port)
    client.loop_start()
    end = time.monotonic() + 30
    while len(found) < 3:
        assert time.monotonic() < end, found
        time.sleep(0.02)
    client.disconnect()
    client.loop_stop()
    return found


def test_home_assistant_finds_a_sensor_that_is_on_until_somebody_looked_in(port):
    notifier = Mqtt(Mqtt.Options(host="127.0.0.1", port=port))
    notifier.send(Notice(7, CALL, "Please look in: Room 12.", 0.0))
    found = left(port)
    about = json.loads(found["config"])
    assert about["state_topic"] == f"{TOPIC}/state"
    assert about["unique_id"] == "emo_music"
    assert found["state"] == "ON"
    assert json.loads(found["attributes"]) == {
        "id": 7,
        "what": "call",
        "text": "Please look in: Room 12.",
    }
    notifier.send(Notice(7, OVER, "Somebody looked in.", 0.0))
    assert left(port)["state"] == "OFF"


def test_a_broker_that_is_away_is_told():
    notifier = Mqtt(Mqtt.Options(host="127.0.0.1", port=1, timeout=5.0))
    with pytest.raises(InputError, match="does not answer"):
        notifier.send(Notice(7, CALL, "x", 0.0))


def test_something_that_is_no_broker_is_told_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        notifier = Mqtt(Mqtt.Options(host="127.0.0.1", port=port, timeout=0.5))
        with pytest.raises(InputError, match="does not answer"):
            notifier.send(Notice(7, CALL, "x", 0.0))


def test_a_password_needs_encryption_beyond_this_machine(monkeypatch):
    monkeypatch.setenv(PASSWORD, "hunter2")
    notifier = Mqtt(Mqtt.Options(host="broker.invalid", user="robot"))
    with pytest.raises(InputError, match="in the clear") as refused:
        notifier.send(Notice(7, CALL, "x", 0.0))
    assert "hunter2" not in str(refused.value)
